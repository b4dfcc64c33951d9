"""What is said when something is decided about an entry."""

from backoffice.api.framework.fields import StrictSerializer, TextField


class DecisionBody(StrictSerializer):
    """Why it is decided so."""

    reason = TextField(max_length=500, help_text="It stays on the entry's timeline.")


class LinkBody(DecisionBody):
    """The same, with what was found."""

    xero_record_id = TextField(
        required=False,
        allow_blank=True,
        max_length=64,
        help_text="The id of what stands in Xero, if it is known.",
    )
