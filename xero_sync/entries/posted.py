"""What was posted for a borrower, what waits and why, for their own page and file."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from django.core.paginator import Paginator
from django.db.models import (
    BooleanField,
    Count,
    ExpressionWrapper,
    Q,
    QuerySet,
    Sum,
)
from django.utils.translation import gettext as _

from lending import formats
from lending.models import Company, EventKind, Loan
from lending.money import split_tax
from xero_sync.entries import borrower_wording as wording
from xero_sync.entries.borrower_wording import Place
from xero_sync.entries.waiting import Wait, waits_of
from xero_sync.models import AccountMapping, SyncRecord
from xero_sync.models.choices import STANDING_STATES, State, Step
from xero_sync.models.state_sets import DISPENSABLE

PAGE_SIZE = 50
# So many are read at once for a file.
CHUNK = 500


class Filter(StrEnum):
    """Which entries are shown."""

    ALL = "all"
    POSTED = "posted"
    WAITING = "waiting"
    NEEDS_YOU = "needs-you"


@dataclass(frozen=True)
class Entry:
    """One entry in a borrower's words; the amount is that on the lender account.

    Minus is what they owe us. What never touches the lender account has the amount that
    the invoice is paid with.
    """

    on: date
    kind: str
    detail: str
    amount: Decimal
    currency: str
    loan: str
    invoice: str
    debtor: str
    reference: str
    place: Place
    state: str
    why: str
    to_do: str
    needs_you: bool
    # What it waits for, where only they can let it go on.
    theirs: str = ""

    @property
    def money(self) -> str:
        """The amount as people read it, with a real minus."""
        return formats.money(self.amount, self.currency)


@dataclass(frozen=True)
class Financing:
    """The entries of one loan on a page, and where the lender account will stand."""

    reference: str
    invoice: str
    invoice_amount: str
    entries: Sequence[Entry]
    balance: str


@dataclass(frozen=True)
class Counts:
    """How many entries each filter shows."""

    all: int
    posted: int
    waiting: int
    needs_you: int

    def of(self, which: Filter) -> int:
        """Return the number for one filter."""
        return int(getattr(self, which.name.lower()))


@dataclass(frozen=True)
class Page:
    """One page of entries, newest financing first."""

    financings: Sequence[Financing]
    counts: Counts
    number: int
    pages: int

    @property
    def entries(self) -> list[Entry]:
        """All entries of the page, in their order."""
        return [entry for one in self.financings for entry in one.entries]


# Without the lines that nobody misses.
_NOT_IN_XERO = ~Q(state__in=(*STANDING_STATES, State.CANCELLED)) & ~DISPENSABLE.q()
_FILTERS = {
    Filter.ALL: Q(),
    Filter.POSTED: Q(state__in=STANDING_STATES),
    Filter.WAITING: _NOT_IN_XERO,
    Filter.NEEDS_YOU: wording.THEIRS.q(),
}


def page_of(
    company: Company,
    *,
    show: Filter = Filter.ALL,
    loan: str = "",
    number: int = 1,
    size: int = PAGE_SIZE,
) -> Page:
    """Return one page of a company's entries; a page beyond the last is the last.

    `loan` is the reference of one of the company's loans; another's shows nothing.
    """
    found = _found(company, show, loan)
    pages = Paginator(found, size)
    page = pages.get_page(number)
    return Page(
        financings=_by_loan(company, list(page.object_list)),
        counts=counts_of(company, loan=loan),
        number=page.number,
        pages=pages.num_pages,
    )


def counts_of(company: Company, *, loan: str = "") -> Counts:
    """Return how many entries of a company each filter shows."""
    counted = _of(company, loan).aggregate(
        **{
            which.name.lower(): Count("pk", filter=condition or None)
            for which, condition in _FILTERS.items()
        }
    )
    return Counts(**counted)


def entries_of(
    company: Company, *, show: Filter = Filter.ALL, loan: str = ""
) -> Iterator[Entry]:
    """Give all of a company's entries, a few hundred read at a time."""
    mapping = _latest_mapping(company)
    keys = list(_found(company, show, loan).values_list("pk", flat=True))
    for start in range(0, len(keys), CHUNK):
        rows = _loaded(_of(company)).in_bulk(keys[start : start + CHUNK])
        records = [rows[key] for key in keys[start : start + CHUNK] if key in rows]
        yield from _in_words(company, records, mapping)


