"""What happens outside of Codat: the borrower, the organisation, the books by hand."""

from __future__ import annotations

from xero_sync.sandbox import companies, connections
from xero_sync.sandbox.books import Books
from xero_sync.sandbox.charts import new_organisation
from xero_sync.sandbox.organisation import Organisation
from xero_sync.sandbox.readable import SYNC_ORDER
from xero_sync.sandbox.refreshes import take_snapshot
from xero_sync.sandbox.seeding_books import BookSeeding
from xero_sync.sandbox.source_accounts import disconnect
from xero_sync.sandbox.state import Company, Connection

DEMO_PLAN = "Demo"


class Seeding(BookSeeding):
    """The part of the stand-in which is not the API: to arrange and to look."""

    def add_company(
        self,
        name: str,
        *,
        company_id: str | None = None,
        description: str = "",
        tags: dict[str, str] | None = None,
    ) -> Company:
        """Add a company."""
        with self._lock:
            return companies.create(
                self._world,
                name,
                company_id=company_id,
                description=description,
                tags=tags,
            )

    def add_connection(
        self,
        company_id: str,
        *,
        connection_id: str | None = None,
        status: str = "Linked",
        organisation: str | None = None,
        base_currency: str = "GBP",
        country: str = "GB",
        bank_feeds: bool = True,
        plan_type: str | None = "Business",
        multicurrency: bool = True,
    ) -> Connection:
        """Add a connection with an organisation behind it.

        An organisation of that name which exists already is shared. One that is linked
        is read once, before the next call or tick is dealt with.
        """
        with self._lock:
            world = self._world
            connection = connections.open_connection(
                world, company_id, id_=connection_id
            )
            name = organisation or world.companies[company_id].name
            tenant = connections.find_organisation(world, name) or new_organisation(
                name,
                now=world.now,
                base_currency=base_currency,
                country=country,
                bank_feeds=bank_feeds,
                plan_type=plan_type,
                multicurrency=multicurrency,
            )
            world.organisations[tenant.id] = tenant
            connection.offered_id = tenant.id
            if status != "PendingAuth":
                connection.organisation_id = tenant.id
            connections.change_status(world, connection, status)
            return connection

    def set_connection_status(self, connection_id: str, status: str) -> None:
        """Move a connection to another state, with the webhook that goes with it."""
        with self._lock:
            if status not in connections.STATUSES:
                raise ValueError(f"no such status: {status}")
            connection = self._world.connections[connection_id]
            connections.change_status(self._world, connection, status)

    def consent(
        self,
        connection_id: str,
        *,
        organisation: str | None = None,
        same_organisation: bool = True,
        outcome: int = 200,
    ) -> int:
        """The borrower finishes the link page; return the status code of the redirect.

        Args:
            organisation: the name or id of another organisation to connect.
            same_organisation: false to connect another one than before.
            outcome: 200, 201 nothing done, 403 cancelled, 500, 501 unsupported.
        """
        with self._lock:
            world = self._world
            connection = world.connections[connection_id]
            if outcome == 403:  # noqa: PLR2004
                connections.fail_consent(world, connection, 403, "User cancelled")
            elif outcome not in {200, 201}:
                connections.fail_consent(world, connection, outcome, "Linking failed")
            if outcome != 200:  # noqa: PLR2004
                return outcome
            tenant = self._chosen(connection, organisation, same=same_organisation)
            if not self._has_a_place(tenant):
                connections.fail_consent(
                    world, connection, 403, "The app has reached its connection limit."
                )
                return 403
            connections.link(world, connection, tenant)
            return 200

    def _has_a_place(self, tenant: Organisation) -> bool:
        """Whether the app may reach one more; Xero's demo company takes no place."""
        world = self._world
        cap = world.settings.connection_cap
        if cap is None or tenant.plan_type == DEMO_PLAN:
            return True
        demo = {
            it.id for it in world.organisations.values() if it.plan_type == DEMO_PLAN
        }
        linked = [it for it in world.connections.values() if it.status == "Linked"]
        return sum(it.organisation_id not in demo for it in linked) < cap

    def _chosen(
        self, connection: Connection, name: str | None, *, same: bool
    ) -> Organisation:
        world = self._world
        if name is None and same:
            return connections.organisation_for(world, connection)
        if name is None:
            name = f"{world.companies[connection.company_id].name} Holdings"
        return connections.find_organisation(world, name) or new_organisation(
            name, now=world.now
        )

    def disconnect_feed(self, connection_id: str, source_account_id: str) -> None:
        """The borrower cuts the bank feed."""
        with self._lock:
            connection = self._world.connections[connection_id]
            feed = connection.feeds[source_account_id]
            disconnect(self._world, connection, feed)

    def sync(self, connection_id: str, *data_types: str) -> None:
        """Bring the cache up to date at once, without a call or a webhook."""
        with self._lock:
            connection = self._world.connections[connection_id]
            for data_type in data_types or SYNC_ORDER:
                take_snapshot(self._world, connection, data_type)

    def books(self, connection_id: str, organisation: str | None = None) -> Books:
        """The books behind a connection, or those of another organisation."""
        with self._lock:
            self._world.settle()
            connection = self._world.connections[connection_id]
            tenant = self._organisation(connection_id)
            if organisation is not None:
                named = connections.find_organisation(self._world, organisation)
                tenant = named or tenant
            return Books(tenant, connection)
