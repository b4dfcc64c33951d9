"""Everything that was recorded about the programme, as one history."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from lending import formats
from xero_sync.models import CheckpointReview, ProgrammeAct, ScopeChange
from xero_sync.models.programme import ActKind, PartnerStep, PartnerType, Preparation
from xero_sync.partner_programme import checkpoints

ABOUT = {
    ActKind.TYPE_CHOSEN: PartnerType,
    ActKind.PREPARED: Preparation,
    ActKind.UNPREPARED: Preparation,
    ActKind.STEP_TAKEN: PartnerStep,
    ActKind.STEP_WITHDRAWN: PartnerStep,
}


@dataclass(frozen=True)
class Event:
    """One line of the history, whatever it is about."""

    at: datetime
    author: str
    words: str
    note: str


def read() -> list[Event]:
    """Return all of it, the latest first."""
    events = [
        *(_of_act(one) for one in ProgrammeAct.objects.all()),
        *(_of_review(one) for one in CheckpointReview.objects.all()),
        *(_of_change(one) for one in ScopeChange.objects.all()),
    ]
    return sorted(events, key=lambda one: one.at, reverse=True)


def _of_act(act: ProgrammeAct) -> Event:
    about = ABOUT.get(ActKind(act.kind))
    words = act.get_kind_display()
    if about:
        words = f"{words}: {about(act.subject).label}"
    notes = [act.note]
    if act.override_reason:
        notes.append(_("Submitted with open items, because: %s") % act.override_reason)
    dated = f"{words} ({formats.day(act.happened_on)})"
    return Event(act.recorded_at, act.author, dated, " ".join(filter(None, notes)))


def _of_review(review: CheckpointReview) -> Event:
    words = _("Checkpoint %(name)s: %(status)s") % {
        "name": checkpoints.name_of(review.checkpoint),
        "status": review.get_status_display(),
    }
    note = " ".join(filter(None, (review.evidence, review.evidence_url)))
    return Event(review.recorded_at, review.author, words, note)


def _of_change(change: ScopeChange) -> Event:
    parts = []
    if change.added:
        parts.append(_("added %s") % ", ".join(change.added))
    if change.removed:
        parts.append(_("removed %s") % ", ".join(change.removed))
    words = _("Scopes changed (%(at)s): %(what)s") % {
        "at": formats.moment(change.changed_at),
        "what": "; ".join(parts),
    }
    return Event(change.recorded_at, change.author, words, change.note)
