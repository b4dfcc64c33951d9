"""What the API answers about entries, for its description."""

from rest_framework import serializers

from backoffice.api.lending.schemas import EntryShown, text
from xero_sync.models.choices import Cause, Outcome, Reason, State


class LookedFor(serializers.Serializer):
    """What a person looks for in Xero."""

    what = serializers.CharField()
    value = text()


# `from` is a word of Python's.
Change = type(
    "Change",
    (serializers.Serializer,),
    {
        "__doc__": "A line of the timeline.",
        "at": serializers.DateTimeField(),
        "from": serializers.ChoiceField(State.choices, allow_null=True),
        "to": serializers.ChoiceField(State.choices),
        "reason": serializers.ChoiceField(Reason.choices, allow_blank=True),
        "cause": serializers.ChoiceField(Cause.choices),
        "in_words": serializers.CharField(),
        "who": text(),
        "note": text(),
    },
)


class Attempt(serializers.Serializer):
    """One HTTP exchange with Codat."""

    started_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField()
    elapsed_ms = serializers.IntegerField()
    outcome = serializers.ChoiceField(Outcome.choices)
    status_code = serializers.IntegerField(allow_null=True)
    correlation_id = text()
    push_operation_key = serializers.UUIDField(allow_null=True)
    error = text()


class Write(serializers.Serializer):
    """One request to Codat, sent perhaps more than once with the same bytes."""

    id = serializers.UUIDField()
    data_type = serializers.CharField()
    mapping_version = serializers.IntegerField(allow_null=True)
    created_at = serializers.DateTimeField()
    attempts = Attempt(many=True)


class EntryWithEvidence(EntryShown):
    """Everything that is known of an entry."""

    look_for_in_xero = LookedFor(many=True)
    timeline = Change(many=True)
    requests = Write(many=True)
