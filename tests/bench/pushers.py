"""The contestants of `push`; each has a process of its own and tells its figures."""

import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import requests
from codat_lending import CodatLending
from django.conf import settings
from django.db import transaction
from django.db.models import Max
from django_q.models import Failure, OrmQ
from django_q.tasks import async_task

from lending.models import Company, LoanEvent
from tests.bench import rows, tasks
from tests.bench.figures import Stopwatch, cpu_of
from tests.bench.setting import counts, service
from tests.processes.processes import wait_until
from xero_sync.codat import payloads
from xero_sync.codat.client import CodatClient
from xero_sync.codat.push import push_path
from xero_sync.models import RecordChange, SyncRecord, WriteAttempt, WriteRequest
from xero_sync.models.choices import Outcome, State
from xero_sync.writeback import claims, engine, inbox, polling, pool, results, sweep

WARM_COMPANIES = 20
WARM_EVENTS = 100


@contextmanager
def taken_in(events: int) -> Iterator[None]:
    """Require that the stub takes each event in, once."""
    before = counts(settings.CODAT_BASE_URL)
    yield
    after = counts(settings.CODAT_BASE_URL)
    growth = {name: after[name] - before[name] for name in after}
    assert growth == {"posts": events, "taken": events, "doubled": 0}, growth


# --- the drain ------------------------------------------------------------------------


def drain(*, events: int, companies: int, threads: int, again: bool = False) -> Any:
    """Run the engine's drain once over queued bookings, one a loan.

    With `again` the bookings are those of the companies that are there already.
    """
    known = list(Company.objects.order_by("pk")[:companies]) if again else []
    client = CodatClient.from_settings(pool_size=threads)
    rows.bookings(rows.companies(WARM_COMPANIES), WARM_EVENTS)
    engine.drain(client=client, threads=threads)
    mark = LoanEvent.objects.aggregate(latest=Max("pk"))["latest"]
    rows.bookings(known or rows.companies(companies), events)
    with taken_in(events), phases() as spent, Stopwatch() as watch:
        engine.drain(client=client, threads=threads)
    check_evidence(mark, events)
    return watch.figures(events) | {"phases": spent}


def check_evidence(mark: int, events: int) -> None:
    """Require that each booking after a mark is pending, with all its evidence."""
    records = SyncRecord.objects.filter(event__gt=mark)
    states = Counter(records.values_list("state", flat=True))
    assert states == {State.PENDING: events}, states
    carried = WriteRequest.records.through.objects.filter(syncrecord__event__gt=mark)
    requests_of = Counter(carried.values_list("syncrecord", flat=True))
    attempts = WriteAttempt.objects.filter(
        request__records__event__gt=mark, outcome=Outcome.ACCEPTED
    )
    attempts_of = Counter(attempts.values_list("request", flat=True))
    changes = RecordChange.objects.filter(
        record__event__gt=mark, from_state=State.SENDING, to_state=State.PENDING
    )
    changes_of = Counter(changes.values_list("record", flat=True))
    for found in (requests_of, attempts_of, changes_of):
        assert len(found) == events
        assert rows.only(found.values()) == 1
    keys = records.exclude(push_operation_key=None)
    assert len(set(keys.values_list("push_operation_key", flat=True))) == events


@contextmanager
def phases() -> Iterator[dict[str, list[float]]]:
    """Tell where the drain's own thread spends its time: wall and CPU seconds."""
    spent: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
    watched = {
        "wait for answers": (pool.Pool, "finished"),
        "hand out to threads": (pool.Pool, "start"),
        "store results": (results, "store"),
        "claim": (claims, "claim"),
        "expire leases": (sweep, "expire_leases"),
        "read inbox": (inbox, "read"),
        "find looks": (polling, "due"),
    }
    originals = [(*place, getattr(*place)) for place in watched.values()]
    for name, place in watched.items():
        setattr(*place, _timed(getattr(*place), spent[name]))
    try:
        yield spent
    finally:
        for owner, attribute, original in originals:
            setattr(owner, attribute, original)


def _timed(function: Callable[..., Any], spent: list[float]) -> Callable[..., Any]:
    def timed(*args: Any, **kwargs: Any) -> Any:
        began, cpu = time.perf_counter(), time.thread_time()
        try:
            return function(*args, **kwargs)
        finally:
            spent[0] += time.perf_counter() - began
            spent[1] += time.thread_time() - cpu

    return timed


