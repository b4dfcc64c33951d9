"""What a monitoring system reads: how much waits and how old it is, how Codat answers.

Read from the rows that all processes share when it is asked for, so that it holds for
all of them; nothing is counted on the way.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from secrets import compare_digest

from django.conf import settings
from django.db.models import Count, Min
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from xero_sync.models import SyncRecord, WriteAttempt
from xero_sync.monitoring import limits
from xero_sync.monitoring.limits import MonitoringReport
from xero_sync.runtime.clock import database_now

# Enough to see how Codat answers now; by the key, which is in order.
EXCHANGES = 1_000
QUANTILES = (0.5, 0.95)


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer whoever sends the token; without one in the settings there is no page."""
    if not settings.METRICS_TOKEN:
        raise Http404
    given = request.headers.get("Authorization", "").encode()
    if not compare_digest(given, f"Bearer {settings.METRICS_TOKEN}".encode()):
        answer = HttpResponse("Send METRICS_TOKEN as a bearer token.\n", status=401)
        answer.headers["WWW-Authenticate"] = "Bearer"
        return answer
    registry = CollectorRegistry(auto_describe=False)
    registry.register(FromRows(database_now()))
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


class FromRows(Collector):
    """Everything at one moment, with a number of queries that does not grow."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def collect(self) -> Iterator[Metric]:
        """Read it."""
        yield from self._entries()
        yield from _exchanges()
        report = limits.read(now=self.now)
        yield from _work(report)
        yield from _limits(report)

    def _entries(self) -> Iterator[Metric]:
        waiting = GaugeMetricFamily(
            "backoffice_entries", "Entries not settled yet.", labels=["state"]
        )
        oldest = GaugeMetricFamily(
            "backoffice_entries_oldest_seconds",
            "How long the oldest of them has been in its state.",
            labels=["state"],
        )
        found = SyncRecord.objects.open().order_by().values_list("state")
        for state, count, since in found.annotate(Count("pk"), Min("state_since")):
            waiting.add_metric([state], count)
            oldest.add_metric([state], (self.now - since).total_seconds())
        yield from (waiting, oldest)


def _exchanges() -> Iterator[Metric]:
    latest = WriteAttempt.objects.order_by("-pk")
    rows = list(latest.values_list("outcome", "elapsed_ms")[:EXCHANGES])
    outcomes = GaugeMetricFamily(
        "backoffice_exchanges",
        f"How Codat answered the last {EXCHANGES} writes.",
        labels=["outcome"],
    )
    for outcome, count in sorted(Counter(outcome for outcome, _ in rows).items()):
        outcomes.add_metric([outcome], count)
    took = GaugeMetricFamily(
        "backoffice_exchange_seconds", "How long they took.", labels=["quantile"]
    )
    spent = sorted(elapsed for _, elapsed in rows)
    for quantile in QUANTILES if spent else ():
        took.add_metric([f"{quantile}"], _quantile(spent, quantile) / 1_000)
    yield from (outcomes, took)


def _quantile(ordered: Sequence[int], quantile: float) -> int:
    return ordered[min(len(ordered) - 1, int(len(ordered) * quantile))]


def _work(report: MonitoringReport) -> Iterator[Metric]:
    due = GaugeMetricFamily("backoffice_due", "Work that is due.", labels=["work"])
    waited = GaugeMetricFamily(
        "backoffice_due_seconds", "How long the oldest has waited.", labels=["work"]
    )
    for one in report.due:
        due.add_metric([one.work.value], one.waiting)
        waited.add_metric([one.work.value], one.waited.total_seconds())
    seen = GaugeMetricFamily(
        "backoffice_process_seen_seconds", "Since it was last seen.", labels=["process"]
    )
    for process in report.processes:
        ago = (report.now - process.last_seen).total_seconds()
        seen.add_metric([process.name], ago)
    yield from (due, waited, seen)


def _limits(report: MonitoringReport) -> Iterator[Metric]:
    free = GaugeMetricFamily(
        "backoffice_calls_free", "Calls left of a limit now.", labels=["limit", "name"]
    )
    failures = GaugeMetricFamily(
        "backoffice_failures_in_a_row", "Failures of Codat.", labels=["limit", "name"]
    )
    for one in report.limits:
        labels = [one.kind.value, one.name]
        if one.free is not None:
            free.add_metric(labels, one.free)
        failures.add_metric(labels, one.failures)
    held = GaugeMetricFamily("backoffice_held_back", "Organisations held back.")
    held.add_metric([], report.held)
    yield from (free, failures, held)
