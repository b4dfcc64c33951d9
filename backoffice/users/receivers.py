"""Who was made a user, who came in, who left, and who tried in vain."""

import logging
from typing import Any

from axes.signals import user_locked_out
from django.contrib.auth.models import User
from django.contrib.auth.signals import (
    user_logged_in,
    user_logged_out,
    user_login_failed,
)
from django.db import transaction
from django.db.models.signals import post_save
from django.dispatch import receiver
from django.http import HttpRequest

from backoffice.models.users import SessionEnd
from backoffice.users import sessions
from lending.audit import trail
from lending.audit.trail import Subject

ANYBODY = "anonymous"

log = logging.getLogger(__name__)


@receiver(post_save, sender=User, dispatch_uid="backoffice.users.made")
def made(instance: User, created: bool, raw: bool = False, **_: Any) -> None:  # noqa: FBT001, FBT002
    """Write down that there is a new user, whichever page or command made them."""
    if created and not raw:
        after = trail.values_of(instance, "username", "is_staff", "is_superuser")
        _record("user.created", instance, after=after)


@receiver(user_logged_in, dispatch_uid="backoffice.users.signed_in")
def signed_in(user: User, request: HttpRequest, **_: Any) -> None:
    """Begin a session, and write down who came in."""
    sessions.begin(request, user)
    _record("user.signed_in", user, by=f"user:{user.get_username()}")


@receiver(user_logged_out, dispatch_uid="backoffice.users.signed_out")
def signed_out(user: User | None, request: HttpRequest, **_: Any) -> None:
    """Write down who left; a session that was over already was nobody's."""
    session = getattr(request, "staff_session", None)
    if session is not None:
        sessions.end(session, SessionEnd.SIGNED_OUT)
    if user is not None:
        _record("user.signed_out", user, by=f"user:{user.get_username()}")


@receiver(user_login_failed, dispatch_uid="backoffice.users.failed")
def failed(
    credentials: dict[str, Any], request: HttpRequest | None = None, **_: Any
) -> None:
    """Write down at whose name somebody tried in vain.

    A name that nobody has may be a password in the wrong field: it is not repeated. A
    check of a password that is no sign-in comes without a request.
    """
    if request is None:
        return
    user = User.objects.filter(username=credentials.get("username")).first()
    unknown = Subject(User._meta.label_lower, "", "")
    _record("user.sign_in_failed", user or unknown, by=ANYBODY)


@receiver(user_locked_out, dispatch_uid="backoffice.users.locked")
def locked(request: HttpRequest, **_: Any) -> None:
    """Write down that a name or an address was locked for a while."""
    name = (getattr(request, "axes_credentials", None) or {}).get("username")
    user = User.objects.filter(username=name).first()
    _record("user.locked", user or Subject(User._meta.label_lower, "", ""), by=ANYBODY)


@transaction.atomic
def _record(verb: str, about: User | Subject, **entry: Any) -> None:
    told = trail.record(verb, about, **entry)
    log.info("%s %s from %s", verb, told.object_label, told.address or "here")
