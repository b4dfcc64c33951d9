"""The second factor of staff: an app that shows codes, and codes on paper.

Everybody sets theirs up when they first sign in. Without one nobody passes, but on a
developer's own machine, where `STAFF_SECOND_FACTOR=false` says so.
"""

from base64 import b32encode
from ipaddress import ip_address
from urllib.parse import quote, urlencode

import segno
from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpRequest
from django.utils.safestring import SafeString, mark_safe
from django_otp import login as otp_login
from django_otp import match_token
from django_otp.models import Device

from backoffice.models import Authenticator, RecoveryCodes
from backoffice.models.users import SessionEnd
from backoffice.users import sessions
from lending.audit import origin, trail

LONGEST = 60


def is_left_out() -> bool:
    """Tell whether this request passes without: settings say so, on this machine."""
    if settings.STAFF_SECOND_FACTOR:
        return False
    address = origin.current().address
    return address is None or ip_address(address).is_loopback


def is_passed(request: HttpRequest) -> bool:
    """Tell whether who is signed in has shown their second factor as well."""
    return is_left_out() or request.user.is_verified()  # type: ignore[union-attr]


def is_set_up(user: User) -> bool:
    """Tell whether a person has an authenticator that has proven itself."""
    found: bool = Authenticator.objects.filter(user=user, confirmed=True).exists()
    return found


def pending(user: User) -> Authenticator | None:
    """Return the authenticator that a person is setting up."""
    found: Authenticator | None = Authenticator.objects.filter(
        user=user, confirmed=False
    ).first()
    return found


def begin(user: User) -> None:
    """Make a key for a new authenticator; one that was never confirmed is forgotten."""
    Authenticator.objects.update_or_create(
        user=user,
        confirmed=False,
        defaults={
            "name": "app",
            "sealed_key": Authenticator.new_key(),
            "last_step": -1,
            "throttling_failure_count": 0,
            "throttling_failure_timestamp": None,
        },
    )


@transaction.atomic
def set_up(request: HttpRequest, code: str) -> list[str] | None:
    """Take an authenticator into use if it shows the right code.

    Returns:
        The recovery codes, which are kept nowhere else; None for a wrong code.
    """
    user = _user(request)
    waiting = Authenticator.objects.select_for_update().filter(
        user=user, confirmed=False
    )
    device = waiting.first()
    # Whoever has one already shows it first; only a reset makes room for another.
    if device is None or is_set_up(user) or not device.verify_token(_digits(code)):
        return None
    device.confirmed = True
    device.save(update_fields=["confirmed"])
    trail.record("user.second_factor_set_up", user)
    _let_in(request, device)
    return new_codes(user)


@transaction.atomic
def new_codes(user: User) -> list[str]:
    """Make new recovery codes, and forget all former ones."""
    codes, hashes = RecoveryCodes.make()
    RecoveryCodes.objects.update_or_create(
        user=user, defaults={"name": "paper", "hashes": hashes, "confirmed": True}
    )
    trail.record("user.recovery_codes_made", user)
    return codes


def codes_left(user: User) -> int:
    """Count the recovery codes that were not used yet."""
    found = RecoveryCodes.objects.filter(user=user).first()
    return len(found.hashes) if found else 0


def check(request: HttpRequest, text: str) -> bool:
    """Take a code of the app or of the paper; the trail tells of it.

    After a failure the next try is only looked at after a wait that doubles.
    """
    user = _user(request)
    with transaction.atomic():
        device = match_token(user, _digits(text))
        if device is None:
            trail.record("user.second_factor_failed", user)
        elif isinstance(device, RecoveryCodes):
            left = {"codes_left": len(device.hashes)}
            trail.record("user.recovery_code_used", user, after=left)
        else:
            trail.record("user.second_factor_passed", user)
    if device is None:
        return False
    _let_in(request, device)
    return True


@transaction.atomic
def reset(user: User, *, by: str, reason: str) -> None:
    """Take a person's second factor away: they set one up when they next sign in."""
    Authenticator.objects.filter(user=user).delete()
    RecoveryCodes.objects.filter(user=user).delete()
    trail.record("user.second_factor_reset", user, by=by, reason=reason)
    sessions.end_all(user, SessionEnd.RIGHTS_CHANGED)


def secret_of(device: Authenticator) -> str:
    """Spell the key for who cannot take a picture, in groups of four."""
    plain = b32encode(device.key).decode()
    return " ".join(plain[at : at + 4] for at in range(0, len(plain), 4))


def picture_of(device: Authenticator) -> SafeString:
    """Draw what an app takes a picture of, as SVG without style or script."""
    issuer = settings.LENDER_NAME
    label = quote(f"{issuer}:{device.user.get_username()}")
    query = urlencode({"secret": b32encode(device.key).decode(), "issuer": issuer})
    drawn = segno.make(f"otpauth://totp/{label}?{query}", error="m")
    return mark_safe(drawn.svg_inline(scale=5, light="#fff"))  # noqa: S308 - segno's own


def _let_in(request: HttpRequest, device: Device) -> None:
    """Note the proof, under a new cookie: nobody else may know the one before."""
    otp_login(request, device)
    request.session.cycle_key()


def _user(request: HttpRequest) -> User:
    user = request.user
    assert isinstance(user, User)  # noqa: S101 - the pages ask who is signed in first
    return user


def _digits(text: str) -> str:
    return "".join(text.split())[:LONGEST]
