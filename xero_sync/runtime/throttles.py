"""How often something may be done in a minute of the clock: the one way of counting.

All web processes draw on one row, a block of permits at a time, so that most requests
are counted without a query. No limit is ever exceeded in a minute. It may be reached
early: what a process has drawn and does not use is lost to the others, less than a
fiftieth of the limit for each, so four processes together keep at least 94 of 100.
The clock that is ahead counts: a host whose own is behind draws on the newer minute.
"""

import time
from threading import Lock

from django.db import transaction

from xero_sync.models import Tally

MINUTE = 60
BLOCKS = 50
# Longer than any two hosts' clocks are apart.
MINUTES_KEPT = 10

_lock = Lock()
# What this process may still give out in a minute; 0: nobody has any left.
_held: dict[str, tuple[int, int]] = {}


def may(act: str, *, who: object, a_minute: int) -> bool:
    """Tell whether somebody may do something once more now, and count it."""
    name, minute = f"{act} {who}", _minute()
    with _lock:
        drawn_in, left = _held.get(name, (0, 0))
        if drawn_in == minute:
            if left > 1:
                _held[name] = minute, left - 1
            elif left:
                del _held[name]
            return left > 0
    # Not under the lock: while the database lets this wait, others are counted.
    drawn = _draw(name, minute=minute, a_minute=a_minute)
    with _lock:
        for old in [one for one, (of, _) in _held.items() if of < minute]:
            del _held[old]
        _, left = _held.get(name, (minute, 0))
        if drawn != 1 or left:
            _held[name] = minute, left + max(0, drawn - 1)
    return drawn > 0


def seconds_left() -> float:
    """Return the seconds until the next minute begins."""
    return MINUTE - time.time() % MINUTE


def forget_past() -> int:
    """Drop what was counted in minutes that are long over."""
    dropped, _ = Tally.objects.filter(minute__lt=_minute() - MINUTES_KEPT).delete()
    return dropped


def forget_held() -> None:
    """Drop what this process has drawn, as its end does."""
    with _lock:
        _held.clear()


def _minute() -> int:
    return int(time.time() // MINUTE)


@transaction.atomic
def _draw(name: str, *, minute: int, a_minute: int) -> int:
    """Take a block of what is left of the minute, or what there is."""
    row, _ = Tally.objects.select_for_update().get_or_create(
        name=name, defaults={"minute": minute}
    )
    if row.minute < minute:
        row.minute, row.taken = minute, 0
    block = max(1, a_minute // BLOCKS)
    drawn = max(0, min(block, a_minute - row.taken))
    row.taken += drawn
    row.save(update_fields=["minute", "taken"])
    return drawn
