"""Each page in both languages and widths: readable, reachable, within its policy."""

import pytest
from django.utils import timezone

from tests.browser.crawling import Look, addresses, look_at
from tests.browser.customers import DESK, PHONE
from tests.builders import make_event
from tests.marks import more
from tests.xero_sync.commands.worlds import record_drawdown
from xero_sync.connections import switches
from xero_sync.models import Connection
from xero_sync.runtime.clock import database_now

pytestmark = pytest.mark.django_db(transaction=True)


def never_connected(customer):
    """Nothing has happened yet."""


def waiting(customer):
    customer.connect_at_codat()


def connected(customer):
    customer.company = customer.codat.adopt().company


def chosen(customer):
    customer.company = customer.codat.ready().company


def with_a_loan_waiting(customer):
    chosen(customer)
    switches.switch_writeback(
        connection=customer.connection,
        on=False,
        switched_by="test",
        now=database_now(),
    )
    record_drawdown(customer.company)


def posting(customer):
    """Entries in Xero, on their way, waiting, refused and closed."""
    chosen(customer)
    loan = record_drawdown(customer.company)
    today = customer.company.today(timezone.now())
    for state, reason in (
        ("written", ""),
        ("pending", ""),
        ("held", "invoice_not_found"),
        ("failed", "refused_by_xero"),
        ("cancelled", "left_out"),
    ):
        event = make_event(loan=loan, amount="20", value_date=today, today=today)
        event.sync_records.update(state=state, reason=reason)


def disconnected(customer):
    chosen(customer)
    Connection.objects.update(status="Deauthorized")


def another_organisation(customer):
    chosen(customer)
    Connection.objects.update(
        organisation_changed=True,
        organisation_name="Bakery",
        previous_organisation_name="Harbour",
        checked_at=timezone.now(),
    )


OTHER_STATES = [
    never_connected,
    waiting,
    connected,
    chosen,
    disconnected,
    another_organisation,
]


@pytest.mark.parametrize(
    ("size", "language"),
    [(PHONE, "fr"), *more((DESK, "en"), (PHONE, "en"), (DESK, "fr"))],
    ids=["phone-fr", "desk-en", "phone-en", "desk-fr"],
)
@pytest.mark.parametrize(
    "state",
    [with_a_loan_waiting, posting, *more(*OTHER_STATES)],
    ids=lambda one: one.__name__,
)
def test_every_page_of_a_state(customer, state, size, language):
    state(customer)
    customer.sit_down(size=size, language=language, script=True, bypass_csp=True)
    customer.open_link()
    look = Look()

    for address in addresses(customer.page, f"{customer.site}/c/my/"):
        look_at(customer.page, address, look)
        name = "-".join(filter(None, address.split("/c/")[-1].split("/")))
        customer.see(f"{state.__name__}-{name}")

    assert look.found == {}
    assert "/c/my/connect/" in look.visited


def test_no_page_breaks_its_policy(customer):
    chosen(customer)
    customer.sit_down(script=True)
    said = []
    customer.page.on("console", lambda message: said.append(message.text))
    customer.open_link()

    visited = list(addresses(customer.page, f"{customer.site}/c/my/"))

    assert len(visited) > 3
    assert [one for one in said if "Content Security Policy" in one] == []
