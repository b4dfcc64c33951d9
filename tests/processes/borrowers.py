"""What needs Django: arrange the borrowers, wait for the end, judge the books.

Run as a process of its own in a run's environment; the answer goes to the file $OUT.
"""

import argparse
import json
import os
import time
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.processes.settings")
django.setup()

from django.conf import settings  # noqa: E402
from django.db import (  # noqa: E402
    DatabaseError,
    OperationalError,
    close_old_connections,
)
from django.db.models import F  # noqa: E402
from django_q.tasks import async_task  # noqa: E402

from backoffice.demo.sandbox import Sandbox  # noqa: E402
from lending import services  # noqa: E402
from lending.models import Company, Loan, LoanEvent  # noqa: E402
from lending.positions import company_position  # noqa: E402
from xero_sync.accounts import choice, options  # noqa: E402
from xero_sync.accounts.driving import drive, once_read  # noqa: E402
from xero_sync.codat.client import CodatClient  # noqa: E402
from xero_sync.connections import adopting, switches  # noqa: E402
from xero_sync.models import (  # noqa: E402
    Connection,
    Heartbeat,
    RateScope,
    SyncRecord,
    WebhookMessage,
)
from xero_sync.models.choices import STANDING_STATES, State, Step  # noqa: E402
from xero_sync.runtime import task_queue  # noqa: E402
from xero_sync.runtime.clock import database_now  # noqa: E402
from xero_sync.writeback import stray_decisions, stray_marks  # noqa: E402

SANDBOX = Sandbox(settings.CODAT_BASE_URL)
INVOICE_AMOUNT = Decimal(1_000)
THINK_SECONDS = 0.005


# --- before ---------------------------------------------------------------------------


def prepare(companies: int, loans: int) -> list[list[str]]:
    """Take the borrowers on; return the references of their loans."""
    with CodatClient.from_settings() as client:
        return [_borrower(number, loans, client) for number in range(companies)]


def _borrower(number: int, loans: int, client: CodatClient) -> list[str]:
    company = services.create_company(
        reference=f"c{number}",
        legal_name=f"Borrower {number} Ltd",
        currency="GBP",
        country="GB",
        contact_email="accounts@example.com",
    )
    remote = SANDBOX.arrange("companies", name=company.legal_name)
    linked = SANDBOX.arrange("connections", companyId=remote["id"])
    connection = adopting.import_codat_company(
        company=company,
        codat_company_id=remote["id"],
        codat_connection_id=linked["id"],
        client=client,
        now=database_now(),
    )
    switches.set_bank_feeds(
        connection=connection, on=True, now=database_now(), set_by="test"
    )
    _choose_accounts(connection, client)
    switches.switch_writeback(
        connection=connection, on=True, switched_by="test", now=database_now()
    )
    return [_agree(connection, f"c{number}-l{one}").reference for one in range(loans)]


def _choose_accounts(connection: Connection, client: CodatClient) -> None:
    offered = once_read(lambda: options.choices(connection=connection, client=client))
    expense = next(one for one in offered.expense_accounts if one.name == "Bank Fees")
    begun = once_read(
        lambda: choice.begin(
            connection=connection,
            choice=choice.Choice(
                lender_account=choice.NewLenderAccount("12345678", "123456"),
                nominated_account_id=offered.bank_accounts[0].id,
                expense_account=expense.id,
            ),
            by="test",
            now=database_now(),
            client=client,
        )
    )
    drive(begun, client=client, wait=lambda _: time.sleep(0.1))


def _agree(connection: Connection, reference: str) -> Loan:
    agreed_on = connection.company.today(database_now()) - timedelta(days=10)
    loan = services.create_loan(
        company=connection.company,
        reference=reference,
        agreed_on=agreed_on,
        invoice_number=f"INV-{reference}",
        invoice_amount=INVOICE_AMOUNT,
        debtor_name="Northgate Builders",
    )
    SANDBOX.arrange(
        "invoices",
        connectionId=str(connection.codat_connection_id),
        number=loan.invoice_number,
        total=str(INVOICE_AMOUNT),
        customer=loan.debtor_name,
        issueDate=agreed_on.isoformat(),
        dueDate=(agreed_on + timedelta(days=60)).isoformat(),
    )
    return loan


# --- after ----------------------------------------------------------------------------


