"""What is due, or will be: all work that background processes do, and since when."""

from datetime import datetime

from django.db.models import Min, QuerySet, TextChoices
from django.utils.translation import gettext_lazy as _

from xero_sync.models import (
    BorrowerWish,
    Connection,
    Lane,
    SetupStep,
    SyncRecord,
    WatchedPush,
    WebhookMessage,
)
from xero_sync.models.choices import State
from xero_sync.models.setups import SetupState


class Work(TextChoices):
    """The kinds of work that background processes do."""

    SENDS = "sends", _("Companies with entries to send")
    POLLS = "polls", _("Sent entries to ask Codat about")
    WATCHED = "watched", _("Pushes left behind to ask Codat about")
    LEASES = "leases", _("Entries whose sender stopped")
    MESSAGES = "messages", _("Messages from Codat to read")
    SETUPS = "setups", _("Accounts to be made for a choice")
    WISHES = "wishes", _("What borrowers want done at Codat")
    LOOKS = "looks", _("Chosen accounts to be looked at before a write")
    STRAYS = "strays", _("Pushes of unknown origin to look up")


def work() -> dict[Work, tuple[QuerySet, str]]:
    """Return all that can be due: rows by kind, and the field that says when."""
    sent = SyncRecord.objects.filter(
        state__in=(State.PENDING, State.UNKNOWN), next_poll_at__isnull=False
    )
    return {
        Work.SENDS: (Lane.objects.all(), "due_at"),
        Work.POLLS: (sent, "next_poll_at"),
        Work.WATCHED: (WatchedPush.objects.watched(), "next_poll_at"),
        # Its end makes an entry due whose sender died.
        Work.LEASES: (SyncRecord.objects.filter(state=State.SENDING), "lease_until"),
        Work.MESSAGES: (
            WebhookMessage.objects.filter(processed_at=None),
            "received_at",
        ),
        Work.SETUPS: (
            SetupStep.objects.filter(setup__state=SetupState.RUNNING),
            "due_at",
        ),
        Work.WISHES: (BorrowerWish.objects.open(), "due_at"),
        Work.LOOKS: (
            Connection.objects.exclude(choice_look_due_at=None),
            "choice_look_due_at",
        ),
        Work.STRAYS: (
            Connection.objects.exclude(stray_look_due_at=None),
            "stray_look_due_at",
        ),
    }


def first_due() -> datetime | None:
    """Return since when, or from when on, the first of all work is due."""
    moments = (
        rows.aggregate(first=Min(moment))["first"] for rows, moment in work().values()
    )
    return min((moment for moment in moments if moment), default=None)


def seconds_until_due(*, now: datetime) -> float | None:
    """Return how long until the next work is due; None if there is none."""
    first = first_due()
    return (first - now).total_seconds() if first else None
