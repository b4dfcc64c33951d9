"""Whether the background work is being done."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from xero_sync.models import Heartbeat
from xero_sync.runtime import heartbeats
from xero_sync.writeback import due

# Work that is due for longer than this, or a worker unseen for longer, is a fault.
LATE_AFTER = timedelta(minutes=5)
# A process unseen for longer has been taken out of service.
FORGOTTEN_AFTER = timedelta(days=7)
# Those whose silence is a fault.
EXPECTED = (heartbeats.CLUSTER, heartbeats.LOOP)


@dataclass(frozen=True)
class BackgroundHealth:
    """When the workers were last seen, and how long the oldest due work has waited.

    One that lives does not hide another that is silent: `silent` names those.
    `has_worker` tells whether any lives; `is_late` whether somebody has to look.
    """

    last_seen: dict[str, datetime]
    silent: list[str]
    oldest_due_seconds: int
    is_late: bool
    has_worker: bool

    @property
    def worker_last_seen(self) -> datetime | None:
        """When any of them was last seen."""
        return max(self.last_seen.values(), default=None)


def is_silent(*, name: str, beat_at: datetime, now: datetime) -> bool:
    """Tell whether a process ought to have been seen since; `/readyz` goes by this."""
    return name in EXPECTED and LATE_AFTER < now - beat_at < FORGOTTEN_AFTER


def background_health(*, now: datetime) -> BackgroundHealth:
    """Tell whether background work is being done."""
    beats = Heartbeat.objects.filter(
        name__in=(*EXPECTED, heartbeats.ONCE), beat_at__gt=now - FORGOTTEN_AFTER
    )
    seen = dict(beats.order_by("name").values_list("name", "beat_at"))
    alive = [name for name, beat_at in seen.items() if now - beat_at <= LATE_AFTER]
    silent = [
        name
        for name, beat_at in seen.items()
        if is_silent(name=name, beat_at=beat_at, now=now)
    ]
    oldest = due.first_due()
    waited = max(timedelta(0), now - oldest) if oldest else timedelta(0)
    return BackgroundHealth(
        last_seen=seen,
        silent=silent,
        oldest_due_seconds=int(waited.total_seconds()),
        is_late=waited > LATE_AFTER or bool(silent) or not alive,
        has_worker=bool(alive),
    )
