"""What holds for every decision of a person about an entry.

Codat is looked at first, outside any transaction; the decision then holds for the entry
as it was looked at, or is refused.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from xero_sync.codat.client import CodatClient
from xero_sync.codat.exceptions import DecisionNotAllowed
from xero_sync.models import SyncRecord
from xero_sync.models.state_sets import StateSet
from xero_sync.writeback import before_deciding, outcomes, watching
from xero_sync.writeback.before_deciding import Seen
from xero_sync.writeback.transitions import lock_entry


@contextmanager
def decided(
    record: SyncRecord,
    reason: str,
    *,
    where: StateSet,
    refusal: Promise,
    client: CodatClient,
    now: datetime,
    is_sent_anew: bool = False,
) -> Iterator[SyncRecord]:
    """Hold an entry that is as it was when Codat was looked at, to decide about it.

    What it leaves behind at Codat is watched from then on.

    Raises:
        DecisionNotAllowed: no reason is given, it does not stand where it may be
            decided so, or a push of it is on its way or has succeeded.
        CodatNotAsked: whether a push is on its way could not be found out.
    """
    _require(reason, record, where, refusal)
    seen = before_deciding.look(record, client=client, now=now)
    if is_sent_anew:
        _require_told(record, seen, now)
    with transaction.atomic():
        locked = _locked(record, seen, now)
        _require(reason, locked, where, refusal)
        if is_sent_anew:
            _require_no_alarm(locked)
        yield locked
        _watch(locked, seen, now)


def _require_told(record: SyncRecord, seen: Seen, now: datetime) -> None:
    """Ask anew where a success that may be the entry has come since it was asked.

    Raises:
        DecisionNotAllowed: nobody could have looked for what that push made.
    """
    notes = list(record.changes.values_list("note", flat=True))
    for one in seen.succeeded:
        if any(str(one.key) in note for note in notes):
            continue
        made = one.record_id or _("a record without an id")
        words = _(
            "Push %(key)s, which may be this entry, has succeeded: it made %(record)s "
            "in Xero. Look at that record: link this entry to it, or say once more "
            "that it is not there."
        ) % {"key": one.key, "record": made}
        note = f"push {one.key} may be it and made {one.record_id or 'a record'}"
        with transaction.atomic():
            outcomes.ask_person([_locked(record, seen, now)], now=now, note=note)
        raise DecisionNotAllowed(words)


def _locked(record: SyncRecord, seen: Seen, now: datetime) -> SyncRecord:
    """Lock an entry that is as it was when Codat was looked at.

    Raises:
        DecisionNotAllowed: it has been moved on meanwhile.
    """
    record = lock_entry(record, now=now)
    if record.fence != seen.fence:
        raise DecisionNotAllowed(
            _(
                "This entry has changed meanwhile: it is %(state)s. Look at it again "
                "and decide anew."
            )
            % {"state": record.get_state_display()}
        )
    return record


def _watch(record: SyncRecord, seen: Seen, now: datetime) -> None:
    for one in seen.left:
        watching.begin(
            record,
            key=one.key,
            connection=one.connection,
            now=now,
            status=one.status,
            is_ours=one.is_ours,
        )


def _require(
    reason: str,
    record: SyncRecord,
    where: StateSet,
    refusal: Promise,
) -> None:
    require_reason(reason)
    if not where.include(record.state, record.reason):
        raise DecisionNotAllowed(str(refusal) % {"state": record.get_state_display()})


def require_reason(reason: str) -> None:
    """Refuse a decision that nobody could follow later.

    Raises:
        DecisionNotAllowed: there is no reason.
    """
    if not reason.strip():
        raise DecisionNotAllowed(
            _("Give a reason: it stays on the entry's record."), field="reason"
        )


def _require_no_alarm(record: SyncRecord) -> None:
    if record.is_alarmed:
        raise DecisionNotAllowed(
            _(
                "Another push of this entry has succeeded. Look at what it made in "
                "Xero: link the entry to it, or settle the alarm first."
            )
        )
