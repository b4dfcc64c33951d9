"""Everything that was done about the programme, as the trail says it."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from lending.audit import wording
from lending.models import AuditEntry
from xero_sync.partner_programme import standing


@dataclass(frozen=True)
class Event:
    """One line of the history, whatever it is about."""

    at: datetime
    author: str
    words: str
    note: str


def read() -> list[Event]:
    """Return all of it, the latest first."""
    scopes = AuditEntry.objects.filter(verb="xero_app.scopes_changed")
    found = AuditEntry.objects.about(standing.record()) | scopes
    return [
        Event(one.at, one.actor, wording.sentence(one), _note(one))
        for one in found.latest_first()
    ]


def _note(entry: AuditEntry) -> str:
    override = entry.after.get("override_reason")
    because = _("Submitted with open items, because: %s")
    return " ".join(filter(None, (entry.reason, override and because % override)))
