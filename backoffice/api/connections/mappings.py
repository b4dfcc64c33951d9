"""The accounts that a borrower chooses, for lenders that host their own page."""

from collections.abc import Mapping
from decimal import Decimal
from http import HTTPStatus
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from backoffice.api.connections.base import (
    ConnectionView,
    Fields,
    connection_or_404,
    live_or_409,
)
from backoffice.api.connections.bodies import MappingBody
from backoffice.api.connections.mapping_answers import (
    ChoicesShown,
    MappingHistory,
    MappingShown,
    SetupShown,
)
from backoffice.api.framework.base import OK
from backoffice.api.framework.problem_documents import ProblemDocument
from backoffice.api.framework.replies import Reply
from backoffice.api.framework.visible import one_or_404
from backoffice.models import KeyScope
from xero_sync.accounts import choice, plain_accounts
from xero_sync.accounts import options as account_options
from xero_sync.accounts.choice import (
    AdoptedLenderAccount,
    Choice,
    LenderAccountWanted,
    NewExpenseAccount,
    NewLenderAccount,
    NewPlainAccount,
)
from xero_sync.codat.client import CodatClient
from xero_sync.codat.exceptions import WritebackBlocked
from xero_sync.connections import status as connection_status
from xero_sync.models import AccountSetup, Connection
from xero_sync.models.setups import SetupState
from xero_sync.runtime.clock import database_now
from xero_sync.writeback import readiness
from xero_sync.writeback.paced_client import page_client

# Where the body has a field that a service names.
PLACES = {
    "target_account_id": "lender_account/target_account_id",
    "source_account_id": "lender_account/source_account_id",
    "opening_balance": "lender_account/opening_balance",
    "nominal_code": "expense_account/nominal_code",
    "supplier": "supplier_id",
}
# The same, of an account that is made.
MADE = {"account_number", "sort_code", "kind"}


class Choices(ConnectionView):
    """`connections/{id}/choices`."""

    scopes = {"GET": KeyScope.EVENTS_READ}
    calls_codat = {"GET"}

    @extend_schema(
        operation_id="listChoices",
        summary="Show what can be mapped",
        responses={200: ChoicesShown, 409: ProblemDocument, 422: ProblemDocument},
    )
    def get(self, request: Request, number: UUID) -> Response:  # noqa: ARG002
        """Show what can be mapped, as Codat has read it from Xero."""
        row = live_or_409(self.caller, number)
        with page_client() as client:
            row = connection_status.require_linked(
                connection=row, client=client, now=database_now()
            )
            offered = account_options.choices(connection=row, client=client)
            rates = account_options.tax_rates(connection=row, client=client)
            kinds = plain_accounts.kinds(connection=row, client=client)
        rates = [one for one in rates if account_options.carries_fees(one)]
        accounts = row.lender_accounts.order_by("pk")
        return Response(
            ChoicesShown.of(
                offered,
                lender_accounts=accounts,
                kinds_without_feed=kinds,
                tax_rates=rates,
            )
        )


class AccountMapping(ConnectionView):
    """`connections/{id}/mapping`."""

    scopes = {"GET": KeyScope.EVENTS_READ, "PUT": KeyScope.MAPPINGS_WRITE}
    calls_codat = {"PUT"}
    only_reads = True

    @extend_schema(
        operation_id="getMapping",
        summary="Show the accounts that are chosen",
        responses=MappingHistory,
    )
    def get(self, request: Request, number: UUID) -> Response:  # noqa: ARG002
        """Show the accounts that are chosen, and all versions before."""
        row = connection_or_404(self.caller, number)
        versions = row.mappings.select_related("lender_account").order_by("-version")
        found: list[Any] = list(versions)
        present, *history = found or [None]
        return Response(MappingHistory.of(present=present, history=history))

    @extend_schema(
        operation_id="chooseAccounts",
        summary="Choose accounts",
        request=MappingBody,
        responses={
            200: MappingShown,
            202: SetupShown,
            409: ProblemDocument,
            422: ProblemDocument,
        },
    )
    def put(self, request: Request, number: UUID) -> Response:
        """Choose accounts; the same choice again is the version that there is.

        Everything is checked against Xero before anything is stored. Where something
        has to be made in Xero first the answer is 202, and `Location` is the address of
        the run that makes it; the version is stored once that is done.
        """
        row = live_or_409(self.caller, number)
        return self.done_at_codat(request, row, MappingBody, self._choose)

    def _choose(self, row: Connection, fields: Fields, client: CodatClient) -> Reply:
        before = readiness.latest_mapping(row)
        running = row.setups.filter(state=SetupState.RUNNING).first()
        try:
            chosen = choice.begin(
                connection=connection_status.require_linked(
                    connection=row, client=client, now=database_now()
                ),
                choice=_choice(fields),
                by=self.caller.author,
                now=database_now(),
                client=client,
                expected_version=fields.get("expected_version"),
            )
        except WritebackBlocked as exc:
            exc.field = _place(exc.field, fields)
            raise
        if isinstance(chosen, AccountSetup):
            return Reply(
                HTTPStatus.ACCEPTED,
                SetupShown.of(chosen),
                is_new=running != chosen,
                # Asked again, it is the run as it is then, or what came of it.
                is_final=False,
                location=f"/api/v1/connections/{row.pk}/mapping/setups/{chosen.pk}",
            )
        return Reply(OK, MappingShown.of(chosen), is_new=before != chosen)


class MappingSetup(ConnectionView):
    """`connections/{id}/mapping/setups/{id}`."""

    scopes = {"GET": KeyScope.EVENTS_READ}

    @extend_schema(
        operation_id="getMappingSetup",
        summary="Show how far a setup of accounts is",
        responses={200: SetupShown, 404: ProblemDocument},
    )
    def get(self, request: Request, number: UUID, setup: UUID) -> Response:  # noqa: ARG002
        """Show how far the run is that makes what a choice of accounts needs.

        `done` names the version that was stored. A `stopped` one says why; send the
        choice again once the cause is mended, or let an operator try it again.
        """
        row = connection_or_404(self.caller, number)
        found = one_or_404(
            row.setups.filter(pk=setup), f"This connection has no setup {setup}."
        )
        return Response(SetupShown.of(found))


def _place(field: str, fields: Fields) -> str:
    if field in MADE:
        wanted = fields.get("lender_account", {})
        made = "new_without_feed" if "new_without_feed" in wanted else "new"
        return f"lender_account/{made}/{field}"
    return PLACES.get(field, field)


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
) -> LenderAccountWanted | None:
    if fields is None:
        return None
    if "new" in fields:
        return NewLenderAccount(**fields["new"])
    if "new_without_feed" in fields:
        return NewPlainAccount(**fields["new_without_feed"])
    balance = Decimal(fields.get("opening_balance", "0"))
    return AdoptedLenderAccount(**{**fields, "opening_balance": balance})
