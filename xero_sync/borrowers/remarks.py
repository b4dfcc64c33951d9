"""What a borrower should know besides, the most urgent first.

Each has at most one button, so that a page shows one of them with it. Xero's own codes
of a refused bank feed stand in its documentation of the Bank Feeds API; each gets a
plain sentence here, and the entries themselves go on meanwhile.
"""

from collections.abc import Iterator

from django.utils.translation import gettext as _

from lending.models import Company
from xero_sync.borrowers import account_matters
from xero_sync.borrowers.wording import Code, Words, code_of
from xero_sync.borrowers.wording import of as of_connection
from xero_sync.models import Connection, SyncRecord
from xero_sync.models.choices import FeedStatus, Reason, State, Step

NO_FEEDS = "invalid-organisation-bank-feeds"
NO_APP = "invalid-application"
NO_CURRENCY = "invalid-organisation-multi-currency"
NO_FEED = "invalid-feed-connection"
REJECTED = "lines_rejected"
FEED_CUT = "feed_disconnected"
# Refusals of Xero's that are known here.
CODES = (NO_FEEDS, NO_APP, NO_CURRENCY, NO_FEED)
IN_THEIR_BOOKS = "in_their_books"
# What waits for something that only the borrower can put right in Xero.
FOR_THEIR_BOOKS = (
    Reason.INVOICE_NOT_FOUND,
    Reason.INVOICE_AMBIGUOUS,
    Reason.INVOICE_DIFFERS,
    Reason.LOCKED_PERIOD,
    Reason.UNDO_BY_HAND,
)


def of_company(company: Company, connection: Connection | None) -> list[Words]:
    """Return what a borrower has to know, the most urgent first.

    What stops everything comes before what stops some entries, and what they can do
    before what we see to.
    """
    if connection is None or connection.deleted_at is not None:
        return []
    return [
        *_of_connection(company, connection),
        *(
            account_matters.words_of(one.choice)
            for one in account_matters.lost(company)
        ),
        *_of_awaited(company),
        *_of_entries(company),
        *_of_lines(company, connection),
    ]


def _of_connection(company: Company, connection: Connection) -> Iterator[Words]:
    """Say that nothing goes through, where entries wait for it."""
    addresses = {
        Code.ANOTHER_ORGANISATION: (_("Say which one it is"), "customer-organisation"),
        Code.WITHDRAWN: (_("Reconnect to Xero"), "customer-connect"),
        Code.UNLINKED: (_("Reconnect to Xero"), "customer-connect"),
    }
    code = code_of(connection)
    waiting = SyncRecord.objects.filter(company=company).unfinished()
    if code not in addresses or not waiting.exists():
        return
    said = of_connection(
        code,
        organisation=connection.organisation_name,
        before=connection.previous_organisation_name,
    )
    button, address = addresses[code]
    yield Words(code, said.title, said.sentences, button, address=address)


def _of_awaited(company: Company) -> Iterator[Words]:
    if account_matters.awaited(company):
        yield account_matters.words_of_awaited()


def _of_entries(company: Company) -> Iterator[Words]:
    held = SyncRecord.objects.filter(company=company, state=State.HELD)
    if held.filter(reason__in=FOR_THEIR_BOOKS).exists():
        yield Words(
            IN_THEIR_BOOKS,
            _("Some entries wait for something in your Xero"),
            (
                _("Each says what it waits for, and what you can do."),
                _("Nothing is lost: your other financings go on meanwhile."),
            ),
            _("See what waits"),
            address="customer-entries",
        )


def _of_lines(company: Company, connection: Connection) -> Iterator[Words]:
    lines = SyncRecord.objects.filter(company=company, step=Step.STATEMENT_LINE)
    if connection.feed_refusal in _texts():
        yield of(connection.feed_refusal)
    cut = connection.lender_accounts.filter(feed_status=FeedStatus.DISCONNECTED)
    waiting = lines.filter(state=State.HELD, reason=Reason.FEED_NOT_CONNECTED)
    if cut.exists() and waiting.exists():
        yield of(FEED_CUT)
    if lines.filter(state=State.FAILED).exists():
        yield of(REJECTED)


def of(code: str) -> Words:
    """Return the words for one of the codes above."""
    title, sentences = _texts()[code]
    if code == FEED_CUT:
        button = _("Connect the bank feed")
        return Words(code, title, sentences, button, address="customer-feed")
    return Words(code, title, sentences)


def _texts() -> dict[str, tuple[str, tuple[str, ...]]]:
    goes_on = _("The payments themselves are entered as usual.")
    by_hand = _("Please do not enter the lines by hand: they would stand there twice.")
    refused = (
        _("Statement lines do not reach your Xero"),
        (
            _(
                "Xero does not take bank statement lines from us for your organisation "
                "at the moment."
            ),
            goes_on,
            _("We clear this up with Xero. You do not need to do anything."),
        ),
    )
    cut_off = _("The bank feed in your Xero is disconnected")
    waits = _(
        "It was switched off in Xero, or Xero does not know it any more. Statement "
        "lines wait until it is set up again."
    )
    with_us = _("Please contact us: we set it up again together with you.")
    yours = _("Connect it again; then the lines follow by themselves, in order.")
    return {
        NO_FEEDS: refused,
        NO_APP: refused,
        NO_CURRENCY: (
            _("Your Xero does not take this currency"),
            (
                _(
                    "Xero takes no statement lines in the currency of your financing: "
                    "your organisation is not set up for several currencies."
                ),
                goes_on,
                _("Please contact us before you change anything in Xero."),
            ),
        ),
        NO_FEED: (cut_off, (waits, goes_on, with_us)),
        FEED_CUT: (cut_off, (waits, goes_on, yours)),
        REJECTED: (
            _("Some statement lines were not accepted"),
            (
                _(
                    "Xero did not accept some lines of the bank statement. We keep "
                    "them, clear up the cause and send them again, in order."
                ),
                goes_on,
                by_hand,
            ),
        ),
    }
