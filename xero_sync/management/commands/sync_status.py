"""Tell what stands where."""

from collections.abc import Iterator
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db.models import Count, QuerySet

from lending.models import Company, Loan
from xero_sync.entries import settlement
from xero_sync.entries import wording as entry_wording
from xero_sync.management.base import XeroCommand
from xero_sync.models import Connection, SyncRecord
from xero_sync.models.choices import CLOSED_STATES, Reason, State
from xero_sync.monitoring import limits
from xero_sync.monitoring import wording as monitoring_wording
from xero_sync.runtime.clock import database_now

MOST_SHOWN = 20


class Command(XeroCommand):
    """`manage.py sync_status`."""

    help = "Tell what stands where: per company and loan, and what waits for a person."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "reference", nargs="?", help="A company or a loan (default: all)."
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        """Print the status."""
        reference = options["reference"]
        companies, loans = _chosen(reference)
        for company in companies.order_by("reference"):
            self.say(f"{company}: {_connection_words(company)}")
            if reference is None:
                self.say(f"  {_counts(SyncRecord.objects.filter(company=company))}")
                continue
            for loan in loans.filter(company=company).order_by("reference"):
                self.say(f"  {loan.reference}: {_loan_words(loan)}")
        self._waiting(SyncRecord.objects.filter(loan__in=loans))
        self._background()

    def _waiting(self, records: QuerySet[SyncRecord]) -> None:
        waiting = records.filter(
            pk__in=SyncRecord.objects.needing_a_decision().values("pk")
        )
        total = waiting.count()
        self.say()
        self.say(f"Waiting for a person: {total or 'nothing'}")
        loaded = waiting.select_related("event", "loan").order_by("state_since")
        for record in loaded[:MOST_SHOWN]:
            self.say(
                f"  {record.pk}  {record.loan} {record.event.kind}, "
                f"{record.get_step_display()}: {entry_wording.state_of(record)}"
            )
        if total > MOST_SHOWN:
            self.say(f"  … and {total - MOST_SHOWN} more; name a company or a loan.")
        if total:
            self.say("  manage.py decide <id> tells what to look for in Xero.")

    def _background(self) -> None:
        """Print what the admin's page on limits and background work shows."""
        read = limits.read(now=database_now())
        summary = monitoring_wording.summary(read)
        self.say()
        if summary.is_well:
            self.say(summary.well)
        for sentence in summary.needed:
            self.say(f"This needs you: {sentence}")
        for sentence in summary.passing:
            self.say(f"This passes by itself: {sentence}")
        for table in monitoring_wording.tables(read):
            self._table(table)

    def _table(self, table: monitoring_wording.Table) -> None:
        self.say()
        self.say(table.title)
        widths = [
            max(map(len, cells))
            for cells in zip(table.columns, *table.rows, strict=True)
        ]
        for row in [table.columns, *table.rows] if table.rows else []:
            cells = (f"{cell:{width}}" for cell, width in zip(row, widths, strict=True))
            self.say(f"  {'  '.join(cells)}".rstrip())
        if table.note:
            self.say(f"  {table.note}")


def _chosen(reference: str | None) -> tuple[QuerySet[Company], QuerySet[Loan]]:
    companies, loans = Company.objects.all(), Loan.objects.all()
    if reference is None:
        return companies, loans
    if companies.filter(reference=reference).exists():
        company = companies.filter(reference=reference)
        return company, loans.filter(company__in=company)
    loans = loans.filter(reference=reference)
    if loans.exists():
        return companies.filter(loans__in=loans), loans
    raise CommandError(f"reference: “{reference}” is neither a company nor a loan.")


def _connection_words(company: Company) -> str:
    connection = Connection.objects.live().filter(company=company).first()
    if connection is None:
        return "no connection to Xero"
    return ", ".join(_facts(connection))


def _facts(connection: Connection) -> Iterator[str]:
    yield str(connection.get_status_display())
    yield f"write-back {'on' if connection.writeback_on else 'off'}"
    yield f"bank feeds {'on' if connection.bank_feeds else 'off'}"
    if connection.organisation_changed:
        yield "another organisation"
    if connection.held_after_restore_since:
        yield "pushes of unknown origin: see manage.py after_restore"
    if connection.access_problem:
        yield f"access refused ({connection.access_problem})"
    if connection.unusable_account:
        yield f"no longer usable: {connection.unusable_account}"
    if not connection.mappings.exists():
        yield "accounts not chosen"


def _loan_words(loan: Loan) -> str:
    end = "; settled" if settlement.is_settled(loan) else ""
    return f"{_counts(SyncRecord.objects.filter(loan=loan))}{end}"


def _counts(records: QuerySet[SyncRecord]) -> str:
    """Count entries by state; those that wait or may be in Xero also by reason."""
    grouped = records.values("state", "reason").annotate(times=Count("pk"))
    found = {(one["state"], one["reason"]): one["times"] for one in grouped}
    words = [
        f"{times} {_lower(State(state).label)}{_why(state, reason)}"
        for state in State
        for reason in ("", *Reason)
        if (times := found.get((state, reason)))
    ]
    return ", ".join(words) or "nothing to write"


def _why(state: str, reason: str) -> str:
    shown = reason and state not in CLOSED_STATES
    return f" ({_lower(Reason(reason).label)})" if shown else ""


def _lower(label: object) -> str:
    text = str(label)
    return f"{text[:1].lower()}{text[1:]}"
