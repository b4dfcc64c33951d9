"""The timed part of `limits`: borrowers at a sandbox, the drain as a job runs it."""

from datetime import UTC, datetime
from typing import Any

from django.conf import settings

from backoffice.demo.sandbox import Sandbox
from tests.bench import rows
from xero_sync import jobs
from xero_sync.models import RateScope, SyncRecord, WriteAttempt
from xero_sync.models.choices import State
from xero_sync.runtime.clock import database_now
from xero_sync.writeback import budget

SENT_STATES = (State.PENDING, State.WRITTEN)


def drain(*, seconds: int, companies: int) -> dict[str, Any]:
    """Send as many bookings as the budget allows in so many seconds; tell the rate.

    What the sandbox has seen is compared with the permits of the same span: those
    saved up at its beginning, and those earned in it.
    """
    sandbox = Sandbox(settings.CODAT_BASE_URL)
    borrowers = rows.companies(
        companies, remote=[_open(sandbox, number) for number in range(companies)]
    )
    per_second = settings.WRITEBACK_REQUESTS_PER_MINUTE / 60
    saved_up = budget.SAVED_UP["address"].total_seconds() * per_second
    events = int(saved_up + per_second * seconds)
    rows.bookings(borrowers, events)
    # The set-up was not charged to the budget: what the sandbox counts begins now.
    RateScope.objects.all().delete()
    began = database_now()
    while SyncRecord.objects.filter(state__in=(State.QUEUED, State.SENDING)).exists():
        jobs.run_slice(seconds=settings.WRITEBACK_SLICE_SECONDS)
    latest = WriteAttempt.objects.order_by("finished_at").last()
    assert latest is not None
    ended = latest.finished_at
    assert not SyncRecord.objects.exclude(state__in=SENT_STATES).exists()
    log = [
        (datetime.fromisoformat(one["time"]).astimezone(UTC), one)
        for one in sandbox.look("requests")
    ]
    made = [one for at, one in log if began <= at <= ended]
    spent = (ended - began).total_seconds()
    return {
        "events": events,
        "seconds": spent,
        "requests": len(made),
        "sends": sum(one["method"] == "POST" for one in made),
        "refused": sum(one["status"] == 429 for one in made),
        "allowed": saved_up + per_second * spent,
        "per_minute": settings.WRITEBACK_REQUESTS_PER_MINUTE,
        "busiest_minute": _busiest_minute([at.timestamp() for at, _ in log]),
        "violations": sandbox.look("violations"),
    }


def _open(sandbox: Sandbox, number: int) -> dict[str, str]:
    """Open a borrower with two bank accounts in the sandbox."""
    company = sandbox.arrange("companies", name=f"Borrower {number} Ltd")
    connection = sandbox.arrange("connections", companyId=company["id"])
    accounts = [
        sandbox.arrange(
            "accounts", connectionId=connection["id"], name=name, category="Asset.Bank"
        )
        for name in ("Lender account", "Nominated account")
    ]
    return {
        "company": company["id"],
        "connection": connection["id"],
        "lender": accounts[0]["id"],
        "nominated": accounts[1]["id"],
    }


def _busiest_minute(moments: list[float]) -> int:
    moments.sort()
    most = first = 0
    for at, moment in enumerate(moments):
        while moments[first] <= moment - 60:
            first += 1
        most = max(most, at - first + 1)
    return most
