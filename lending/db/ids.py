"""Ids that sort by the time they were made: version 7 of RFC 9562.

Rows that are made together then lie together in every index of their ids. Random ids
lead each new row to another page, and after a million rows few pages are still at hand.
"""

import os
import time
from uuid import UUID

VERSION_7 = 0x7 << 76
RFC_VARIANT = 0x2 << 62
# What lies around these: 48 bits of time, then 12 and 62 bits at random.
TWELVE_BITS = 0xFFF << 64
SIXTY_TWO_BITS = (1 << 62) - 1


def new_id() -> UUID:
    """Return an id that nobody else has, greater than those made a moment before."""
    milliseconds = time.time_ns() // 1_000_000
    chance = int.from_bytes(os.urandom(10)) & (TWELVE_BITS | SIXTY_TWO_BITS)
    return UUID(int=milliseconds << 80 | VERSION_7 | RFC_VARIANT | chance)
