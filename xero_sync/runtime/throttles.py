"""How often something that costs may be done, in a minute of the clock.

Counted as the API's requests are: for each web process by itself unless Redis is set.
"""

import time

from django.core.cache import cache

MINUTE = 60


def may(act: str, *, who: object, a_minute: int) -> bool:
    """Tell whether somebody may do something once more now, and count it."""
    counter = f"throttle-{act}-{who}-{int(time.time() // MINUTE)}"
    cache.add(counter, 0, timeout=2 * MINUTE)
    try:
        return bool(cache.incr(counter) <= a_minute)
    except ValueError:
        # The cache made room in between.
        return True