def _of(company: Company, loan: str = "") -> QuerySet[SyncRecord]:
    found = SyncRecord.objects.filter(company=company)
    return found.filter(loan__reference=loan) if loan else found


def _found(company: Company, show: Filter, loan: str) -> QuerySet[SyncRecord]:
    found = _loaded(_of(company, loan)).filter(_FILTERS[show])
    # The booking comes before the line that belongs to it.
    is_line = ExpressionWrapper(Q(step=Step.STATEMENT_LINE), BooleanField())
    return found.order_by("-loan_id", "-sequence", is_line)


def _loaded(found: QuerySet[SyncRecord]) -> QuerySet[SyncRecord]:
    return found.select_related("event", "loan", "request__mapping")


def _latest_mapping(company: Company) -> AccountMapping | None:
    chosen = AccountMapping.objects.filter(connection__company=company)
    return chosen.order_by("created_at", "version").last()


def _by_loan(company: Company, records: list[SyncRecord]) -> list[Financing]:
    loans: dict[Loan, list[Entry]] = {}
    entries = _in_words(company, records, _latest_mapping(company))
    for record, entry in zip(records, entries, strict=True):
        loans.setdefault(record.loan, []).append(entry)
    balances = _balances(loans)
    currency = company.currency
    return [
        Financing(
            reference=loan.reference,
            invoice=loan.invoice_number,
            invoice_amount=formats.money(loan.invoice_amount, currency),
            entries=found,
            balance=formats.money(balances[loan.pk], currency),
        )
        for loan, found in loans.items()
    ]


def _balances(loans: dict[Loan, list[Entry]]) -> dict[int, Decimal]:
    """Return where each loan's lender account stands once all is in Xero that goes."""
    booked = SyncRecord.objects.bookings().filter(loan__in=loans)
    sums = booked.exclude(state=State.CANCELLED).values("loan").order_by()
    found = dict(sums.annotate(total=Sum("lender_effect")).values_list("loan", "total"))
    return {loan.pk: found.get(loan.pk) or Decimal(0) for loan in loans}


def _in_words(
    company: Company, records: Sequence[SyncRecord], mapping: AccountMapping | None
) -> list[Entry]:
    waits = waits_of(records)
    return [
        _entry(company, one, mapping, waits[one.pk][0] if one.pk in waits else None)
        for one in records
    ]


def _entry(
    company: Company,
    record: SyncRecord,
    mapping: AccountMapping | None,
    wait: Wait | None,
) -> Entry:
    event, loan = record.event, record.loan
    is_line = record.step == Step.STATEMENT_LINE
    place = wording.place_of(record.state, record.reason)
    told = wording.why(
        record.state, record.reason, wait=wait or "", is_alarmed=record.is_alarmed
    )
    kind = str(wording.KINDS[event.kind])
    needs_you = wording.THEIRS.include(record.state, record.reason)
    if event.is_reversal:
        kind = str(wording.TAKEN_BACK) % {"kind": kind}
    sent = record.request.mapping if record.request else None
    return Entry(
        on=record.value_date,
        kind=str(wording.LINE) if is_line else kind,
        detail=kind if is_line else _detail(record, sent or mapping, company.currency),
        amount=record.lender_effect
        or (-event.amount if event.is_reversal else event.amount),
        currency=company.currency,
        loan=loan.reference,
        invoice=loan.invoice_number,
        debtor=loan.debtor_name,
        reference=f"{loan.reference}/{record.sequence}{'b' if is_line else ''}",
        place=place,
        state=str(wording.PLACES[place]),
        why=str(told.why),
        to_do=str(told.to_do),
        needs_you=needs_you,
        theirs=record.reason if needs_you else "",
    )


def _detail(record: SyncRecord, mapping: AccountMapping | None, currency: str) -> str:
    """Say in a few words what tells an entry of this kind apart."""
    event, loan = record.event, record.loan
    if event.kind == EventKind.INVOICE_PAYMENT:
        return ", ".join(filter(None, (loan.debtor_name, loan.invoice_number)))
    if mapping is None:
        return ""
    if event.kind != EventKind.FEE:
        outward = record.lender_effect < 0
        words = _("to %(account)s") if outward else _("from %(account)s")
        name = mapping.nominated_account_name
        return words % {"account": name} if name else ""
    net, tax = split_tax(event.amount, mapping.tax_percent, currency)
    if not tax:
        return ""
    return _("%(net)s and %(tax)s tax") % {
        "net": formats.money(net, currency),
        "tax": formats.money(tax, currency),
    }
