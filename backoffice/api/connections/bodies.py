"""What is said about connections, their accounts, switches and bank feeds."""

import re
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from backoffice.api.framework import patterns
from backoffice.api.framework.fields import (
    ChoiceText,
    DayField,
    StrictSerializer,
    TextField,
    YesNoField,
)
from backoffice.api.framework.problems import CONTRADICTORY
from xero_sync.bank_feeds import source_accounts
from xero_sync.models.choices import AccountKind, HeldEvents
from xero_sync.models.links import LinkRole


@extend_schema_field({"type": "string", "format": "uuid", "pattern": patterns.UUID})
class IdField(TextField):
    """An id of Codat's."""

    def to_internal_value(self, data: Any) -> UUID:  # type: ignore[override]
        """Return the id."""
        text = super().to_internal_value(data)
        try:
            found = UUID(text)
        except ValueError:
            found = None
        if found is None or str(found) != text.lower():
            raise serializers.ValidationError(
                "copy the id whole, such as 8a210b68-6988-11ed-a1eb-0242ac120002.",
                code="invalid_id",
            )
        return found


class ConnectionBody(StrictSerializer):
    """Nothing: a connection is made at Codat. Or which one there is to be adopted."""

    create = YesNoField(  # type: ignore[assignment]
        required=False, help_text="True, or left out."
    )
    codat_company_id = IdField(required=False, help_text="Adopt this company's.")
    connection_id = IdField(
        required=False, help_text="Needed if the company has several to Xero."
    )
    bank_feeds = YesNoField(
        required=False, help_text="Whether Xero has enabled bank feeds; later by PUT."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse what is half one and half the other."""
        adopts = "codat_company_id" in attrs
        if "connection_id" in attrs and not adopts:
            words = {"codat_company_id": ["name the company of the connection."]}
            raise serializers.ValidationError(words, code=CONTRADICTORY)
        if "create" in attrs and attrs["create"] == adopts:
            words = {"create": ["say true, or give codat_company_id to adopt."]}
            raise serializers.ValidationError(words, code=CONTRADICTORY)
        return attrs


class CustomerLinkBody(StrictSerializer):
    """For whom the link is."""

    role = ChoiceText(
        choices=LinkRole.choices,
        required=False,
        default=LinkRole.OWNER,
        help_text="An accountant may do all but disconnect, share, and say which "
        "organisation it is.",
    )


class WritebackBody(StrictSerializer):
    """The position of the switch, and what becomes of what was held meanwhile."""

    on = YesNoField()
    held_events = ChoiceText(choices=HeldEvents.choices, required=False)
    publish_from = DayField(
        required=False,
        help_text="With publish: loans begun earlier are left out, unless some of them "
        "is in Xero. Without it all are published.",
    )
    fingerprint = TextField(
        required=False,
        max_length=64,
        help_text="Of the choice as `GET …/writeback/held` showed it; refused if it "
        "would do something else now.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse a choice that nothing asks for."""
        publishes = attrs.get("held_events") == HeldEvents.PUBLISH
        faults = {}
        if "held_events" in attrs and not attrs["on"]:
            faults["held_events"] = ["only switching on needs this."]
        if "publish_from" in attrs and not (attrs["on"] and publishes):
            faults["publish_from"] = ["only held_events “publish” needs this."]
        if "fingerprint" in attrs and not attrs["on"]:
            faults["fingerprint"] = ["only switching on needs this."]
        if faults:
            raise serializers.ValidationError(faults, code=CONTRADICTORY)
        return attrs


class DisconnectBody(StrictSerializer):
    """Why it is disconnected, if that is to be kept."""

    reason = TextField(required=False, allow_blank=True, max_length=500)


class OffBoardBody(DisconnectBody):
    """The company's reference once more, and what becomes of entries that wait."""

    confirmation = TextField(
        max_length=64, help_text="The company's reference, to confirm."
    )
    leave_out = YesNoField(
        required=False,
        help_text="True: entries that wait are cancelled and never written. It needs "
        "a reason. Otherwise such entries are a reason to refuse.",
    )


class BankFeedsBody(StrictSerializer):
    """Whether Xero takes statement lines for this organisation."""

    on = YesNoField()


class FeedBody(StrictSerializer):
    """Which feed it is about."""

    source_account_id = TextField(
        max_length=50, help_text="From `accounts` of this connection's bank feeds."
    )


class ConnectFeedBody(FeedBody):
    """A feed, and the account in Xero that it is to bring its lines into."""

    target_account_id = TextField(
        required=False,
        max_length=64,
        help_text="Left out: the one it had, or at first a new one.",
    )


class RenameFeedBody(FeedBody):
    """A feed, and what its source account is to be called."""

    name = TextField(
        max_length=source_accounts.NAME_CHARACTERS, help_text="On one line."
    )


class NumberText(TextField):
    """A number as text, without an exponent."""

    def __init__(self, pattern: str, example: str, **options: Any) -> None:
        super().__init__(**options)
        self.pattern, self._example = pattern, example

    def to_internal_value(self, data: Any) -> str:
        """Return the text."""
        text = super().to_internal_value(data)
        if not re.fullmatch(self.pattern, text, re.ASCII):
            words = f"write it as text, such as “{self._example}”."
            raise serializers.ValidationError(words, code="not_a_number")
        return text


class NewAccountBody(StrictSerializer):
    """A lender account to be made with its bank feed; one made without gets its own."""

    account_number = TextField(
        required=False, max_length=34, help_text="Left out: the configured one."
    )
    sort_code = TextField(required=False, max_length=8, help_text="Needed for GBP.")
    feed_start_date = DayField(required=False)


class PlainAccountBody(StrictSerializer):
    """A lender account to be made while no bank feed can come; one is joined later."""

    kind = ChoiceText(
        choices=AccountKind.choices,
        help_text="One of `kinds_without_feed` of the choices.",
    )
    account_number = TextField(
        required=False,
        max_length=40,
        help_text="Of a bank account, left out: the configured one. Of a credit card "
        "the last four digits only: a card's whole number is refused. Of another kind "
        "a number that the borrower knows it by.",
    )
    sort_code = TextField(
        required=False, max_length=8, help_text="Of a bank account, needed for GBP."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse a sort code of what has none."""
        if "sort_code" in attrs and attrs["kind"] != AccountKind.BANK:
            words = {"sort_code": ["only a bank account has one."]}
            raise serializers.ValidationError(words, code=CONTRADICTORY)
        return attrs


class LenderAccountBody(StrictSerializer):
    """`new`, or `new_without_feed`, or a bank account in Xero to adopt."""

    new = NewAccountBody(required=False)
    new_without_feed = PlainAccountBody(required=False)
    target_account_id = TextField(required=False, max_length=64)
    source_account_id = TextField(
        required=False, max_length=50, help_text="If a feed of ours is to go on."
    )
    opening_balance = NumberText(
        patterns.SIGNED_AMOUNT,
        "-120.50",
        required=False,
        help_text="Of that feed's statement.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Ask for one of the three."""
        made = next((one for one in ("new", "new_without_feed") if one in attrs), "")
        if made and len(attrs) > 1:
            words = {made: ["give it alone, or leave it out to adopt an account."]}
            raise serializers.ValidationError(words, code=CONTRADICTORY)
        if not made and "target_account_id" not in attrs:
            words = {"target_account_id": ["name the account, or give new."]}
            raise serializers.ValidationError(words, code=CONTRADICTORY)
        return attrs


class ExpenseAccountBody(StrictSerializer):
    """An expense account to be made, unless its code is there."""

    nominal_code = TextField(max_length=10)
    name = TextField(max_length=150)


class MappingBody(StrictSerializer):
    """What is chosen; what is left out stays as it is."""

    lender_account = LenderAccountBody(required=False)
    nominated_account_id = TextField(required=False, max_length=64)
    expense_account_id = TextField(required=False, max_length=64)
    expense_account = ExpenseAccountBody(required=False)
    supplier_id = TextField(
        required=False, max_length=64, help_text="At first found or made by name."
    )
    tax_rate_id = TextField(required=False, max_length=64, help_text="At first NONE.")
    tax_percent = NumberText(
        patterns.PERCENT, "20", required=False, help_text="At first 0."
    )
    expected_version = serializers.IntegerField(
        required=False,
        min_value=0,
        help_text="Of the mapping that was seen; 0: none. Refused on another.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse two expense accounts."""
        if "expense_account" in attrs and "expense_account_id" in attrs:
            words = {"expense_account": ["give it or expense_account_id, not both."]}
            raise serializers.ValidationError(words, code=CONTRADICTORY)
        return attrs
