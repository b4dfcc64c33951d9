"""Lines of a bank-feed statement: checked in order, each with its running balance."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from xero_sync.sandbox import models
from xero_sync.sandbox.ledger import StatementLine
from xero_sync.sandbox.posting import Posting, money
from xero_sync.sandbox.shape import problems
from xero_sync.sandbox.state import Feed
from xero_sync.sandbox.wire import JsonObject, new_id, read_day

MOST_LINES = 1000
LONGEST_AGE = timedelta(days=365)
MONEY_IN = frozenset({"Credit", "Dep", "DirectDep", "Int", "Div"})
MONEY_OUT = frozenset(
    {"Debit", "Fee", "SerChg", "Check", "Payment", "Cash", "DirectDebit", "RepeatPmt"}
)


def post_statement(
    posting: Posting, feed: Feed | None, path_id: str, *, accept_repeats: bool
) -> tuple[str, str]:
    """Add lines to a statement; return the data type and one id for all of them.

    Codat's Xero bank-feed pages: the account is the source account and connected, the
    lines are oldest first, not in the future, not older than a year, at most 1000.
    What a repeated id does is not documented; here it fails the push unless told
    otherwise, in which case the line is added once more.

    Raises:
        Refused: Xero does not take it.
    """
    body = posting.body
    posting.errors += problems(models.bank_transactions(), body)
    if feed is None:
        posting.violations.append(f"{path_id} is not the id of a source account")
        posting.refuse("AccountId", "invalid-feed-connection: no such account.")
    elif feed.status != "connected":
        posting.refuse("AccountId", f"The source account is {feed.status}.")
    if body.get("accountId") != path_id:
        posting.refuse("AccountId", "AccountId must be the one of the path.")
    posting.verdict()
    assert feed is not None  # noqa: S101 - what the verdict has just made sure
    if len(body["transactions"]) > MOST_LINES:
        posting.refuse("Transactions", "At most 1000 transactions are allowed.")
    lines = [_line(posting, it) for it in body["transactions"]]
    _check_dates(posting, feed, lines)
    _check_balances(posting, feed, lines)
    if not accept_repeats:
        _check_ids(posting, feed, lines)
    posting.verdict()
    feed.lines += lines
    feed.statement_balance = lines[-1].balance
    feed.opens_anew = False
    return "bankTransactions", new_id()


def _line(posting: Posting, line: JsonObject) -> StatementLine:
    amount = money(line["amount"])
    kind = line["transactionType"]
    if (amount < 0 and kind in MONEY_IN) or (amount > 0 and kind in MONEY_OUT):
        posting.warn(line["id"], "The sign of the amount does not match its type.")
    return StatementLine(
        id=line["id"],
        date=read_day(line["date"]) or date.min,
        description=line["description"],
        amount=amount,
        balance=money(line["balance"]),
        transaction_type=kind,
        posted_at=posting.now,
        reference=line.get("reference"),
        counterparty=line.get("counterparty"),
        push_operation_key=posting.push_operation_key,
    )


def _check_dates(posting: Posting, feed: Feed, lines: list[StatementLine]) -> None:
    today = posting.now.date()
    previous = feed.lines[-1].date if feed.lines else date.min
    for position, line in enumerate(lines):
        if line.date > today:
            posting.refuse(line.id, "The date is in the future.")
        if line.date < today - LONGEST_AGE:
            posting.refuse(line.id, "The date is more than a year ago.")
        if line.date < previous:
            posting.violations.append(
                f"statement line {line.id} is dated before the previous one"
            )
            if position:
                posting.refuse(line.id, "Transactions must be oldest first.")
        previous = line.date


def _check_balances(posting: Posting, feed: Feed, lines: list[StatementLine]) -> None:
    balance: Decimal = feed.statement_balance
    if feed.opens_anew:
        balance = lines[0].balance - lines[0].amount
    for line in lines:
        balance += line.amount
        if line.balance != balance:
            posting.violations.append(
                f"statement balance {line.balance} of line {line.id} "
                f"is not the running balance {balance}"
            )
            posting.refuse(line.id, "invalid-end-balance: it is not a running one.")
            return


def _check_ids(posting: Posting, feed: Feed, lines: list[StatementLine]) -> None:
    known = {line.id for line in feed.lines}
    for line in lines:
        if line.id in known:
            posting.refuse(line.id, "duplicate-statement: this id exists already.")
        known.add(line.id)
