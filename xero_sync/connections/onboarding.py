"""A borrower's company and connection made at Codat, each once.

A company is found again by its tag, its connection by being its only one to Xero; so
whatever was interrupted is gone on with.
"""

from datetime import datetime
from uuid import NAMESPACE_URL, UUID, uuid5

from django.conf import settings
from django.utils.translation import gettext as _

from lending.models import Company
from xero_sync.accounts import lender_accounts
from xero_sync.codat.client import CodatClient
from xero_sync.codat.companies import Company as RemoteCompany
from xero_sync.codat.exceptions import (
    AlreadyUnderWay,
    CodatRejected,
    ConnectionNotLinked,
)
from xero_sync.connections import adopting, switches
from xero_sync.connections import status as connection_status
from xero_sync.models import Connection
from xero_sync.models.choices import ConnectionStatus
from xero_sync.runtime import leases
from xero_sync.xero_app import cap

# The tag that carries our reference of a company; it comes back in every webhook.
TAG = "uid"


def connect_company(
    *,
    company: Company,
    client: CodatClient,
    now: datetime,
    demo_marked_by: str = "",
) -> Connection:
    """Create a company and its Xero connection at Codat, for the borrower to authorise.

    What exists already is taken as it is: the live connection, or what an earlier call
    made at Codat before it was interrupted. `demo_marked_by` names who says that it is
    for a demo company of Xero's, which takes no place of Xero's limit.

    Raises:
        ConnectionCapReached: Xero's limit is reached; Codat was not asked.
        IntegrationOff: connecting is switched off; Codat was not asked.
        ConnectionNotLinked: Codat has several companies of this reference, or several
            Xero connections of the company; adopt one of them.
        AlreadyUnderWay: somebody else is creating it at this moment.
        CodatError: Codat did not answer, or refused.
    """
    with leases.alone(act="connecting", on=company.pk) as lease:
        if lease is None:
            raise AlreadyUnderWay
        live = company.connections.live().first()
        if live is not None:
            return _marked(live, demo_marked_by, now)
        cap.require_integration()
        if not demo_marked_by:
            cap.require_place()
        remote = _company(company, client)
        _ensure_connection(remote, company, client)
        made = adopting.import_codat_company(
            company=company,
            codat_company_id=UUID(remote.id),
            codat_connection_id=None,
            client=client,
            now=now,
        )
        return _marked(made, demo_marked_by, now)


def _marked(connection: Connection, by: str, now: datetime) -> Connection:
    if not by:
        return connection
    return switches.mark_demo(
        connection=connection, is_demo=True, marked_by=by, now=now
    )


def link_url(*, connection: Connection, client: CodatClient) -> str | None:
    """Return where the borrower gives their consent; None if they need not, or cannot.

    The address may work once only, so it is asked for whenever it is needed. Where bank
    feeds are on, the source account is made first, and there is no link without it.

    Raises:
        WritebackBlocked: our own account's numbers are malformed, or somebody else is
            making the source account at this moment.
        ConnectionCapReached: it never was linked, and Xero's limit is reached.
        IntegrationOff: connecting is switched off.
        CodatError: Codat did not answer, or refused.
    """
    if connection.status in {ConnectionStatus.LINKED, ConnectionStatus.DELETED}:
        return None
    prepare_link(connection=connection, client=client)
    remote = client.get_connection(
        connection.codat_company_id, connection.codat_connection_id
    )
    return remote.link_url or None


def prepare_link(*, connection: Connection, client: CodatClient) -> None:
    """Make sure that a link can be given, before a linked connection is cut for it.

    Raises:
        As `link_url`.
    """
    cap.require_integration()
    cap.require_place(connection=connection)
    lender_accounts.ensure_source(connection=connection, client=client)


def _company(company: Company, client: CodatClient) -> RemoteCompany:
    found = _known_before(company, client) or _tagged(company, client)
    # A legal name can be a person's; Codat's users see our reference only.
    return found or client.create_company(
        company.reference,
        description=company.reference,
        tags={TAG: company.reference},
        idempotency_key=_key(company, "company"),
    )


def _known_before(company: Company, client: CodatClient) -> RemoteCompany | None:
    """Return the company behind a connection that was deleted."""
    earlier = company.connections.order_by("created_at").last()
    if earlier is None:
        return None
    try:
        return client.get_company(earlier.codat_company_id)
    except CodatRejected as exc:
        if exc.status_code != connection_status.GONE:
            raise
        return None


def _tagged(company: Company, client: CodatClient) -> RemoteCompany | None:
    listed = client.list_companies(tags=f"{TAG}={company.reference}")
    found = [one for one in listed if one.tags.get(TAG) == company.reference]
    if len(found) > 1:
        raise ConnectionNotLinked(
            _("Codat has %(count)d companies tagged %(reference)s; adopt one of them.")
            % {"count": len(found), "reference": company.reference},
            field="codat_company_id",
        )
    return found[0] if found else None


def _ensure_connection(
    remote: RemoteCompany, company: Company, client: CodatClient
) -> None:
    listed = client.list_connections(remote.id)
    if not any(one.platform_key == adopting.XERO for one in listed):
        client.create_connection(
            remote.id, idempotency_key=_key(company, f"connection of {remote.id}")
        )


def _key(company: Company, what: str) -> UUID:
    """Return the key of a call, the same until one of its connections is deleted."""
    deleted = company.connections.count()
    name = f"{settings.PUBLIC_BASE_URL}/companies/{company.reference}/{deleted}/{what}"
    return uuid5(NAMESPACE_URL, name)
