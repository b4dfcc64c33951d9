"""A forecast in the borrower's words, as a page shows it."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from lending import formats
from lending.models import CollectionRoute
from xero_sync.entries import borrower_wording
from xero_sync.entries.fates import Fate
from xero_sync.entries.forecast import MOST_ROWS, Forecast, LoanForecast, Row

# The style sheet's class of each fate that is told; what we are to enter tells itself.
CLASSES = {
    Fate.UNDER_WAY: "way",
    Fate.STANDS: "good",
    Fate.ALREADY_IN_BOOKS: "good",
    Fate.BY_HAND: "good",
    Fate.LEFT_TO_BORROWER: "wait",
    Fate.UNDO_BY_HAND: "wait",
    Fate.NOT_SENDABLE: "wrong",
}


@dataclass(frozen=True)
class ShownRow:
    """One row: texts only; empty ones are not shown.

    `details` are lines, each a text and an amount, which may be empty.
    `tag` says what becomes of the event, if we are not to enter it, and `why` more.
    """

    kind: str
    day: str
    amount: str
    from_account: str
    to_account: str
    details: list[tuple[str, str]]
    tag: str
    tag_class: str
    why: str


@dataclass(frozen=True)
class Sum:
    """Where one account stands at the end; `role` says what it is for."""

    name: str
    role: str
    amount: str


@dataclass(frozen=True)
class ShownLoan:
    """One table with its sums; `cut` says how many rows are left out, if any.

    `lines` are those of the bank statement: day, amount and text of each.
    """

    title: str
    about: str
    cut: str
    rows: list[ShownRow]
    sums: list[Sum]
    lines: list[tuple[str, str, str]]


@dataclass(frozen=True)
class Shown:
    """All that a page shows of a forecast."""

    lead: str
    loans: list[ShownLoan]
    after: str


def shown(forecast: Forecast) -> Shown:
    """Return a forecast in the language that is active."""
    return Shown(
        lead=_lead(forecast),
        loans=[_loan(one, forecast) for one in forecast.loans],
        after=(
            _(
                "Each movement on the lender account also comes as a bank statement "
                "line, ready to reconcile."
            )
            if forecast.has_lines
            else _("No bank statement lines come: there is no bank feed.")
        ),
    )


def kind_of(row: Row) -> str:
    """Name what happens."""
    kind = str(borrower_wording.KINDS[row.kind])
    taken_back = str(borrower_wording.TAKEN_BACK)
    return taken_back % {"kind": kind} if row.is_reversal else kind


def money(amount: Decimal, currency: str) -> str:
    """Spell an amount with a real minus."""
    return formats.money(amount, currency)


def _lead(forecast: Forecast) -> str:
    if not forecast.is_example:
        if len(forecast.loans) == forecast.loans_in_all:
            return _("Your financing, entry by entry.")
        return _("Your latest financing: %(count)d of %(all)d.") % {
            "count": len(forecast.loans),
            "all": forecast.loans_in_all,
        }
    first = forecast.loans[0]
    return _(
        "An example: an invoice of %(invoice)s, of which we advance %(advance)s."
    ) % {
        "invoice": money(first.loan.invoice_amount, forecast.currency),
        "advance": money(first.rows[0].amount, forecast.currency),
    }


def _loan(one: LoanForecast, forecast: Forecast) -> ShownLoan:
    loan, currency = one.loan, forecast.currency
    if forecast.is_example:
        title, about = _route(loan.collection_route), ""
    else:
        title = _("Financing %(reference)s") % {"reference": loan.reference}
        about = _("Invoice %(number)s, %(customer)s, %(amount)s") % {
            "number": loan.invoice_number,
            "customer": loan.debtor_name,
            "amount": money(loan.invoice_amount, currency),
        }
    cut = ""
    if one.rows_in_all > len(one.rows):
        cut = _(
            "The latest %(count)d of %(all)d entries. The sums at the end are of all."
        ) % {"count": MOST_ROWS, "all": one.rows_in_all}
    return ShownLoan(
        title=title,
        about=about,
        cut=cut,
        rows=[_row(row, forecast) for row in one.rows],
        sums=_sums(one, forecast),
        lines=[
            (formats.day(line.on), money(line.amount, currency), line.text)
            for line in (row.line for row in one.rows)
            if line is not None
        ],
    )


def _route(route: str) -> str:
    if route == CollectionRoute.LENDER:
        return _("If your customer pays us")
    return _("If your customer pays you")


def _row(row: Row, forecast: Forecast) -> ShownRow:
    told = row.fate != Fate.COMES
    return ShownRow(
        kind=kind_of(row),
        day=formats.day(row.on),
        amount=money(row.amount, forecast.currency),
        from_account=str(row.from_account or ""),
        to_account=str(row.to_account or ""),
        details=list(_details(row, forecast.currency)),
        tag=str(row.fate.label) if told else "",
        tag_class=CLASSES.get(row.fate, "none") if told else "",
        why=_why(row.fate),
    )


def _why(fate: Fate) -> str:
    match fate:
        case Fate.LEFT_TO_BORROWER:
            return _("It arrives on your bank account, and you enter it.")
        case Fate.ALREADY_IN_BOOKS:
            return _("We do not enter it again.")
        case Fate.UNDO_BY_HAND:
            return _("In Xero, a payment is only removed by hand. We tell you how.")
        case Fate.REVERSED:
            return _("It was taken back before we entered it.")
        case Fate.LEFT_OUT:
            return _("We do not enter it.")
        case Fate.NOT_SENDABLE:
            return str(borrower_wording.WRITE_TO_US)
    return ""


def _details(row: Row, currency: str) -> Iterator[tuple[str, str]]:
    if row.expense_account is not None and row.net is not None:
        yield str(row.expense_account), money(row.net, currency)
    if row.tax:
        yield _("Tax"), money(row.tax, currency)
    if row.supplier:
        yield _("Supplier: %(name)s") % {"name": row.supplier}, ""
    if row.invoice:
        yield _("Invoice: %(number)s") % {"number": row.invoice}, ""


def _sums(one: LoanForecast, forecast: Forecast) -> list[Sum]:
    stands, currency = one.position, forecast.currency
    sums = [
        Sum(
            str(account),
            "" if account.name == "" else str(account.role.label),
            money(amount, currency),
        )
        for account, amount in (
            (forecast.lender_account, stands.lender_account),
            (forecast.nominated_account, stands.nominated_account),
            (forecast.expense_account, stands.fee_expense),
        )
    ]
    if stands.tax:
        sums.append(Sum(_("Tax on fees"), "", money(stands.tax, currency)))
    owed = _("Still owed on the invoice")
    return [*sums, Sum(owed, "", money(stands.receivable, currency))]
