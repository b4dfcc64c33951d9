"""For whom, and from where, this thread does what it does.

A request and a command say it once, so that no service has to hand it on.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace

# Who acts where nobody asked for it.
SYSTEM = "system"


def _nobody() -> str:
    return ""


@dataclass(frozen=True)
class Origin:
    """Where an act comes from; `actor` is asked only when something is written.

    `known` says who it is as far as nobody has to be asked, for the logs.
    """

    actor: Callable[[], str] = _nobody
    known: Callable[[], str] = _nobody
    request_id: str = ""
    address: str | None = None


NOBODY = Origin()
_origin: ContextVar[Origin] = ContextVar("origin", default=NOBODY)


def current() -> Origin:
    """Return what is known of who acts now."""
    return _origin.get()


@contextmanager
def acting(origin: Origin) -> Iterator[None]:
    """Do what the block does from there."""
    token = _origin.set(origin)
    try:
        yield
    finally:
        _origin.reset(token)


@contextmanager
def acting_as(actor: str) -> Iterator[None]:
    """Do what the block does in somebody's name, in the same request."""
    with acting(replace(current(), actor=lambda: actor)):
        yield


class WithOrigin(logging.Filter):
    """Gives each line of the log its request, who sent it and from where.

    Django writes some once the request is over; they name it themselves.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Add them, and let every line through."""
        came = getattr(getattr(record, "request", None), "origin", None) or current()
        record.request_id = came.request_id or "-"
        record.actor = came.known()
        record.address = came.address or ""
        return True
