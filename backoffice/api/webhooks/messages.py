"""What our messages to other services look like; `backoffice.webhooks` makes them."""

from rest_framework import serializers

from backoffice.api.framework.answers import Reference, text
from backoffice.models.webhooks import MessageType
from xero_sync.entries.status import Actor
from xero_sync.models.choices import ConnectionStatus, Reason, State, Step


def path_field() -> serializers.CharField:
    """Return a field for where to read more."""
    return serializers.CharField(
        help_text="Below this product's address: where to read more."
    )


class MessagesEntry(serializers.Serializer):
    """The entry that a message is about."""

    id = serializers.UUIDField()
    step = serializers.ChoiceField(Step.choices)


class EventData(serializers.Serializer):
    """Where an event stands; no money, no bank details."""

    event = Reference()
    loan = Reference()
    company = Reference()
    state = serializers.ChoiceField(State.choices)
    reason = serializers.ChoiceField(Reason.choices, allow_blank=True)
    in_words = serializers.CharField()
    who_must_act = serializers.ChoiceField(Actor.choices)
    path = path_field()


class EntryData(EventData):
    """Where one entry of an event stands."""

    entry = MessagesEntry()


class LoanData(serializers.Serializer):
    """The loan that is at its end, in our book and in Xero."""

    loan = Reference()
    company = Reference()
    state = serializers.ChoiceField(["settled"])
    path = path_field()


class ConnectionData(serializers.Serializer):
    """What others see of a connection, and which of it has changed."""

    connection = serializers.UUIDField()
    company = Reference()
    changed = serializers.ListField(child=serializers.CharField())
    status = serializers.ChoiceField(ConnectionStatus.choices)
    writeback_on = serializers.BooleanField()
    bank_feeds = serializers.BooleanField()
    organisation_name = text()
    organisation_changed = serializers.BooleanField()
    path = path_field()


class TestData(serializers.Serializer):
    """The endpoint that is tried."""

    endpoint = serializers.UUIDField()
    path = path_field()


# The data of each message, and when it is sent.
MESSAGES: dict[str, tuple[type[serializers.Serializer], str]] = {
    MessageType.EVENT_WRITTEN: (
        EventData,
        "Every entry of an event stands in Xero that it does not do without.",
    ),
    MessageType.EVENT_NEEDS_ATTENTION: (
        EntryData,
        "An entry of an event does not go on until somebody decides.",
    ),
    MessageType.EVENT_UNKNOWN: (
        EntryData,
        "It is not known yet whether an entry of an event stands in Xero.",
    ),
    MessageType.CONNECTION_CHANGED: (
        ConnectionData,
        "Something that others see of a connection has changed.",
    ),
    MessageType.LOAN_SETTLED: (
        LoanData,
        "A loan is at its end, in our book and in Xero.",
    ),
    MessageType.ENDPOINT_TEST: (
        TestData,
        "Somebody tries whether messages arrive.",
    ),
}


def serializer_of(message_type: str) -> type[serializers.Serializer]:
    """Return what describes the whole of a message."""
    data, words = MESSAGES[message_type]
    name = "".join(part.title() for part in message_type.replace("_", ".").split("."))
    return type(
        f"{name}Message",
        (serializers.Serializer,),
        {
            "__doc__": words,
            "type": serializers.ChoiceField([message_type]),
            "timestamp": serializers.DateTimeField(help_text="When it happened."),
            "data": data(),
        },
    )