def settle(seconds: int) -> dict[str, Any]:
    """Wait until nothing is open; tell how long it took and what still is."""
    began = time.monotonic()
    open_: list[str] = ["never looked"]
    last: list[str] = []
    while open_ and time.monotonic() - began < seconds:
        time.sleep(0.5)
        try:
            open_ = _open()
            last = [*_breakers(), *open_] if open_ else last
        except DatabaseError:
            close_old_connections()
    return {
        "seconds": round(time.monotonic() - began, 1),
        "open": open_[:20],
        "last": last[:20],
    }


def _open() -> list[str]:
    records = SyncRecord.objects.open().select_related("event")
    entries = [
        f"{one.event.external_id} {one.step}: {one.state} {one.reason} {one.failure} "
        f"since {one.state_since:%T}, next poll {one.next_poll_at}, "
        f"lease {one.lease_until}"
        for one in records
    ]
    unread = WebhookMessage.objects.filter(processed_at=None).count()
    return entries + ([f"{unread} webhooks unread"] if unread else [])


def _breakers() -> list[str]:
    """What holds everything up, if anything does."""
    opened = RateScope.objects.filter(open_seconds__gt=0)
    return [f"{one.key} is open for {one.open_seconds} s" for one in opened]


def judge(acknowledged: str) -> dict[str, Any]:
    """Compare what was acknowledged, what we know and what stands in the books."""
    told = json.loads(Path(acknowledged).read_text())
    wrong = [
        *_lost("events", told["events"], LoanEvent.objects, "external_id"),
        *_lost("webhooks", told["webhooks"], WebhookMessage.objects, "webhook_id"),
        *(f"violation: {rule}" for rule in SANDBOX.look("violations")),
    ]
    for company in Company.objects.order_by("reference"):
        wrong += [f"{company.reference}: {words}" for words in _books(company)]
    return {
        "wrong": wrong[:30],
        "events": LoanEvent.objects.count(),
        "entries": SyncRecord.objects.filter(state__in=STANDING_STATES).count(),
        "webhooks": WebhookMessage.objects.count(),
    }


def _lost(what: str, told: list[str], rows: Any, field: str) -> Iterator[str]:
    ours = set(rows.values_list(field, flat=True))
    lost = set(told) - ours
    if lost:
        yield f"{len(lost)} {what} lost: {sorted(lost)[:3]}"
    if len(told) != len(set(told)):
        yield f"{what} were acknowledged under one id twice"


def _books(company: Company) -> Iterator[str]:
    connection = Connection.objects.get(company=company)
    books = SANDBOX.look(f"books/{connection.codat_connection_id}")
    posted = [
        one["recordId"]
        for one in books["entries"]
        if one["pushOperationKey"]
        and one["type"] not in {"suppliers", "chartOfAccounts"}
    ]
    records = SyncRecord.objects.filter(company=company)
    bookings = records.bookings().order_by("sequence")
    if unwritten := records.exclude(state__in=STANDING_STATES).count():
        yield f"{unwritten} entries are not written"
    if Counter(posted) != Counter(bookings.values_list("xero_record_id", flat=True)):
        yield f"{len(posted)} postings, {bookings.count()} bookings, or not the same"
        return
    for loan in company.loans.all():
        places = [
            posted.index(one.xero_record_id) for one in bookings.filter(loan=loan)
        ]
        if places != sorted(places):
            yield f"{loan.reference} out of order: {places}"
    yield from _balances(connection, books, records)


def _balances(connection: Connection, books: Any, records: Any) -> Iterator[str]:
    chosen = connection.mappings.latest("version")
    position = company_position(company=connection.company)
    statement = books["statements"][chosen.lender_account.source_account_id]
    found = {
        "L": books["balances"][chosen.lender_target_account_id],
        "N": books["balances"][chosen.nominated_account_id],
        "E": books["balances"][chosen.expense_account_id],
        "AR": books["accountsReceivable"],
        "statement": statement["balance"],
        "lines": len(statement["lines"]),
    }
    wanted = {
        "L": position.lender_account,
        "N": position.nominated_account,
        "E": position.fee_expense,
        "AR": position.receivable,
        "statement": position.lender_account,
        "lines": records.filter(step=Step.STATEMENT_LINE).count(),
    }
    for name, value in wanted.items():
        if Decimal(str(found[name])) != value:
            yield f"{name} is {found[name]}, not {value}"


# --- after a restore ------------------------------------------------------------------


def standing() -> int:
    """How many entries stand in Xero, as far as we know."""
    return SyncRecord.objects.filter(state__in=STANDING_STATES).count()


