"""How often a key may call. Each web process counts for itself unless Redis is set."""

import time
from typing import Any

from django.core.cache import cache
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

MINUTE = 60


class KeyThrottle(BaseThrottle):
    """Allows each key as many requests in a minute of the clock as it was given."""

    def allow_request(self, request: Request, view: APIView) -> bool:  # noqa: ARG002
        """Tell whether one more is allowed now."""
        key: Any = request.auth
        if key is None:
            return True
        counter = f"api-key-{key.pk}-{int(time.time() // MINUTE)}"
        cache.add(counter, 0, timeout=2 * MINUTE)
        try:
            return bool(cache.incr(counter) <= key.requests_per_minute)
        except ValueError:
            # The cache made room in between.
            return True

    def wait(self) -> float:
        """Return the seconds until the next minute begins."""
        return MINUTE - time.time() % MINUTE
