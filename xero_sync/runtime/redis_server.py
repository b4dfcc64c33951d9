"""Redis, where django-q2's queue may lie; it may be gone, and nobody waits for it.

A request waits a quarter of a second to connect and as long for an answer. A server
that failed is left alone for some seconds, then one request tries it again: one that
accepts and never answers costs a short wait now and then. The log says when it went
and when it is back, one line each.
"""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from threading import Lock

from django.conf import settings
from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

logger = logging.getLogger(__name__)

WAIT_SECONDS = 0.25
LEFT_ALONE_SECONDS = 10.0


class RedisGone(Exception):
    """Redis does not answer, or did not a moment ago."""


class _Breaker:
    """What this process knows of one server."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._again_at: float | None = None

    def is_closed(self) -> bool:
        """Tell whether to try; while it is gone, one caller now and then."""
        with self._lock:
            if self._again_at is None:
                return True
            if time.monotonic() < self._again_at:
                return False
            self._leave_alone()
            return True

    def failed(self, exc: RedisError) -> None:
        """Leave it alone from now on."""
        with self._lock:
            was_there = self._again_at is None
            self._leave_alone()
        if was_there:
            logger.warning(
                "Redis does not answer; the sweep finds what nobody is told of: %s",
                type(exc).__name__,
            )

    def answered(self) -> None:
        """Use it again."""
        with self._lock:
            was_gone, self._again_at = self._again_at is not None, None
        if was_gone:
            logger.warning("Redis answers again.")

    def _leave_alone(self) -> None:
        self._again_at = time.monotonic() + LEFT_ALONE_SECONDS


@cache
def _server(url: str) -> tuple[Redis, _Breaker]:
    connection = Redis.from_url(
        url,
        socket_connect_timeout=WAIT_SECONDS,
        socket_timeout=WAIT_SECONDS,
        # The library would try three times more.
        retry=Retry(NoBackoff(), 0),
    )
    return connection, _Breaker()


@contextmanager
def briefly() -> Iterator[Redis]:
    """Yield a connection to the server of `REDIS_URL` that does not wait for long.

    Raises:
        RedisGone: it does not answer, or did not a moment ago.
    """
    connection, breaker = _server(settings.REDIS_URL)
    if not breaker.is_closed():
        raise RedisGone(RedisGone.__doc__)
    try:
        yield connection
    except RedisError as exc:
        breaker.failed(exc)
        raise RedisGone(RedisGone.__doc__) from exc
    breaker.answered()


def is_gone() -> bool:
    """Tell whether there ought to be a Redis that does not answer."""
    if not settings.REDIS_URL:
        return False
    try:
        with briefly() as connection:
            connection.ping()
    except RedisGone:
        return True
    return False
