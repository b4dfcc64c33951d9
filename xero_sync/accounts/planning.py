"""From a choice to what has to be made for it, by one look at Codat."""

from contextlib import suppress
from decimal import Decimal

from django.conf import settings
from django.utils.translation import gettext as _

from xero_sync.accounts import mapping, options
from xero_sync.accounts.lender_planning import LenderPlanning
from xero_sync.accounts.plans import Plan, step
from xero_sync.accounts.wanted import (
    NO_TAX,
    Choice,
    NewExpenseAccount,
    NewLenderAccount,
    NewPlainAccount,
)
from xero_sync.bank_feeds import source_accounts
from xero_sync.codat import payloads
from xero_sync.codat.client import CodatClient
from xero_sync.codat.exceptions import CodatAccessDenied, MappingIncomplete
from xero_sync.models import AccountMapping, Connection, LenderAccount
from xero_sync.models.setups import SetupKind
from xero_sync.writeback import setup_matching


def plan_of(
    *,
    connection: Connection,
    choice: Choice,
    present: AccountMapping | None,
    client: CodatClient,
    by: str,
) -> Plan:
    """Check a whole choice against what Xero has, and plan what is missing.

    Raises:
        WritebackBlocked: as `choice.begin` says.
        CodatError: Codat did not answer.
    """
    return _Planning(connection, choice, present, client, by).plan()


class _Planning:
    """One choice that is being checked."""

    def __init__(
        self,
        connection: Connection,
        choice: Choice,
        present: AccountMapping | None,
        client: CodatClient,
        by: str,
    ) -> None:
        self._connection = connection
        self._choice = choice
        self._present = present
        self._client = client
        self._by = by

    def plan(self) -> Plan:
        choice, present = self._choice, self._present
        nominated_id = choice.nominated_account_id or self._of("nominated_account_id")
        expense = choice.expense_account or self._of("expense_account_id")
        known = present.supplier_id if present and not choice.supplier_is_new else ""
        supplier_id = choice.supplier_id or known
        rate_id, percent = self._tax()
        wanted = choice.lender_account
        # Where the currency is missing, so is every account that could be chosen.
        if isinstance(wanted, NewLenderAccount):
            source_accounts.check_currency(self._connection, self._client)
        elif isinstance(wanted, NewPlainAccount):
            # The address that tells is one of bank feeds: it may be closed to us yet.
            with suppress(CodatAccessDenied):
                source_accounts.check_currency(self._connection, self._client)
        offered = options.choices(connection=self._connection, client=self._client)
        bank = mapping.nominated(self._connection, nominated_id, offered)
        plan = Plan(
            offered=offered,
            nominated_account_id=bank.id,
            nominated_account_name=bank.name,
            tax_rate_id=rate_id,
            tax_percent=percent,
            lender_account=self._same_lender_account,
        )
        self._plan_expense(plan, expense)
        self._plan_supplier(plan, supplier_id)
        options.check_tax(
            connection=self._connection,
            rate_id=rate_id,
            percent=percent,
            client=self._client,
        )
        self._plan_lender_account(plan)
        return plan

    def _plan_lender_account(self, plan: Plan) -> None:
        wanted = self._choice.lender_account
        if wanted is not None:
            LenderPlanning(self._connection, self._client, self._by).plan(plan, wanted)
        elif self._present is None:
            raise MappingIncomplete(
                _("Say that a new one is made, or which bank account in Xero it is."),
                field="lender_account",
            )

    def _same_lender_account(self) -> LenderAccount:
        if self._present is None:
            raise MappingIncomplete(field="lender_account")
        account: LenderAccount = self._present.lender_account
        return account

    def _of(self, name: str) -> str:
        if self._present is None:
            raise MappingIncomplete(_("Give the id of an account."), field=name)
        return str(getattr(self._present, name))

    def _tax(self) -> tuple[str, Decimal]:
        present = self._present
        rate_id = present.tax_rate_id if present else NO_TAX
        percent = present.tax_percent if present else Decimal(0)
        given = self._choice.tax_percent
        return self._choice.tax_rate_id or rate_id, percent if given is None else given

    # --- what fees are booked on, and the supplier ------------------------------------

    def _plan_expense(self, plan: Plan, expense: NewExpenseAccount | str) -> None:
        if isinstance(expense, str):
            there = mapping.chosen(
                plan.offered.expense_accounts, expense, "expense_account_id"
            )
            plan.expense = there.id, there.name
            return
        code = expense.nominal_code
        found = setup_matching.expense_account(
            accounts=self._client.list_accounts(self._connection.codat_company_id),
            nominal_code=code,
        )
        if found is not None:
            plan.expense = found.id, found.name
            return
        try:
            body = payloads.account(
                name=expense.name, nominal_code=code, category=expense.category
            )
        except ValueError as exc:
            raise MappingIncomplete(str(exc), field="nominal_code") from exc
        plan.other_steps.append(step(SetupKind.EXPENSE_ACCOUNT, code, body))

    def _plan_supplier(self, plan: Plan, supplier_id: str) -> None:
        if supplier_id:
            there = mapping.chosen(plan.offered.suppliers, supplier_id, "supplier_id")
            plan.supplier = there.id, there.name
            return
        name = settings.LENDER_NAME
        is_new = self._choice.supplier_is_new
        found = setup_matching.the_supplier(
            name=name, suppliers=plan.offered.suppliers, only_equal=is_new
        )
        if found is not None:
            plan.supplier = found.id, found.name
            return
        body = payloads.supplier(name=name)
        made = step(SetupKind.SUPPLIER, name, body)
        made.only_equal = is_new
        plan.other_steps.append(made)