def held() -> int:
    """How many companies are held for pushes that nobody knows."""
    return Connection.objects.exclude(held_after_restore_since=None).count()


def link_strays() -> dict[str, int]:
    """Be the person who looks in Xero and links what stands there.

    Look-alikes are taken in the order in which they were written, as they were sent.
    """
    linked: Counter[str] = Counter()
    for connection in Connection.objects.exclude(held_after_restore_since=None):
        books = SANDBOX.look(f"books/{connection.codat_connection_id}")
        ends_at = time.monotonic() + 60
        while _is_looked_up(connection) and time.monotonic() < ends_at:
            time.sleep(0.5)
        _link_lines(connection, books, linked)
        _link_transfers(connection, linked)
    return dict(linked)


def _is_looked_up(connection: Connection) -> bool:
    unsettled = connection.stray_pushes.unsettled()
    return any(stray_marks.is_being_looked_up(one) for one in unsettled)


def _link_lines(connection: Connection, books: Any, linked: Counter[str]) -> None:
    account = connection.mappings.latest("version").lender_account
    lines = books["statements"][account.source_account_id]["lines"]
    unsettled = connection.stray_pushes.unsettled()
    for push in unsettled.filter(data_type="bankTransactions"):
        key = str(push.push_operation_key)
        brought = [one["reference"] for one in lines if one["pushOperationKey"] == key]
        entries = SyncRecord.objects.filter(
            step=Step.STATEMENT_LINE,
            company=connection.company_id,
            event__external_id__in=brought,
        )
        _link(connection, push, list(entries))
        linked["lines"] += len(brought)


def _link_transfers(connection: Connection, linked: Counter[str]) -> None:
    unsettled = connection.stray_pushes.unsettled()
    for push in unsettled.filter(data_type="transfers").order_by("requested_on"):
        alike = SyncRecord.objects.filter(
            step=Step.TRANSFER,
            company=connection.company_id,
            state=State.HELD,
            value_date=push.wrote["date"],
            event__amount=push.wrote["amount"],
        )
        _link(connection, push, list(alike.order_by("event")[:1]))
        linked["transfers"] += 1


def _link(connection: Connection, push: Any, records: list[SyncRecord]) -> None:
    stray_decisions.name_ours(
        connection=connection,
        pushes=[push],
        records=records,
        reason="seen in Xero",
        decided_by="user:person",
        now=database_now(),
    )


# --- meanwhile ------------------------------------------------------------------------


def sweep() -> str:
    """Ask the cluster for a sweep now; by itself it makes one a minute."""
    return str(async_task(task_queue.SCHEDULES["Minute sweep"][0]))


def age(minutes: int) -> int:
    """Let all processes have been seen so much earlier."""
    earlier = F("beat_at") - timedelta(minutes=minutes)
    rows: int = Heartbeat.objects.update(beat_at=earlier)
    return rows


def write(reference: str, seconds: int) -> dict[str, int]:
    """Record events for a while, as a busy web process does; count what was refused."""
    loan = Loan.objects.with_company().get(reference=reference)
    counted: Counter[str] = Counter(commits=0, locked=0)
    ends_at = time.monotonic() + seconds
    while time.monotonic() < ends_at:
        try:
            services.record_event(
                loan=loan,
                kind="drawdown",
                amount=Decimal(1),
                value_date=loan.agreed_on,
                recorded_by="service:writer",
                today=loan.company.today(database_now()),
            )
            counted["commits"] += 1
        except OperationalError as exc:
            if "locked" not in str(exc):
                raise
            counted["locked"] += 1
        time.sleep(THINK_SECONDS)
    return dict(counted)


def main() -> None:
    """Do one thing and write its answer."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.processes.borrowers", description=__doc__
    )
    parser.add_argument("action", help="what to do, such as prepare or judge")
    parser.add_argument("arguments", nargs="*", help="what it takes for that")
    given = parser.parse_args()
    arguments = given.arguments
    actions: dict[str, Any] = {
        "prepare": lambda: prepare(int(arguments[0]), int(arguments[1])),
        "settle": lambda: settle(int(arguments[0])),
        "judge": lambda: judge(arguments[0]),
        "sweep": sweep,
        "standing": standing,
        "held": held,
        "link_strays": link_strays,
        "age": lambda: age(int(arguments[0])),
        "write": lambda: write(arguments[0], int(arguments[1])),
    }
    answer = actions[given.action]()
    Path(os.environ["OUT"]).write_text(json.dumps(answer))


if __name__ == "__main__":
    main()
