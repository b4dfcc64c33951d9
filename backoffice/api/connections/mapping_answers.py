"""What is answered about accounts; of an account number the last four."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from rest_framework import serializers

from backoffice.api.framework.answers import (
    Answer,
    Balance,
    Masked,
    Moment,
    OrNull,
    text,
)
from xero_sync.accounts.progress import StepStatus, progress
from xero_sync.codat.accounts import BankAccount as RemoteBankAccount
from xero_sync.entries.redaction import last_characters, mask_text
from xero_sync.models import AccountMapping, AccountSetup
from xero_sync.models.choices import AccountKind, FeedStatus
from xero_sync.models.setups import SetupKind, SetupState, StopReason

Known = Mapping[str, Any]


class Percent(serializers.CharField):
    """A percentage as text, without an exponent."""

    def to_representation(self, value: Decimal) -> str:  # type: ignore[override]
        """Return it without zeros at its end."""
        return f"{value.normalize():f}"


class LenderAccountShown(Answer):
    """The bank account that stands for the lender; its numbers only Codat knows."""

    name = serializers.CharField()
    kind = serializers.ChoiceField(AccountKind.choices)
    currency = serializers.CharField()
    target_account_id = OrNull()
    source_account_id = OrNull()
    feed_status = serializers.ChoiceField(FeedStatus.choices)
    feed_start_date = serializers.DateField(allow_null=True)
    opening_balance = Balance(currency="currency")


class BankAccount(Answer):
    """A bank account in Xero; of its number the last digits."""

    id = serializers.CharField()
    name = Masked(allow_blank=True)
    nominal_code = text()
    currency = text()
    account_number = text()

    @classmethod
    def known(cls, rows: Sequence[RemoteBankAccount]) -> Sequence[Known]:
        """Return the ends of their numbers."""
        numbers = [one.account_number for one in rows]
        return [{"account_number": one and last_characters(one)} for one in numbers]


class ExpenseAccount(Answer):
    """An expense account in Xero."""

    id = serializers.CharField()
    name = text()
    nominal_code = text()


class Supplier(Answer):
    """A supplier in Xero."""

    id = serializers.CharField()
    name = text()


class TaxRate(Answer):
    """A tax rate in Xero that fees can carry."""

    id = serializers.CharField()
    name = text()
    percent = Percent(source="effective_rate", allow_null=True)


class ChoicesShown(Answer):
    """What a mapping can be made of."""

    lender_accounts = LenderAccountShown(many=True)
    kinds_without_feed = serializers.ListField(
        child=serializers.ChoiceField(AccountKind.choices),
        help_text="Of a lender account that can be made now; none where it comes with "
        "its bank feed.",
    )
    bank_accounts = BankAccount(many=True)
    expense_accounts = ExpenseAccount(many=True)
    suppliers = Supplier(many=True)
    tax_rates = TaxRate(many=True)


class Named(Answer):
    """Something in Xero."""

    id = text()
    name = text()


class MappingShown(Answer):
    """One version of the accounts that were chosen."""

    version = serializers.IntegerField(min_value=1)
    lender_account = LenderAccountShown()
    nominated_account = Named()
    expense_account = Named()
    supplier = Named()
    tax_rate_id = serializers.CharField()
    tax_percent = Percent()
    currency = serializers.CharField()
    chosen_by = serializers.CharField()
    chosen_at = Moment(source="created_at")

    @classmethod
    def known(cls, rows: Sequence[AccountMapping]) -> Sequence[Known]:
        """Return what was chosen, by name."""
        return [_chosen(one) for one in rows]


def _chosen(row: AccountMapping) -> Known:
    nominated = mask_text(row.nominated_account_name)
    return {
        "nominated_account": Named.of(id=row.nominated_account_id, name=nominated),
        "expense_account": Named.of(
            id=row.expense_account_id, name=row.expense_account_name
        ),
        "supplier": Named.of(id=row.supplier_id, name=row.supplier_name),
    }


class SetupStepShown(Answer):
    """One thing that a setup makes in Xero, and where it stands."""

    kind = serializers.ChoiceField(SetupKind.choices)
    status = serializers.ChoiceField(StepStatus.choices)


class SetupShown(Answer):
    """The run that makes what a choice of accounts needs, and then stores it."""

    id = serializers.UUIDField()
    state = serializers.ChoiceField(SetupState.choices)
    stopped_for = serializers.ChoiceField(StopReason.choices, allow_null=True)
    chosen_by = serializers.CharField()
    begun_at = Moment()
    steps = SetupStepShown(many=True)
    version = serializers.IntegerField(min_value=1, allow_null=True)

    @classmethod
    def known(cls, rows: Sequence[AccountSetup]) -> Sequence[Known]:
        """Return how far each run is."""
        return [
            {
                "stopped_for": one.reason or None,
                "steps": progress(one).steps,
                "version": one.mapping.version if one.mapping else None,
            }
            for one in rows
        ]


class MappingHistory(Answer):
    """The accounts that are chosen, and all versions before."""

    present = MappingShown(allow_null=True)
    history = MappingShown(many=True)