# --- without a database ---------------------------------------------------------------


def raw(*, events: int, threads: int) -> Any:
    """Post equal bodies from threads that each keep a plain session."""
    waiting = iter([_write(number) for number in range(events)])
    barrier = threading.Barrier(threads + 1)
    lock = threading.Lock()

    def work() -> None:
        session = requests.Session()
        session.headers["Authorization"] = "Basic YmVuY2gta2V5"
        session.get(settings.CODAT_BASE_URL, timeout=30)
        barrier.wait()
        while True:
            with lock:
                write = next(waiting, None)
            if write is None:
                return
            path, body, key = write
            headers = {"Idempotency-Key": key, "Content-Type": "application/json"}
            url = settings.CODAT_BASE_URL + path
            session.post(url, data=body, headers=headers, timeout=30).json()

    workers = [threading.Thread(target=work) for _ in range(threads)]
    for worker in workers:
        worker.start()
    with taken_in(events), Stopwatch() as watch:
        barrier.wait()
        for worker in workers:
            worker.join()
    return watch.figures(events)


def _write(number: int) -> tuple[str, bytes, str]:
    """Return path, body and key as the drain sends them."""
    body = payloads.transfer(
        amount=Decimal(number + 1) / 100,
        value_date=date(2026, 6, 1),
        from_account_id=str(uuid4()),
        to_account_id=str(uuid4()),
    )
    path = push_path(uuid4(), uuid4(), "transfers")
    return path, payloads.encode(body), str(uuid4())


def sdk_loop(*, events: int) -> Any:
    """Write with the official SDK, one after the other."""
    sdk = tasks.new_sdk()
    writes = [_sdk_write(number) for number in range(WARM_EVENTS + events)]
    _loop(sdk, writes[:WARM_EVENTS])
    with taken_in(events), Stopwatch() as watch:
        _loop(sdk, writes[WARM_EVENTS:])
    return watch.figures(events)


def _loop(sdk: CodatLending, writes: list[dict[str, Any]]) -> None:
    for write in writes:
        sdk.loan_writeback.transfers.create(
            request=write, http_headers={"Idempotency-Key": str(uuid4())}
        )


def _sdk_write(number: int) -> dict[str, Any]:
    return tasks.sdk_request(
        company=uuid4(),
        connection=uuid4(),
        amount=Decimal(number + 1) / 100,
        value_date=date(2026, 6, 1),
        source=str(uuid4()),
        target=str(uuid4()),
    )


# --- one task per event ---------------------------------------------------------------


def cluster(*, task: str, events: int, companies: int, log: str) -> Any:
    """Let a stock django-q2 cluster run one task for each queued booking.

    All tasks are committed at once while the cluster waits for work, so that putting
    them in the queue is not counted. The time ends when the last row is marked, the CPU
    when the queue is empty.
    """
    warm = rows.bookings(rows.companies(WARM_COMPANIES), WARM_EVENTS)
    records = rows.bookings(rows.companies(companies), events)
    command = ("-m", "tests.bench.child", "tests.bench.tasks:serve", "{}")
    with service(*command, log=Path(log)) as process:
        _run_all(task, warm)
        before = cpu_of(process.group())
        with taken_in(events):
            seconds = _run_all(task, records)
        return {
            "events": events,
            "seconds": seconds,
            "cpu": cpu_of(process.group()) - before,
        }


def _run_all(task: str, records: list[SyncRecord]) -> float:
    """Return how long the cluster took to mark these rows."""
    with transaction.atomic():
        for record in records:
            async_task(task, str(record.pk))
    began = time.perf_counter()
    ends = {"event__gte": records[0].event_id, "event__lte": records[-1].event_id}
    open_ = SyncRecord.objects.filter(state=State.QUEUED, **ends)
    wait_until("rows are marked", lambda: _ended(open_), seconds=300, look=0.02)
    seconds = time.perf_counter() - began
    wait_until("tasks end", lambda: not OrmQ.objects.exists(), seconds=60)
    return seconds


def _ended(open_: Any) -> bool:
    failure = Failure.objects.first()
    assert failure is None, failure.result
    return not open_.exists()
