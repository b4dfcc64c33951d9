"""Ids that sort by the time they were made: version 7 of RFC 9562.

Rows that are made together then lie together in every index of their ids. Random ids
lead each new row to another page, and after a million rows few pages are still at hand.
"""

import os
import time
from uuid import UUID

VERSION_7 = 0x7 << 76
RFC_VARIANT = 0x2 << 62
# What lies around these: 48 bits of milliseconds and 12 of parts of one, so that ids of
# one process stand in the order in which they were made; then 62 bits at random.
SIXTY_TWO_BITS = (1 << 62) - 1
MILLISECOND = 1_000_000


def new_id() -> UUID:
    """Return an id that nobody else has, greater than those made a moment before."""
    milliseconds, rest = divmod(time.time_ns(), MILLISECOND)
    part = (rest << 12) // MILLISECOND
    chance = int.from_bytes(os.urandom(8)) & SIXTY_TWO_BITS
    return UUID(int=milliseconds << 80 | VERSION_7 | part << 64 | RFC_VARIANT | chance)
