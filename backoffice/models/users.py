"""How staff come in: their second factor, and the sessions they work in."""

import hashlib
import re
import secrets

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_otp.models import Device, ThrottlingMixin, TimestampMixin
from django_otp.oath import TOTP
from django_otp.util import random_hex

from lending.db import encryption
from lending.db.ids import new_id

DIGITS = 6
STEP_SECONDS = 30
# A clock that goes wrong by half a minute still lets its owner in.
STEPS_OFF = 1
# Each failure in a row doubles the wait from one second on.
THROTTLE_FACTOR = 1


class Authenticator(TimestampMixin, ThrottlingMixin, Device):
    """An app on a person's phone that shows a code of six digits (RFC 6238).

    The key must be read again for each code, so it is encrypted. A code counts once.
    """

    sealed_key = models.TextField(_("sealed key"), editable=False)
    last_step = models.BigIntegerField(_("last step"), default=-1, editable=False)

    class Meta:
        verbose_name = _("authenticator")
        verbose_name_plural = _("authenticators")
        constraints = [
            models.UniqueConstraint(
                fields=["user", "confirmed"], name="backoffice_authenticator_one_a_user"
            )
        ]

    @staticmethod
    def new_key() -> str:
        """Return a key of 160 random bits, sealed."""
        return encryption.seal(random_hex(20))

    @property
    def key(self) -> bytes:
        """The key.

        Raises:
            Unreadable: none of FIELD_ENCRYPTION_KEYS opens it.
        """
        return bytes.fromhex(encryption.unseal(self.sealed_key))

    def verify_token(self, token: str) -> bool:
        """Tell whether a code is the one of now, and was not used before."""
        if not self.verify_is_allowed()[0] or not _is_code(token):
            return False
        totp = TOTP(self.key, STEP_SECONDS, digits=DIGITS)
        totp.time = timezone.now().timestamp()
        if not totp.verify(int(token), STEPS_OFF, self.last_step + 1):
            self.throttle_increment()
            return False
        self.last_step = totp.t()
        self.throttle_reset(commit=False)
        self.set_last_used_timestamp(commit=False)
        self.save()
        return True

    def get_throttle_factor(self) -> float:
        """Return the wait after a first failure, in seconds."""
        return THROTTLE_FACTOR


class RecoveryCodes(ThrottlingMixin, Device):
    """Codes on paper for a person whose phone is lost; each lets in once.

    A code has 120 random bits, so that a plain hash of it gives nothing away.
    """

    COUNT = 10

    hashes = models.JSONField(_("hashes"), default=list, editable=False)

    class Meta:
        verbose_name = _("recovery codes")
        verbose_name_plural = _("recovery codes")
        constraints = [
            models.UniqueConstraint(
                fields=["user"], name="backoffice_recoverycodes_one_a_user"
            )
        ]

    @classmethod
    def make(cls) -> tuple[list[str], list[str]]:
        """Return new codes, and what is kept of them."""
        codes = [secrets.token_hex(15) for _ in range(cls.COUNT)]
        return [_spaced(code) for code in codes], [_hash(code) for code in codes]

    def verify_token(self, token: str) -> bool:
        """Tell whether a code is one of those left, and use it up."""
        if not self.verify_is_allowed()[0] or _is_code(token):
            return False
        given = _hash(token)
        if given not in self.hashes:
            self.throttle_increment()
            return False
        self.hashes.remove(given)
        self.throttle_reset(commit=False)
        self.save()
        return True

    def get_throttle_factor(self) -> float:
        """Return the wait after a first failure, in seconds."""
        return THROTTLE_FACTOR


class SessionEnd(models.TextChoices):
    """Why a session is over."""

    SIGNED_OUT = "signed_out", _("signed out")
    ENDED = "ended", _("ended by hand")
    IDLE = "idle", _("nothing was done for long")
    TOO_LONG = "too_long", _("lasted too long")
    RIGHTS_CHANGED = "rights_changed", _("password, roles or second factor changed")


class StaffSessionQuerySet(models.QuerySet["StaffSession"]):
    """Which sessions count."""

    def live(self) -> "StaffSessionQuerySet":
        """Return those that still let somebody in."""
        now = timezone.now()
        return self.filter(
            ended_at=None,
            seen_at__gt=now - settings.STAFF_IDLE,
            began_at__gt=now - settings.STAFF_SESSION,
        )


class StaffSession(models.Model):
    """What a person of the staff does between signing in and leaving.

    `confirmed_at` is when they last proved who they are.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="sessions"
    )
    began_at = models.DateTimeField(_("began"))
    seen_at = models.DateTimeField(_("last seen"))
    confirmed_at = models.DateTimeField(_("last confirmed"))
    address = models.GenericIPAddressField(_("from"), null=True)
    browser = models.CharField(_("browser"), max_length=200, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True)
    end = models.CharField(
        _("why"), max_length=20, choices=SessionEnd.choices, blank=True
    )

    objects = StaffSessionQuerySet.as_manager()

    class Meta:
        verbose_name = _("session")
        verbose_name_plural = _("sessions")
        indexes = [
            models.Index(
                fields=["user"],
                condition=Q(ended_at=None),
                name="backoffice_session_of_user",
            )
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(ended_at=None, end="")
                | Q(ended_at__isnull=False) & ~Q(end=""),
                name="backoffice_session_ended_for_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(seen_at__gte=F("began_at")),
                name="backoffice_session_seen_after_it_began",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} {self.began_at:%Y-%m-%d %H:%M}"


def _is_code(token: str) -> bool:
    return re.fullmatch(rf"[0-9]{{{DIGITS}}}", token) is not None


def _spaced(code: str) -> str:
    return "-".join(code[at : at + 6] for at in range(0, len(code), 6))


def _hash(code: str) -> str:
    plain = "".join(code.lower().split()).replace("-", "")
    return hashlib.sha256(plain.encode()).hexdigest()
