"""What is answered about entries; no bodies, no secrets."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import Count
from rest_framework import serializers

from backoffice.api.framework.answers import (
    Answer,
    Balance,
    Masked,
    Moment,
    Reference,
    text,
)
from xero_sync.entries import status as entry_status
from xero_sync.entries import wording as entry_wording
from xero_sync.entries.redaction import mask_text
from xero_sync.entries.status import Actor
from xero_sync.entries.waiting import Wait
from xero_sync.models import RecordChange, SyncRecord, WriteRequest
from xero_sync.models.choices import DATA_TYPES, Cause, Outcome, Reason, State, Step

Known = Mapping[str, Any]


class DataType(serializers.ChoiceField):
    """What Codat calls the kind of an entry."""

    def __init__(self, **options: Any) -> None:
        super().__init__(choices=sorted(set(DATA_TYPES.values())), **options)


class StepsDataType(DataType):
    """The same, by the step."""

    def to_representation(self, value: str) -> str:
        """Return the data type of a step."""
        return DATA_TYPES[Step(value)]


class PlannedEntry(Answer):
    """An entry that must stand in Xero for the event, as it was planned."""

    id = serializers.UUIDField()
    step = serializers.ChoiceField(Step.choices)
    data_type = StepsDataType(source="step")
    value_date = serializers.DateField()
    lender_effect = Balance(
        currency="loan.company.currency", help_text="On the lender account."
    )
    state = serializers.ChoiceField(State.choices)
    reason = serializers.ChoiceField(Reason.choices, allow_blank=True)


class Blocker(Answer):
    """The entry that keeps another one waiting."""

    why = serializers.ChoiceField(Wait.choices)
    id = serializers.UUIDField()
    event = Reference(source="event.external_id")
    step = serializers.ChoiceField(Step.choices)
    state = serializers.ChoiceField(State.choices)
    reason = serializers.ChoiceField(Reason.choices, allow_blank=True)
    who_must_act = serializers.ChoiceField(Actor.choices)

    @classmethod
    def known(cls, rows: Sequence[SyncRecord]) -> Sequence[Known]:
        """Return whose move it is."""
        return [
            {
                "who_must_act": entry_status.actor_of(
                    state=one.state, reason=one.reason
                ).value
            }
            for one in rows
        ]


class EntryShown(PlannedEntry):
    """Where an entry is, what keeps it, whose move it is, and since when."""

    event = Reference(source="event.external_id")
    loan = Reference(source="loan.reference")
    company = Reference(source="loan.company.reference")
    in_words = serializers.CharField()
    who_must_act = serializers.ChoiceField(Actor.choices)
    since = Moment()
    blocked_by = Blocker(allow_null=True)
    attempts = serializers.IntegerField(min_value=0, help_text="HTTP exchanges.")
    planned_at = Moment(source="created_at")
    not_before = Moment(allow_null=True, help_text="It is not sent before then.")
    next_look_at = Moment(source="next_poll_at", allow_null=True)
    codat_says = Masked(
        source="failure",
        allow_blank=True,
        help_text="Codat's own words, if it refused.",
    )
    push_operation_key = serializers.UUIDField(allow_null=True)
    xero_record_id = text()

    @classmethod
    def known(cls, rows: Sequence[SyncRecord]) -> Sequence[Known]:
        """Return where each of them is, and how often it was sent."""
        statuses = entry_status.statuses_of(rows)
        counted = SyncRecord.objects.filter(pk__in=[one.pk for one in rows])
        attempts = dict(
            counted.annotate(found=Count("requests__attempts")).values_list(
                "pk", "found"
            )
        )
        return [
            {**_place(statuses[one.pk]), "attempts": attempts[one.pk]} for one in rows
        ]


def _place(status: entry_status.EntryStatus) -> Known:
    blocker = status.blocked_by
    return {
        "in_words": status.words,
        "who_must_act": status.actor.value,
        "since": status.since,
        "blocked_by": blocker and Blocker.of(blocker, why=status.wait),
    }


class LookedFor(Answer):
    """What a person looks for in Xero."""

    what = serializers.CharField()
    value = text()

    @classmethod
    def known(cls, rows: Sequence[tuple[str, str]]) -> Sequence[Known]:
        """Return each label with its value."""
        return [{"what": label, "value": mask_text(value)} for label, value in rows]


def _timeline(rows: Sequence[RecordChange]) -> Sequence[Known]:
    return [
        {"from": one.from_state or None, "in_words": _in_words(one)} for one in rows
    ]


def _in_words(change: RecordChange) -> str:
    state = str(change.get_to_state_display())
    reason = f" ({change.get_reason_display()})" if change.reason else ""
    return f"{state}{reason}: {change.get_cause_display()}"


# `from` is a word of Python's.
Change = type(
    "Change",
    (Answer,),
    {
        "__doc__": "A line of the timeline.",
        "at": Moment(),
        "from": serializers.ChoiceField(State.choices, allow_null=True),
        "to": serializers.ChoiceField(State.choices, source="to_state"),
        "reason": serializers.ChoiceField(Reason.choices, allow_blank=True),
        "cause": serializers.ChoiceField(Cause.choices),
        "in_words": serializers.CharField(),
        "who": text(source="actor"),
        "note": Masked(allow_blank=True),
        "known": staticmethod(_timeline),
    },
)


class Attempt(Answer):
    """One HTTP exchange with Codat."""

    started_at = Moment()
    finished_at = Moment()
    elapsed_ms = serializers.IntegerField()
    outcome = serializers.ChoiceField(Outcome.choices)
    status_code = serializers.IntegerField(allow_null=True)
    correlation_id = text()
    push_operation_key = serializers.UUIDField(allow_null=True)
    error = Masked(allow_blank=True)


class Write(Answer):
    """One request to Codat, sent perhaps more than once with the same bytes."""

    id = serializers.UUIDField()
    data_type = serializers.CharField()
    mapping_version = serializers.IntegerField(
        source="mapping.version", allow_null=True
    )
    created_at = Moment()
    attempts = Attempt(many=True)

    @classmethod
    def known(cls, rows: Sequence[WriteRequest]) -> Sequence[Known]:
        """Return the exchanges of each, in order."""
        return [
            {"attempts": sorted(one.attempts.all(), key=lambda one: one.started_at)}
            for one in rows
        ]


class EntryWithEvidence(EntryShown):
    """Everything that is known of an entry."""

    look_for_in_xero = LookedFor(many=True)
    timeline = Change(many=True)
    requests = Write(many=True)

    @classmethod
    def known(cls, rows: Sequence[SyncRecord]) -> Sequence[Known]:
        """Return what to look for in Xero, its timeline and what was sent."""
        return [
            {**known, **_evidence(row)}
            for row, known in zip(rows, super().known(rows), strict=True)
        ]


def _evidence(record: SyncRecord) -> Known:
    sent = record.requests.defer("body").select_related("mapping")
    return {
        "look_for_in_xero": entry_wording.looked_for(record),
        "timeline": record.changes.order_by("at", "pk"),
        "requests": sent.prefetch_related("attempts").order_by("created_at"),
    }
