"""The accounts that a borrower chooses, for lenders that host their own page."""

from collections.abc import Mapping
from decimal import Decimal
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
)
from backoffice.api.framework.base import OK
from backoffice.api.framework.problem_documents import ProblemDocument
from backoffice.api.framework.replies import Reply
from backoffice.models import KeyScope
from xero_sync.accounts import choice
from xero_sync.accounts import options as account_options
from xero_sync.accounts.choice import (
    AdoptedLenderAccount,
    Choice,
    NewExpenseAccount,
    NewLenderAccount,
)
from xero_sync.codat.client import CodatClient
from xero_sync.codat.exceptions import WritebackBlocked
from xero_sync.connections import status as connection_status
from xero_sync.models import Connection
from xero_sync.runtime.clock import database_now
from xero_sync.writeback import readiness
from xero_sync.writeback.paced_client import Deadline, paced_client

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
        with paced_client() as client:
            row = connection_status.require_linked(
                connection=row, client=client, now=database_now()
            )
            offered = account_options.choices(connection=row, client=client)
            rates = account_options.tax_rates(connection=row, client=client)
        accounts = row.lender_accounts.order_by("pk")
        return Response(
            ChoicesShown.of(offered, lender_accounts=accounts, tax_rates=rates)
        )


class AccountMapping(ConnectionView):
    """`connections/{id}/mapping`."""

    scopes = {"GET": KeyScope.EVENTS_READ, "PUT": KeyScope.MAPPINGS_WRITE}
    calls_codat = {"PUT"}

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
        responses=MappingShown,
    )
    def put(self, request: Request, number: UUID) -> Response:
        """Choose accounts; the same choice again is the version that there is.

        Everything is checked before anything is made in Xero. While Xero works on it
        the answer is 503: a repeat goes on where this stopped.
        """
        row = live_or_409(self.caller, number)
        return self.done_at_codat(request, row, MappingBody, self._choose)

    def _choose(self, row: Connection, fields: Fields, client: CodatClient) -> Reply:
        before = readiness.latest_mapping(row)
        try:
            chosen = choice.choose(
                connection=connection_status.require_linked(
                    connection=row, client=client, now=database_now()
                ),
                choice=_choice(fields),
                client=client,
                chosen_by=self.caller.author,
                now=database_now,
                wait=Deadline(PATIENCE_SECONDS),
            )
        except WritebackBlocked as exc:
            exc.field = PLACES.get(exc.field, exc.field)
            raise
        return Reply(OK, MappingShown.of(chosen), is_new=before != chosen)


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
