"""What tests look at: the books in the sandbox beside what we recorded."""

from collections import Counter
from decimal import Decimal

from lending.models import Loan
from lending.money import split_tax
from lending.positions import Position, loan_position
from tests.trail import entries
from tests.worlds import Borrower, World
from xero_sync.models import SyncRecord, WriteAttempt, WriteRequest
from xero_sync.models.choices import BOOKINGS, Step

PERFECT = {"written"}


def record_of(event, step=None):
    """The booking of an event, or its entry of another step."""
    records = SyncRecord.objects.filter(event=event)
    return records.get(step=step) if step else records.get(step__in=BOOKINGS)


def line_of(event):
    """The statement line of an event."""
    return record_of(event, Step.STATEMENT_LINE)


def state_of(event, step=None) -> str:
    """Where an event's booking stands: its state and its reason."""
    record = record_of(event, step)
    return f"{record.state} {record.reason}".strip()


def line_state(event) -> str:
    """Where an event's statement line stands."""
    return state_of(event, Step.STATEMENT_LINE)


def pushes(world: World, data_type: str) -> list:
    """The calls of one type that reached the sandbox."""
    return [
        one
        for one in world.sandbox.requests
        if one.method == "POST" and one.path.endswith(f"/push/{data_type}")
    ]


def line_pushes(world: World) -> list:
    """The pushes of statement lines that reached the sandbox."""
    return [
        one for one in world.sandbox.requests if one.path.endswith("/bankTransactions")
    ]


def ours(borrower: Borrower, kind: str = "") -> list:
    """The entries that we wrote into the borrower's books, in posting order."""
    return [
        entry
        for entry in borrower.books.entries
        if entry.push_operation_key and (not kind or entry.type == kind)
        if entry.type not in {"suppliers", "chartOfAccounts"}
    ]


def statement(borrower: Borrower) -> list:
    """The lines of the lender account's statement, in order."""
    return borrower.books.statement(borrower.lender_account.source_account_id)


def position_of(borrower: Borrower) -> Position:
    """The sum of the positions of all loans, with the tax of today's mapping."""
    percent, currency = borrower.mapping.tax_percent, borrower.company.currency
    found = [
        loan_position(
            loan=loan, fee_tax=lambda fee: split_tax(fee.amount, percent, currency)[1]
        )
        for loan in Loan.objects.filter(company=borrower.company)
    ]
    return Position(
        currency=currency,
        lender_account=sum((one.lender_account for one in found), Decimal(0)),
        nominated_account=sum((one.nominated_account for one in found), Decimal(0)),
        fee_expense=sum((one.fee_expense for one in found), Decimal(0)),
        tax=sum((one.tax for one in found), Decimal(0)),
        receivable=sum((one.receivable for one in found), Decimal(0)),
    )


def assert_books_follow(borrower: Borrower) -> None:
    """Each entry stands once and in order, and every account is at the position."""
    assert_balances(borrower)
    _assert_each_once_in_order(borrower)
    assert_statement(borrower)
    assert borrower.world.sandbox.violations == []


def assert_balances(borrower: Borrower) -> None:
    """L, N, E, T and AR in the books are where the loans' events put them."""
    position = position_of(borrower)
    assert {
        "L": borrower.balance("L"),
        "N": borrower.balance("N"),
        "E": borrower.balance("E"),
        "T": borrower.books.tax,
        "AR": borrower.books.accounts_receivable,
    } == {
        "L": position.lender_account,
        "N": position.nominated_account,
        "E": position.fee_expense,
        "T": position.tax,
        "AR": position.receivable,
    }


def _assert_each_once_in_order(borrower: Borrower) -> None:
    posted = [entry.record_id for entry in ours(borrower)]
    bookings = SyncRecord.objects.bookings().filter(
        company=borrower.company, state="written"
    )
    assert Counter(posted) == Counter(bookings.values_list("xero_record_id", flat=True))
    for loan in Loan.objects.filter(company=borrower.company):
        ids = bookings.filter(loan=loan).order_by("sequence")
        places = [posted.index(one.xero_record_id) for one in ids]
        assert places == sorted(places)


def assert_statement(borrower: Borrower) -> None:
    """The statement has a line for each movement on L, and ends at its balance."""
    lender_id = borrower.mapping.lender_target_account_id
    moved = [entry.effect_on(lender_id) for entry in borrower.books.entries]
    lines = statement(borrower)
    assert Counter(line.amount for line in lines) == Counter(filter(None, moved))
    assert borrower.statement_balance == borrower.balance("L")
    balance = Decimal(0)
    for line in lines:
        balance += line.amount
        assert line.balance == balance
    assert [line.date for line in lines] == sorted(line.date for line in lines)


def sent(event, step=None) -> list[WriteRequest]:
    """The requests that carried an event's booking, oldest first."""
    return list(record_of(event, step).requests.order_by("created_at"))


def outcomes(event, step=None) -> list[str]:
    """What each exchange for an event's booking told us, oldest first."""
    attempts = WriteAttempt.objects.filter(request__records=record_of(event, step))
    return list(attempts.order_by("pk").values_list("outcome", flat=True))


def timeline(event, step=None) -> list[tuple[str, str, str]]:
    """Each change of an event's booking as (state, reason, cause)."""
    changes = record_of(event, step).changes.order_by("pk")
    return [(one.to_state, one.reason, one.cause) for one in changes]


def acts_of(connection):
    """What was done about a connection, but for its making and its switches."""
    others = ("made", "bank_feeds", "accounts_chosen", "writeback")
    acts = entries("connection.", about=connection)
    return [one for one in acts if not one.verb.partition(".")[2].startswith(others)]
