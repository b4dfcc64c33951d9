"""What the API answers about connections and mappings, for its description."""

from rest_framework import serializers

from backoffice.api.lending.schemas import Balance, Reference, text
from xero_sync.entries.status import Actor
from xero_sync.models.choices import (
    FEED_REFUSALS,
    ConnectionStatus,
    FeedStatus,
    HeldEvents,
    Reason,
    State,
)


class Trouble(serializers.Serializer):
    """Something that keeps entries back."""

    code = serializers.ChoiceField(Reason.choices)
    in_words = serializers.CharField()
    detail = text()
    who_must_act = serializers.ChoiceField(Actor.choices)


class ConnectionShown(serializers.Serializer):
    """A connection to a borrower's Xero."""

    id = serializers.UUIDField()
    company = Reference()
    codat_company_id = serializers.UUIDField()
    codat_connection_id = serializers.UUIDField()
    status = serializers.ChoiceField(ConnectionStatus.choices)
    in_words = serializers.CharField()
    organisation_name = text()
    previous_organisation_name = serializers.CharField(
        allow_blank=True,
        help_text="While a person is asked whether the organisation is another one.",
    )
    organisation_currency = text()
    plan_type = serializers.CharField(
        allow_blank=True, help_text="Xero's plan; its values are not promised."
    )
    is_demo = serializers.BooleanField(
        help_text="A demo company's connection takes no place of Xero's limit."
    )
    bank_feeds = serializers.BooleanField()
    writeback_on = serializers.BooleanField()
    books_locked_up_to = serializers.DateField(allow_null=True)
    mapping_version = serializers.IntegerField(allow_null=True)
    problems = Trouble(many=True)
    checked_at = serializers.DateTimeField(allow_null=True)
    consented_at = serializers.DateTimeField(
        allow_null=True, help_text="When it last became linked."
    )
    beyond_limit_since = serializers.DateTimeField(
        allow_null=True, help_text="It became linked beyond Xero's limit; who goes?"
    )
    created_at = serializers.DateTimeField()
    deleted_at = serializers.DateTimeField(allow_null=True)


class ConnectionMade(ConnectionShown):
    """A connection, and where the borrower gives their consent."""

    link_url = serializers.URLField(
        allow_null=True, help_text="May work once only; each answer has its own."
    )


EntryCounts = type(
    "EntryCounts",
    (serializers.Serializer,),
    {
        "__doc__": "How many entries are in each state.",
        **{state: serializers.IntegerField(min_value=0) for state in State.values},
    },
)


class ConnectionNow(ConnectionMade):
    """A connection with the entries of its company."""

    entries = EntryCounts()


class ConnectionsShown(serializers.Serializer):
    """The connection that lives, then the deleted ones."""

    results = ConnectionShown(many=True)


class Switched(serializers.Serializer):
    """The last time that the switch was moved."""

    on = serializers.BooleanField()
    held_events = serializers.ChoiceField(HeldEvents.choices, allow_null=True)
    publish_from = serializers.DateField(allow_null=True)
    switched_by = serializers.CharField()
    switched_at = serializers.DateTimeField()


class WritebackShown(serializers.Serializer):
    """Whether the borrower's Xero is written to."""

    on = serializers.BooleanField()
    held_events = serializers.IntegerField(min_value=0, help_text="Held meanwhile.")
    last_switch = Switched(allow_null=True)


class LenderAccountShown(serializers.Serializer):
    """The bank account that stands for the lender."""

    name = serializers.CharField()
    currency = serializers.CharField()
    target_account_id = serializers.CharField(allow_null=True)
    source_account_id = serializers.CharField(allow_null=True)
    feed_status = serializers.ChoiceField(FeedStatus.choices)
    feed_start_date = serializers.DateField(allow_null=True)
    opening_balance = Balance()


class SourceAccountShown(serializers.Serializer):
    """The lender's end of a bank feed."""

    source_account_id = serializers.CharField()
    target_account_id = serializers.CharField(allow_null=True)
    name = serializers.CharField()
    status = serializers.ChoiceField(FeedStatus.choices)
    in_words = serializers.CharField()
    since = serializers.DateTimeField(allow_null=True)
    checked_at = serializers.DateTimeField(allow_null=True)
    feed_start_date = serializers.DateField(allow_null=True)
    missing_lines = serializers.IntegerField(
        min_value=0, help_text="Still to come into the feed."
    )


class BankFeedsShown(serializers.Serializer):
    """What statement lines rest on, and where each feed stands."""

    on = serializers.BooleanField(help_text="For this connection.")
    app_toggle = serializers.BooleanField(
        allow_null=True, help_text="The lender's own, for all; null: never set."
    )
    refusal = serializers.ChoiceField(
        list(FEED_REFUSALS),
        allow_null=True,
        help_text="Xero's; switch on to try again.",
    )
    refused_at = serializers.DateTimeField(allow_null=True)
    remedy = text()
    accounts = SourceAccountShown(many=True)


class BankAccount(serializers.Serializer):
    """A bank account in Xero; of its number the last digits."""

    id = serializers.CharField()
    name = text()
    nominal_code = text()
    currency = text()
    account_number = text()


class ExpenseAccount(serializers.Serializer):
    """An expense account in Xero."""

    id = serializers.CharField()
    name = text()
    nominal_code = text()


class Supplier(serializers.Serializer):
    """A supplier in Xero."""

    id = serializers.CharField()
    name = text()


class TaxRate(serializers.Serializer):
    """A tax rate in Xero."""

    id = serializers.CharField()
    name = text()
    percent = serializers.CharField(allow_null=True)


class ChoicesShown(serializers.Serializer):
    """What a mapping can be made of."""

    lender_accounts = LenderAccountShown(many=True)
    bank_accounts = BankAccount(many=True)
    expense_accounts = ExpenseAccount(many=True)
    suppliers = Supplier(many=True)
    tax_rates = TaxRate(many=True)


class Named(serializers.Serializer):
    """Something in Xero."""

    id = text()
    name = text()


class MappingShown(serializers.Serializer):
    """One version of the accounts that were chosen."""

    version = serializers.IntegerField(min_value=1)
    lender_account = LenderAccountShown()
    nominated_account = Named()
    expense_account = Named()
    supplier = Named()
    tax_rate_id = serializers.CharField()
    tax_percent = serializers.CharField()
    currency = serializers.CharField()
    chosen_by = serializers.CharField()
    chosen_at = serializers.DateTimeField()


class MappingHistory(serializers.Serializer):
    """The accounts that are chosen, and all versions before."""

    present = MappingShown(allow_null=True)
    history = MappingShown(many=True)
