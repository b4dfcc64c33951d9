"""How often a key may call; counted as all that is limited is."""

from typing import Any

from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from xero_sync.runtime import throttles


class KeyThrottle(BaseThrottle):
    """Allows each key as many requests in a minute of the clock as it was given."""

    def allow_request(self, request: Request, view: APIView) -> bool:  # noqa: ARG002
        """Tell whether one more is allowed now."""
        key: Any = request.auth
        return key is None or throttles.may(
            "api-key", who=key.pk, a_minute=key.requests_per_minute
        )

    def wait(self) -> float:
        """Return the seconds until the next minute begins."""
        return throttles.seconds_left()
