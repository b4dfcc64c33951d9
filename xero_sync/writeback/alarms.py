"""What becomes of a watched push: an entry that stands after all, or an alarm.

A push that succeeds beside its entry may have put the money into Xero twice. Nothing
mends that by itself: a person looks in Xero and settles the alarm with a reason.
"""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from xero_sync.codat.push import PushOperation, PushStatus
from xero_sync.models import SyncRecord, WatchedPush
from xero_sync.models.choices import (
    NOT_SENT_STATES,
    STANDING_STATES,
    UNDER_WAY_STATES,
    Cause,
    State,
)
from xero_sync.writeback import outcomes, watching
from xero_sync.writeback.transitions import lock_entry


def note(watched: WatchedPush, operation: PushOperation, *, now: datetime) -> None:
    """Take over what Codat says about a watched push, whatever its entry's state."""
    if operation.status == PushStatus.SUCCESS:
        _succeeded(watched.pk, operation.record_id, now)
        return
    is_over = operation.status == PushStatus.FAILED or now >= watched.watched_until
    values = {"next_poll_at": None} if is_over else {}
    open_ones = WatchedPush.objects.exclude(status=PushStatus.SUCCESS)
    open_ones.filter(pk=watched.pk).update(status=operation.status, **values)


@transaction.atomic
def _succeeded(number: int, xero_record_id: str, now: datetime) -> None:
    pushes = WatchedPush.objects.select_related("record")
    record = lock_entry(pushes.get(pk=number).record, now=now)
    watched = WatchedPush.objects.select_for_update().get(pk=number)
    if watched.status == PushStatus.SUCCESS:
        return
    watched.status, watched.next_poll_at = PushStatus.SUCCESS, None
    watched.xero_record_id = xero_record_id
    if not _is_what_it_stands_by(record, watched):
        if _is_to_stand_by_it(record, watched):
            _adopt(record, watched, now)
        else:
            _raise(record, watched, now)
    watched.save(
        update_fields=["status", "next_poll_at", "xero_record_id", "alarmed_at"]
    )


def _adopt(record: SyncRecord, watched: WatchedPush, now: datetime) -> None:
    """Let an entry stand by the push: it is in Xero, and is not sent again."""
    outcomes.written(
        record,
        cause=Cause.LOOK,
        now=now,
        xero_record_id=watched.xero_record_id,
        push_operation_key=watched.push_operation_key,
        note="a push that it had left behind succeeded",
    )


def _raise(record: SyncRecord, watched: WatchedPush, now: datetime) -> None:
    watched.alarmed_at = now
    SyncRecord.objects.filter(pk=record.pk).update(is_alarmed=True)
    made = watched.xero_record_id or "a record without an id"
    watching.tell(
        record,
        cause=Cause.LANDED,
        now=now,
        note=f"push {watched.push_operation_key} made {made}",
        key=watched.push_operation_key if watched.is_ours else None,
    )


def _is_what_it_stands_by(record: SyncRecord, watched: WatchedPush) -> bool:
    """Tell whether the success is the entry's own, or another entry's altogether."""
    key, made = watched.push_operation_key, watched.xero_record_id
    if not watched.is_ours and watching.owners_of(key) - {record.pk}:
        return True
    if record.state not in STANDING_STATES:
        return False
    if made and record.xero_record_id:
        return made == record.xero_record_id
    return record.push_operation_key == key and record.state == State.WRITTEN


def _is_to_stand_by_it(record: SyncRecord, watched: WatchedPush) -> bool:
    """Tell whether nothing else of the entry is in Xero, or may come there."""
    key = watched.push_operation_key
    if record.state in UNDER_WAY_STATES:
        present = record.request
        return record.push_operation_key == key or (
            present is not None
            and present.attempts.filter(push_operation_key=key).exists()
        )
    return record.state in NOT_SENT_STATES and watched.is_ours


def advice(record: SyncRecord) -> list[str]:
    """Say for each open alarm of an entry what has happened and what is to be done."""
    if not record.is_alarmed:
        return []
    alarms = record.watched_pushes.alarms().order_by("alarmed_at", "pk")
    return [_advice(record, one) for one in alarms]


def _advice(record: SyncRecord, watched: WatchedPush) -> str:
    words = {
        State.WRITTEN: _(
            "Two entries may stand in Xero, %(own)s and %(made)s. Compare them there, "
            "remove one if both are this entry, and settle the alarm."
        ),
        State.LINKED_BY_HAND: _(
            "The entry was linked by hand to %(own)s, so two may stand in Xero. "
            "Remove one, unless %(made)s is the very one that was linked, and settle "
            "the alarm."
        ),
        State.CANCELLED: _(
            "The entry is cancelled, so %(made)s should not stand in Xero. Remove it "
            "there, and settle the alarm."
        ),
    }
    under_way = _(
        "The entry has been sent once more and is under way, so two may come to stand "
        "in Xero. Once it is written, remove one; if only %(made)s stands there, link "
        "the entry to it. Then settle the alarm."
    )
    not_sent = _(
        "Nobody knows whether that is this entry. Look at %(made)s in Xero: if it is, "
        "link the entry to it. Then settle the alarm."
    )
    default = under_way if record.state in UNDER_WAY_STATES else not_sent
    beginning = (
        _("Push %(key)s, which the entry had left behind, succeeded.")
        if watched.is_ours
        else _("Push %(key)s, which may be this entry's, succeeded.")
    )
    unknown = _("a record whose id is not known")
    facts = {
        "key": watched.push_operation_key,
        "made": watched.xero_record_id or unknown,
        "own": record.xero_record_id or unknown,
    }
    advice = words.get(State(record.state), default)
    return f"{beginning} {advice}" % facts
