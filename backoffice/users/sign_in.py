"""How often and how many at once may try to sign in, before a password costs anything.

Failures of an account and of an address are counted by django-axes, in the database,
and lock for a quarter of an hour. A password is stretched on purpose, so tries are
counted before that as well, and few are looked at together in a process.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

from axes.helpers import get_cool_off
from axes.models import AccessAttempt
from axes.utils import reset
from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from lending.audit import origin, trail
from xero_sync.runtime import throttles

# Of one address; a whole office signs in from one.
TRIES_A_MINUTE = 20
AT_ONCE = 2
PATIENCE_SECONDS = 3.0
BUSY_SECONDS = 10

_places = BoundedSemaphore(AT_ONCE)


class Busy(Exception):
    """Too many try to sign in at once."""


def may_try() -> bool:
    """Tell whether this address may try once more now, and count it."""
    who = origin.current().address
    return throttles.may("sign-in", who=who, a_minute=TRIES_A_MINUTE)


@contextmanager
def one_of_few() -> Iterator[None]:
    """Look at a password beside few others.

    Raises:
        Busy: there was no place for some seconds.
    """
    if not _places.acquire(timeout=PATIENCE_SECONDS):
        raise Busy
    try:
        yield
    finally:
        _places.release()


def counted_as(
    request: HttpRequest | None = None,  # noqa: ARG001
    credentials: dict[str, str] | None = None,
) -> str:
    """Return what django-axes counts failures of a name by.

    Somebody may have typed a password as the name, so that no name is kept.
    """
    name = (credentials or {}).get("username") or ""
    return salted_hmac("backoffice.sign_in", name, algorithm="sha256").hexdigest()


def has_failed(user: User) -> bool:
    """Tell whether wrong passwords of an account are counted now."""
    name = counted_as(credentials={"username": user.username})
    found: bool = AccessAttempt.objects.filter(username=name).exists()
    return found


@transaction.atomic
def unlock(user: User, *, by: str, reason: str) -> int:
    """Forget the failures of an account, so that its owner can try again."""
    forgotten: int = reset(username=counted_as(credentials={"username": user.username}))
    trail.record("user.unlocked", user, by=by, reason=reason)
    return forgotten


def locked(
    request: HttpRequest,
    response: HttpResponse | None = None,  # noqa: ARG001
    credentials: dict[str, str] | None = None,  # noqa: ARG001
) -> HttpResponse:
    """Answer a try while its account or its address is locked."""
    cool_off = get_cool_off(request)
    seconds = int(cool_off.total_seconds()) if cool_off else BUSY_SECONDS
    words = _(
        "There were too many wrong passwords for this name, or from where you are. "
        "Try again in %(minutes)d minutes, or ask an administrator."
    ) % {"minutes": seconds // 60}
    return refusal(request, words, status=429, after=seconds)


def too_often(request: HttpRequest) -> HttpResponse:
    """Answer a try that comes too soon after many others."""
    words = _("Somebody where you are tries to sign in very often. Wait for a minute.")
    return refusal(request, words, status=429, after=throttles.MINUTE)


def busy(request: HttpRequest) -> HttpResponse:
    """Answer a try for which there was no place."""
    words = _("Many sign in just now. Wait for some seconds, then try again.")
    return refusal(request, words, status=503, after=BUSY_SECONDS)


def refusal(
    request: HttpRequest, words: str, *, status: int, after: int
) -> HttpResponse:
    """Say calmly that nobody is let in now, and when to try again."""
    context = {"title": _("Not now"), "words": words}
    answer = TemplateResponse(
        request, "admin/staff/not_now.html", context, status=status
    )
    answer.headers["Retry-After"] = str(after)
    return answer.render()
