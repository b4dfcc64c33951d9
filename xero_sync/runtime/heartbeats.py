"""Which background processes live, by when they were last seen."""

from datetime import datetime

from xero_sync.models import Heartbeat

# The processes by the names they beat under. The cluster's beat comes from a job that a
# worker has really run, so a frozen cluster stops beating.
CLUSTER = "cluster"
LOOP = "push_drain"
# Runs from time to time at most: its beat shows life, its silence shows nothing.
ONCE = "push_drain --once"


def beat(*, name: str, now: datetime) -> None:
    """Show that a background process lives."""
    Heartbeat.objects.update_or_create(name=name, defaults={"beat_at": now})


def sign_off(*, name: str) -> None:
    """Say that a background process ends because it was told to."""
    Heartbeat.objects.filter(name=name).delete()
