"""How many organisations Xero lets the lender's app reach, and what is used of it.

Xero allows an app without certification 25 connections; its demo company takes no
place (Codat's page on setting Xero up). The number is a setting, because Xero sells
other ones; certification lifts it.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db import models
from django.db.models import Count, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from xero_sync.codat.exceptions import ConnectionCapReached, IntegrationOff
from xero_sync.models import Connection, Heartbeat
from xero_sync.models.connections import DEMO
from xero_sync.xero_app import facts

# Certification can take months, so it is asked for early: per cent of the limit.
EARLY, LATE = 60, 80
# Whoever counts places while a connection becomes linked holds this row.
COUNTING = "connection cap"


class Level(models.TextChoices):
    """How much of the limit is used."""

    FREE = "free", gettext_lazy("Places are free")
    EARLY = "early", gettext_lazy("More than half is used")
    LATE = "late", gettext_lazy("Nearly all is used")
    FULL = "full", gettext_lazy("All is used")


@dataclass(frozen=True, slots=True)
class Usage:
    """What is used of the limit; without one, `cap` is None.

    A place is taken by each linked connection that is no demo company's. Codat names no
    organisation by an id, so two connections to one organisation take two places.
    """

    count: int
    demo: int
    cap: int | None

    @property
    def level(self) -> Level:
        """Say how much is used."""
        if self.cap is None:
            return Level.FREE
        if self.count >= self.cap:
            return Level.FULL
        percent = 100 * self.count / self.cap
        if percent >= LATE:
            return Level.LATE
        return Level.EARLY if percent >= EARLY else Level.FREE

    @property
    def is_exceeded(self) -> bool:
        """Whether more are linked than the limit allows."""
        return self.cap is not None and self.count > self.cap


def usage() -> Usage:
    """Count what is used of the limit now."""
    counted = Connection.objects.linked().aggregate(
        count=Count("pk", filter=~DEMO), demo=Count("pk", filter=DEMO)
    )
    return Usage(**counted, cap=facts.current().connection_cap)


def require_place(*, connection: Connection | None = None) -> None:
    """Refuse a new consent where the limit is reached.

    `connection` is the one that the consent is for, if it exists. One that was linked
    before may always be linked again, and a demo company's takes no place. It cannot be
    prevented that borrowers who were let in while a place was free finish at once: a
    place is taken by the consent, at Xero. Such a surplus is flagged by `take_place`.

    Raises:
        ConnectionCapReached: no place is free.
    """
    if connection and (connection.consented_at or connection.is_demo):
        return
    now = usage()
    if now.level != Level.FULL:
        return
    raise ConnectionCapReached(
        _(
            "%(count)d of %(cap)d connections are in use, and Xero allows an "
            "uncertified app no more: no other borrower can connect. Become a "
            "certified Xero app partner, or disconnect a borrower who has left."
        )
        % {"cap": now.cap, "count": now.count}
    )


def require_integration() -> None:
    """Refuse to send anybody to Xero while the integration is off.

    Raises:
        IntegrationOff: an operator switched it off, or Codat says that it is off.
    """
    app = facts.current()
    if app.integration_on is False:
        raise IntegrationOff(
            _("The Xero integration is switched off; switch it on in the set-up first.")
        )
    if app.integration_on and app.enabled_at_codat is False:
        raise IntegrationOff(
            _(
                "Codat says that the Xero integration is not enabled; enable it in "
                "Codat's portal first."
            )
        )


def take_place(row: Connection, *, now: datetime) -> None:
    """Flag a connection that becomes linked beyond the limit; it is never cut off.

    It must run in the transaction that stores the status, before that is stored: two
    that become linked at the same time are counted one after the other.
    """
    cap = facts.current().connection_cap
    if cap is None or row.is_demo:
        return
    Heartbeat.objects.get_or_create(name=COUNTING, defaults={"beat_at": now})
    Heartbeat.objects.select_for_update().get(name=COUNTING)
    others = Connection.objects.linked().not_demo().exclude(pk=row.pk).count()
    if others >= cap:
        row.over_cap_since = now


def surplus() -> QuerySet[Connection]:
    """Return the connections beyond the limit, while it is exceeded."""
    flagged = Connection.objects.linked().not_demo().exclude(over_cap_since=None)
    return flagged if usage().is_exceeded else flagged.none()


def settle() -> int:
    """Take the flags off where the limit is no longer exceeded; return how many."""
    flagged = Connection.objects.exclude(over_cap_since=None)
    if not flagged.exists() or usage().is_exceeded:
        return 0
    return flagged.update(over_cap_since=None)


def warning() -> str:
    """Say what an operator should do about the limit; "" while there is room."""
    now = usage()
    if now.level == Level.FREE:
        return ""
    return f"{in_words(now)} {_WHAT_TO_DO[now.level]}"


def in_words(now: Usage) -> str:
    """Say how many places are taken, demo companies apart."""
    demo = (
        ngettext(
            "Demo companies, which take no place: %(count)d.",
            "Demo companies, which take no place: %(count)d.",
            now.demo,
        )
        % {"count": now.demo}
        if now.demo
        else ""
    )
    if now.cap is None:
        taken = _("%(count)d organisations are connected; no limit applies.")
    else:
        taken = _("%(count)d of %(cap)d connections to Xero are in use.")
    return f"{taken % {'count': now.count, 'cap': now.cap}} {demo}".strip()


_WHAT_TO_DO = {
    Level.EARLY: gettext_lazy(
        "Start the partner application now: it can take months, and only a certified "
        "app may have more."
    ),
    Level.LATE: gettext_lazy(
        "Nearly all are taken: start the partner application now, it can take months."
    ),
    Level.FULL: gettext_lazy(
        "No other borrower can connect until the app is certified, or one who has left "
        "is disconnected. Those who are connected can always reconnect."
    ),
}
