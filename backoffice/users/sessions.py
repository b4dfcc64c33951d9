"""The sessions of staff: begun at signing in, ended by time, by hand, by new rights.

Django's own session holds the key of a row here; the row decides.
"""

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from backoffice.models import StaffSession
from backoffice.models.users import SessionEnd
from lending.audit import origin, trail

KEY = "staff_session"
# More often it would only cost a write for each page.
SEEN_EVERY = timedelta(minutes=1)
BROWSER_CHARACTERS = StaffSession._meta.get_field("browser").max_length or 0


def begin(request: HttpRequest, user: User) -> StaffSession:
    """Begin a session for who has just signed in."""
    now = timezone.now()
    session = StaffSession.objects.create(
        user=user,
        began_at=now,
        seen_at=now,
        confirmed_at=now,
        address=origin.current().address,
        browser=_plain(request.headers.get("User-Agent", "")),
    )
    request.session[KEY] = str(session.pk)
    return session


def current(request: HttpRequest) -> StaffSession | None:
    """Return the session that a request belongs to, ended or not."""
    key = request.session.get(KEY)
    if key is None:
        return None
    return StaffSession.objects.filter(pk=UUID(key), user=request.user.pk).first()


def is_over(session: StaffSession) -> bool:
    """Tell whether a session lets nobody in any more, and note why if time ended it."""
    now = timezone.now()
    if session.ended_at is not None:
        return True
    if now - session.began_at >= settings.STAFF_SESSION:
        _end(session, SessionEnd.TOO_LONG, now)
    elif now - session.seen_at >= settings.STAFF_IDLE:
        _end(session, SessionEnd.IDLE, now)
    return session.ended_at is not None


def see(session: StaffSession) -> None:
    """Note that somebody is there."""
    now = timezone.now()
    if now - session.seen_at >= SEEN_EVERY:
        live = StaffSession.objects.filter(pk=session.pk, ended_at=None)
        live.update(seen_at=now)


def is_fresh(session: StaffSession) -> bool:
    """Tell whether its person has proven lately who they are."""
    return timezone.now() - session.confirmed_at < settings.STAFF_FRESH


def confirm(session: StaffSession) -> None:
    """Note that its person has just proven who they are."""
    session.confirmed_at = timezone.now()
    session.save(update_fields=["confirmed_at"])


def end(session: StaffSession, why: SessionEnd) -> None:
    """End one session."""
    if session.ended_at is None:
        _end(session, why, timezone.now())


def end_all(user: User, why: SessionEnd, *, but: StaffSession | None = None) -> int:
    """End a person's sessions, but perhaps the one they sit in; return how many."""
    live = StaffSession.objects.live().filter(user=user)
    ended = list(live if but is None else live.exclude(pk=but.pk))
    for session in ended:
        _end(session, why, timezone.now())
    return len(ended)


@transaction.atomic
def _end(session: StaffSession, why: SessionEnd, now: datetime) -> None:
    live = StaffSession.objects.filter(pk=session.pk, ended_at=None)
    if live.update(ended_at=now, end=why):
        about = {"began": session.began_at, "why": why.value}
        trail.record("user.session_ended", session.user, after=about)
    session.ended_at, session.end = now, why


def _plain(browser: str) -> str:
    return "".join(one for one in browser if one.isprintable())[:BROWSER_CHARACTERS]
