"""What the tests of bank feeds share: borrowers on their way to one."""

from uuid import UUID

from tests.builders import make_company
from tests.worlds import Borrower
from xero_sync.connections import adopting, switches
from xero_sync.models import XeroApp


def new_borrower(world, *, status="Linked", feeds=True, row=None, **options):
    """A company adopted from Codat, nothing chosen yet."""
    company = {
        name: options.pop(name) for name in ("currency", "country") if name in options
    }
    row = row or make_company(**company)
    remote = world.sandbox.add_company(row.reference)
    options.setdefault("base_currency", row.currency)
    linked = world.sandbox.add_connection(remote.id, status=status, **options)
    connection = adopting.import_codat_company(
        company=row,
        codat_company_id=UUID(remote.id),
        codat_connection_id=UUID(linked.id),
        client=world.client,
        now=world.clock.now,
    )
    if feeds:
        connection = switches.set_bank_feeds(
            connection=connection, on=True, now=world.clock.now, set_by="test"
        )
    return Borrower(world, row, connection)


def app_feeds(on):
    """The lender's own toggle of bank feeds."""
    app, _ = XeroApp.objects.get_or_create()
    app.bank_feeds_on = on
    app.bank_feeds_approved_on = "2026-01-15" if on else None
    app.save()


def calls(world, method, ending=""):
    """The calls of one method to the bank feeds' addresses."""
    return [
        one.path
        for one in world.sandbox.requests
        if one.method == method
        and "bankFeedAccounts" in one.path
        and one.path.endswith(ending)
    ]
