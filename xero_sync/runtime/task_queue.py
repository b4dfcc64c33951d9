"""django-q2, and nothing else that knows of it.

A job is a nudge: it may be lost, doubled or run late, and nothing depends on it. The
minute sweep finds all due work in our own tables.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, connections, transaction
from django_q.brokers import Broker, get_broker
from django_q.brokers.redis_broker import Redis as RedisBroker
from django_q.models import OrmQ, Schedule
from django_q.tasks import async_task

from xero_sync.models import Heartbeat
from xero_sync.runtime import leases, redis_server
from xero_sync.runtime.clock import database_now

DRAIN = "xero_sync.jobs.drain"
INBOX = "xero_sync.jobs.read_inbox"
# A nudge that no worker has taken for this long counts as lost.
ANSWERED_WITHIN = timedelta(seconds=10)
# A nudge that no cluster took within this time will not be missed.
STALE_AFTER = timedelta(minutes=10)
ASKED = "asked: "

# name: (job, schedule type, minutes)
SCHEDULES: dict[str, tuple[str, str, int | None]] = {
    "Minute sweep": ("xero_sync.jobs.sweep", Schedule.MINUTES, 1),
    "Daily check of connections": ("xero_sync.jobs.daily_check", Schedule.HOURLY, None),
    "Seals of finished days": ("xero_sync.jobs.seal", Schedule.HOURLY, None),
}


def every_minute(*, name: str, job: str) -> None:
    """Have a job of another app run each minute, from the next `migrate` on."""
    SCHEDULES[name] = (job, Schedule.MINUTES, 1)


def every_hour(*, name: str, job: str) -> None:
    """Have a job of another app run each hour, from the next `migrate` on."""
    SCHEDULES[name] = (job, Schedule.HOURLY, None)


def nudge_drain() -> None:
    """Ask for a drain once the current transaction has committed."""
    nudge(DRAIN)


def nudge_inbox() -> None:
    """Ask for the webhook inbox to be read once the transaction has committed."""
    nudge(INBOX)


def nudge(job: str) -> None:
    """Ask for a job, by its dotted path, once the current transaction has committed."""
    # One nudge a transaction and job is enough, however many entries it plans.
    waiting = (func for _, func, *_ in connection.run_on_commit)
    if any(getattr(func, "job", None) == job for func in waiting):
        return
    transaction.on_commit(_Nudge(job), robust=True)


class _Nudge:
    def __init__(self, job: str) -> None:
        self.job = job
        # Django names a robust hook that failed by this, and fails itself without it.
        self.__qualname__ = f"nudge of {job}"

    def __call__(self) -> None:
        busy = leases.busy()
        # A drain that runs finds the work by itself; it looks once more when it ends.
        if self.job == DRAIN and leases.all_taken(busy):
            return
        if is_asked(busy, job=self.job):
            return
        # A Redis that is gone has said so in the log; the sweep finds the work.
        with suppress(redis_server.RedisGone), _queue() as queue:
            self._send(queue)

    def _send(self, queue: Broker) -> None:
        # Before it is sent: a worker may have taken it a moment later, and said so.
        ask(job=self.job, now=database_now())
        try:
            async_task(self.job, broker=queue)
        except Exception:
            answer(job=self.job)
            raise


@contextmanager
def _queue() -> Iterator[Broker]:
    """Yield the queue; one in Redis does not let a request wait for long.

    Raises:
        RedisGone: Redis does not answer.
    """
    if not settings.REDIS_URL:
        yield get_broker()
        return
    with redis_server.briefly() as connection:
        queue = RedisBroker()
        queue.connection = connection
        yield queue


def is_asked(busy: Collection[str], *, job: str) -> bool:
    """Tell from what is busy whether a nudge is on its way and not taken yet."""
    return f"{ASKED}{job}" in busy


def ask(*, job: str, now: datetime) -> None:
    """Remember that a job has been nudged, so that others need not do it again."""
    Heartbeat.objects.update_or_create(
        name=f"{ASKED}{job}",
        defaults={"beat_at": now, "busy_until": now + ANSWERED_WITHIN},
    )


def answer(*, job: str) -> None:
    """A job has started: what is recorded from now on may need another nudge."""
    Heartbeat.objects.filter(name=f"{ASKED}{job}").update(busy_until=None)


def forget_stale_nudges(*, now: datetime) -> int:
    """Drop what waits in the database's queue where no cluster runs to take it."""
    dropped: int
    dropped, _ = OrmQ.objects.filter(lock__lt=now - STALE_AFTER).delete()
    return dropped


def create_schedules(using: str, **_: Any) -> None:
    """Leave exactly our schedules, each with its job, after each `migrate`.

    A schedule names any function to be run, so one that is not ours is taken away.
    django-q2 does not keep their names unique, so they are looked for by name.
    """
    if Schedule._meta.db_table not in connections[using].introspection.table_names():
        return
    schedules = Schedule.objects.using(using)
    ours = schedules.none()
    for name, (func, schedule_type, minutes) in SCHEDULES.items():
        values = {"func": func, "schedule_type": schedule_type, "minutes": minutes}
        if not schedules.filter(name=name, **values).exists():
            schedules.create(name=name, **values)
        ours |= schedules.filter(name=name, **values)
    schedules.exclude(pk__in=ours.values("pk")).delete()
