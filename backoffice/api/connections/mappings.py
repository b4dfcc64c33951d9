"""The accounts that a borrower chooses, for lenders that host their own page."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backoffice.api.connections import representations as show
from backoffice.api.connections import schemas
from backoffice.api.connections.views import connection_or_404, live_or_409
from backoffice.api.framework import patterns
from backoffice.api.framework.authentication import Caller
from backoffice.api.framework.base import ApiView, checked
from backoffice.api.framework.fields import DayField, StrictSerializer, TextField
from backoffice.api.framework.idempotency import Reply, once_with_calls
from backoffice.api.framework.problems import CONTRADICTORY
from backoffice.api.lending.schemas import Problem
from backoffice.models import KeyScope
from xero_sync.accounts import choice
from xero_sync.accounts import options as account_options
from xero_sync.accounts.choice import (
    AdoptedLenderAccount,
    Choice,
    NewExpenseAccount,
    NewLenderAccount,
)
from xero_sync.codat.exceptions import WritebackBlocked
from xero_sync.connections import status as connection_status
from xero_sync.models import Connection
from xero_sync.runtime.clock import database_now
from xero_sync.writeback import readiness
from xero_sync.writeback.paced_client import Deadline, paced_client

OK = 200
# Web servers commonly end a request after 30 seconds.
PATIENCE_SECONDS = 20
# Where the body has a field that a service names.
PLACES = {
    "account_number": "lender_account/new/account_number",
    "sort_code": "lender_account/new/sort_code",
    "target_account_id": "lender_account/target_account_id",
    "source_account_id": "lender_account/source_account_id",
    "opening_balance": "lender_account/opening_balance",
    "nominal_code": "expense_account/nominal_code",
    "supplier": "supplier_id",
}


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
    """A lender account to be made with its bank feed."""

    account_number = TextField(
        required=False, max_length=34, help_text="Left out: the configured one."
    )
    sort_code = TextField(required=False, max_length=8, help_text="Needed for GBP.")
    feed_start_date = DayField(required=False)


class LenderAccountBody(StrictSerializer):
    """Either `new`, or a bank account in Xero to adopt."""

    new = NewAccountBody(required=False)
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
        """Ask for one of the two."""
        if "new" in attrs and len(attrs) > 1:
            words = {"new": ["give it alone, or leave it out to adopt an account."]}
            raise serializers.ValidationError(words, code=CONTRADICTORY)
        if "new" not in attrs and "target_account_id" not in attrs:
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

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse two expense accounts."""
        if "expense_account" in attrs and "expense_account_id" in attrs:
            words = {"expense_account": ["give it or expense_account_id, not both."]}
            raise serializers.ValidationError(words, code=CONTRADICTORY)
        return attrs


class Choices(ApiView):
    """`connections/{id}/choices`."""

    scopes = {"GET": KeyScope.EVENTS_READ}
    calls_codat = {"GET"}

    @extend_schema(
        operation_id="listChoices",
        summary="Show what can be mapped",
        responses={200: schemas.ChoicesShown, 409: Problem, 422: Problem},
    )
    def get(self, request: Request, number: UUID) -> Response:  # noqa: ARG002
        """Show what can be mapped, as Codat has read it from Xero."""
        row = live_or_409(self.caller, number)
        with paced_client() as client:
            row = connection_status.require_linked(
                connection=row, client=client, now=database_now()
            )
            offered = account_options.choices(connection=row, client=client)
            rates = account_options.tax_rates(connection=row, client=client)
        return Response(show.choices(row, offered, rates))


class AccountMapping(ApiView):
    """`connections/{id}/mapping`."""

    scopes = {"GET": KeyScope.EVENTS_READ, "PUT": KeyScope.MAPPINGS_WRITE}
    calls_codat = {"PUT"}

    @extend_schema(
        operation_id="getMapping",
        summary="Show the accounts that are chosen",
        responses=schemas.MappingHistory,
    )
    def get(self, request: Request, number: UUID) -> Response:  # noqa: ARG002
        """Show the accounts that are chosen, and all versions before."""
        row = connection_or_404(self.caller, number)
        versions = row.mappings.select_related("lender_account").order_by("-version")
        shown = [show.mapping(one) for one in versions]
        return Response({"present": shown[0] if shown else None, "history": shown[1:]})

    @extend_schema(
        operation_id="chooseAccounts",
        summary="Choose accounts",
        request=MappingBody,
        responses=schemas.MappingShown,
    )
    def put(self, request: Request, number: UUID) -> Response:
        """Choose accounts; the same choice again is the version that there is.

        Everything is checked before anything is made in Xero. While Xero works on it
        the answer is 503: a repeat goes on where this stopped.
        """
        row = live_or_409(self.caller, number)
        fields = checked(MappingBody, request)
        return once_with_calls(request, lambda: choose(self.caller, row, fields))


def choose(caller: Caller, row: Connection, fields: Mapping[str, Any]) -> Reply:
    """Choose accounts from a checked body."""
    before = readiness.latest_mapping(row)
    try:
        with paced_client() as client:
            chosen = choice.choose(
                connection=connection_status.require_linked(
                    connection=row, client=client, now=database_now()
                ),
                choice=_choice(fields),
                client=client,
                chosen_by=caller.author,
                now=database_now,
                wait=Deadline(PATIENCE_SECONDS),
            )
    except WritebackBlocked as exc:
        exc.field = PLACES.get(exc.field, exc.field)
        raise
    return Reply(OK, show.mapping(chosen), is_new=before != chosen)


def _choice(fields: Mapping[str, Any]) -> Choice:
    expense = fields.get("expense_account")
    percent = fields.get("tax_percent")
    return Choice(
        lender_account=_lender_account(fields.get("lender_account")),
        nominated_account_id=fields.get("nominated_account_id", ""),
        expense_account=NewExpenseAccount(**expense)
        if expense
        else fields.get("expense_account_id", ""),
        supplier_id=fields.get("supplier_id", ""),
        tax_rate_id=fields.get("tax_rate_id", ""),
        tax_percent=None if percent is None else Decimal(percent),
    )


def _lender_account(
    fields: Mapping[str, Any] | None,
) -> NewLenderAccount | AdoptedLenderAccount | None:
    if fields is None:
        return None
    if "new" in fields:
        return NewLenderAccount(**fields["new"])
    balance = Decimal(fields.get("opening_balance", "0"))
    return AdoptedLenderAccount(**{**fields, "opening_balance": balance})
