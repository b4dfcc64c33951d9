"""From the mail to "on", by what is on the screen; then the ledger is compared."""

import re
from decimal import Decimal

import pytest
from django.utils import timezone

from tests.browser.customers import PHONE
from tests.builders import make_event, make_loan
from xero_sync import jobs
from xero_sync.connections import switches
from xero_sync.models import AccountSetup, SyncRecord

pytestmark = pytest.mark.django_db(transaction=True)

MOST_CLICKS = 14
GO_ON = "main form button[type=submit]"


def work(codat, until, rounds=40):
    """Let the engine work until something is so."""
    for _ in range(rounds):
        codat.sandbox.tick()
        jobs.run_slice(seconds=1)
        if until():
            return
    stand = SyncRecord.objects.values_list("event__kind", "step", "state", "reason")
    raise AssertionError(f"the engine does not come to an end: {list(stand)}")


def test_a_borrower_on_a_phone_comes_from_the_link_to_on(customer, settings):
    settings.LENDER_ACCOUNT_NUMBER, settings.LENDER_SORT_CODE = "12345678", "123456"
    switches.set_bank_feeds(
        connection=customer.connect_at_codat(),
        on=True,
        now=timezone.now(),
        set_by="test",
    )
    customer.sit_down(size=PHONE, language="fr")
    page = customer.page
    customer.open_link()
    customer.press("main a.button")
    customer.press("#agree")
    customer.press(GO_ON)
    page.click("button")
    page.wait_for_load_state()
    customer.press("main a.button")

    questions = 0
    while "/accounts/check/" not in page.url:
        assert re.search(r"/accounts/\w+/$", page.url), page.url
        assert page.locator("main input[type=radio]:checked").count() == 1, page.url
        customer.press(GO_ON)
        questions += 1
        assert questions <= 6
    customer.press(GO_ON)
    assert "/accounts/progress" in page.url

    work(customer.codat, lambda: AccountSetup.objects.get().state != "running")
    assert AccountSetup.objects.get().state == "done"
    page.reload()
    assert "/c/my/preview/" in page.url
    amounts = page.locator("table.stack tbody td.num:last-child")
    foreseen = amounts.all_inner_texts()
    customer.press("main a.button")
    customer.press(GO_ON)

    assert customer.connection.writeback_on
    assert customer.clicks <= MOST_CLICKS
    assert foreseen
    stands_as_foreseen(customer, foreseen)


def stands_as_foreseen(customer, foreseen):
    """Play the example of the preview; compare what stands in the sandbox's books."""
    codat, company = customer.codat, customer.company
    today = company.today(timezone.now())
    loan = make_loan(company=company, invoice_amount=Decimal(1000), agreed_on=today)
    codat.sandbox.add_invoice(
        str(customer.connection.codat_connection_id),
        number=loan.invoice_number,
        total=loan.invoice_amount,
        customer=loan.debtor_name,
        currency=company.currency,
        issue_date=today,
        due_date=today,
    )
    for kind, amount in (
        ("drawdown", "800"),
        ("invoice_payment", "1000"),
        ("fee", "50"),
        ("residual_release", "150"),
    ):
        make_event(loan=loan, kind=kind, amount=amount, value_date=today, today=today)

    bookings = SyncRecord.objects.exclude(step="statement_line")
    work(codat, lambda: not bookings.exclude(state="written").exists())

    assert bookings.count() == 4
    books = codat.sandbox.books(str(customer.connection.codat_connection_id))
    mapping = customer.connection.mappings.get()
    assert books.balance(mapping.lender_target_account_id) == 0
    assert books.balance(mapping.nominated_account_id) == 950
    assert books.balance(mapping.expense_account_id) == 50
    # The example shows both ways in which the invoice may be paid.
    assert {re.sub(r"\D", "", one) for one in foreseen} == {
        "80000", "100000", "5000", "15000", "85000"
    }  # fmt: skip
