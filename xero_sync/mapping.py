"""The four things that a borrower chooses, checked against his Xero as it is now."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TypeVar

from django.conf import settings
from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _
from rapidfuzz import fuzz, utils

from xero_sync import setup_writes
from xero_sync.codat import payloads
from xero_sync.codat.accounts import Account, BankAccount, Supplier
from xero_sync.codat.client import CodatClient
from xero_sync.codat.exceptions import (
    AccountCurrencyMismatch,
    CodatAccessDenied,
    CodatRejected,
    MappingIncomplete,
    SameAccountTwice,
)
from xero_sync.models import AccountMapping, Connection, LenderAccount
from xero_sync.models.choices import ConnectionStatus
from xero_sync.writeback import reconsider
from xero_sync.writeback.moves import lock_connection

Chosen = TypeVar("Chosen", BankAccount, Account, Supplier)
Wait = Callable[[float], None]
ACTIVE = "Active"
# Where a fee account may stand in Xero's chart.
EXPENSE = "Expense"
FEE_CATEGORY = "Expense.Expense"
# Names at least this alike are offered to a person; only equal ones decide.
ALIKE = 80


@dataclass(frozen=True)
class Choices:
    """What a borrower's Xero offers, already narrowed to what fits."""

    bank_accounts: list[BankAccount]
    expense_accounts: list[Account]
    suppliers: list[Supplier]


@dataclass(frozen=True)
class SupplierMatch:
    """The suppliers that are called exactly so, and those that nearly are."""

    exact: list[Supplier]
    near: list[Supplier]


def choices(*, connection: Connection, client: CodatClient) -> Choices:
    """Read what can be mapped: active accounts in the company's currency, suppliers.

    Raises:
        CodatError: Codat did not answer, or has not read these data yet (409).
    """
    company_id, connection_id = (
        connection.codat_company_id,
        connection.codat_connection_id,
    )
    lender = set(connection.lender_accounts.values_list("target_account_id", flat=True))
    currency = connection.company.currency
    bank_accounts = [
        one
        for one in client.list_bank_accounts(company_id, connection_id)
        if is_usable(one) and one.currency == currency and one.id not in lender
        if one.account_type != "Credit"
    ]
    expense_accounts = [
        one
        for one in client.list_accounts(company_id, query="type=Expense")
        if is_usable(one) and not one.is_bank_account and one.type == EXPENSE
    ]
    suppliers = [one for one in client.list_suppliers(company_id) if is_usable(one)]
    return Choices(bank_accounts, expense_accounts, suppliers)


def is_usable(one: BankAccount | Account | Supplier) -> bool:
    """Tell whether a record in Xero can still be booked on."""
    return one.status in {ACTIVE, "Unknown", ""} and not one.is_deleted


def find_supplier(*, name: str, suppliers: Iterable[Supplier]) -> SupplierMatch:
    """Search for a name: equal up to case and punctuation, or nearly equal."""
    wanted = _plain(name)
    exact, near = [], []
    for supplier in suppliers:
        found = _plain(supplier.name)
        if found == wanted:
            exact.append(supplier)
        elif fuzz.token_sort_ratio(found, wanted) >= ALIKE:
            near.append(supplier)
    return SupplierMatch(exact, near)


def _plain(name: str) -> str:
    return " ".join(utils.default_process(name).split())


def ensure_supplier(
    *,
    connection: Connection,
    client: CodatClient,
    name: str = "",
    wait: Wait = time.sleep,
) -> Supplier:
    """Return the lender as a supplier in the borrower's books, created if need be.

    The suppliers are refreshed first, so one created earlier is found and never
    created twice.

    Raises:
        MappingIncomplete: several are called so, or some nearly: a person must choose.
        CodatError: a call failed, or Xero refused the new supplier.
    """
    name = name or settings.LENDER_NAME
    match = _refreshed_match(connection, client, name, wait)
    if len(match.exact) == 1:
        return match.exact[0]
    candidates = match.exact or match.near
    if candidates:
        raise MappingIncomplete(
            _("Choose one of these suppliers: %(names)s.")
            % {"names": ", ".join(f"{one.name} ({one.id})" for one in candidates)},
            field="supplier",
        )
    supplier_id = setup_writes.create(
        connection=connection,
        data_type="suppliers",
        body=payloads.supplier(name=name),
        client=client,
        wait=wait,
    )
    match = _refreshed_match(connection, client, name, wait)
    return next(one for one in match.exact if one.id == supplier_id)


def _refreshed_match(
    connection: Connection, client: CodatClient, name: str, wait: Wait
) -> SupplierMatch:
    setup_writes.refresh(
        connection=connection, data_type="suppliers", client=client, wait=wait
    )
    suppliers = client.list_suppliers(connection.codat_company_id)
    return find_supplier(
        name=name, suppliers=[one for one in suppliers if is_usable(one)]
    )


def ensure_expense_account(
    *,
    connection: Connection,
    client: CodatClient,
    name: str,
    nominal_code: str,
    wait: Wait = time.sleep,
) -> Account:
    """Return the active expense account of this code, created if there is none.

    Raises:
        MappingIncomplete: the code belongs to an account that is no expense account.
        CodatError: a call failed, or Xero refused the new account.
    """
    setup_writes.refresh(
        connection=connection, data_type="chartOfAccounts", client=client, wait=wait
    )
    for account in client.list_accounts(connection.codat_company_id):
        if account.nominal_code != nominal_code or account.is_deleted:
            continue
        if account.type == EXPENSE and is_usable(account):
            return account
        raise MappingIncomplete(
            _("The code %(code)s belongs to %(name)s already; choose another.")
            % {"code": nominal_code, "name": account.name},
            field="nominal_code",
        )
    account_id = setup_writes.create(
        connection=connection,
        data_type="accounts",
        body=payloads.account(
            name=name, nominal_code=nominal_code, category=FEE_CATEGORY
        ),
        client=client,
        wait=wait,
    )
    setup_writes.refresh(
        connection=connection, data_type="chartOfAccounts", client=client, wait=wait
    )
    accounts = client.list_accounts(connection.codat_company_id)
    return next(one for one in accounts if one.id == account_id)


def choose_accounts(
    *,
    connection: Connection,
    lender_account: LenderAccount,
    nominated_account_id: str,
    expense_account_id: str,
    supplier_id: str,
    client: CodatClient,
    chosen_by: str,
    now: datetime,
    tax_rate_id: str = "NONE",
    tax_percent: Decimal = Decimal(0),
) -> AccountMapping:
    """Store a new version of a borrower's choice, checked against his Xero.

    What is queued follows the new version; what was sent stays.

    Raises:
        MappingIncomplete: an account or the supplier is not there, or not usable.
        SameAccountTwice: the nominated account is the lender account.
        AccountCurrencyMismatch: the nominated account has another currency.
        CodatError: Codat did not answer.
    """
    if lender_account.connection_id != connection.pk:
        raise MappingIncomplete(
            _("This lender account belongs to another connection."),
            field="lender_account",
        )
    if not lender_account.target_account_id:
        raise MappingIncomplete(
            _("The lender account does not exist in Xero yet."), field="lender_account"
        )
    # An earlier lender account still carries the loans that began on it.
    if connection.lender_accounts.filter(
        target_account_id=nominated_account_id
    ).exists():
        raise SameAccountTwice(field="nominated_account_id")
    nominated = _nominated(connection, nominated_account_id, client)
    offered = choices(connection=connection, client=client)
    expense = _chosen(
        offered.expense_accounts, expense_account_id, "expense_account_id"
    )
    supplier = _chosen(offered.suppliers, supplier_id, "supplier_id")
    _check_tax(connection, tax_rate_id, tax_percent, client)
    return _store(
        connection=connection,
        lender_account=lender_account,
        lender_target_account_id=lender_account.target_account_id,
        nominated_account_id=nominated.id,
        nominated_account_name=nominated.name,
        expense_account_id=expense.id,
        expense_account_name=expense.name,
        supplier_id=supplier.id,
        supplier_name=supplier.name,
        tax_rate_id=tax_rate_id,
        tax_percent=tax_percent,
        currency=connection.company.currency,
        chosen_by=chosen_by,
        created_at=now,
    )


@transaction.atomic
def _store(
    *, connection: Connection, created_at: datetime, **values: object
) -> AccountMapping:
    # The connection's row orders two choices made at the same time.
    row = lock_connection(connection, now=created_at)
    latest = row.mappings.aggregate(latest=Max("version"))["latest"] or 0
    row.unusable_account = ""
    row.save(update_fields=["unusable_account"])
    mapping = AccountMapping.objects.create(
        connection=row, version=latest + 1, created_at=created_at, **values
    )
    reconsider.company(company_id=row.company_id, now=created_at)
    return mapping


def _nominated(
    connection: Connection, account_id: str, client: CodatClient
) -> BankAccount:
    accounts = client.list_bank_accounts(
        connection.codat_company_id, connection.codat_connection_id
    )
    account = _chosen(
        [one for one in accounts if is_usable(one) and one.account_type != "Credit"],
        account_id,
        "nominated_account_id",
    )
    if account.currency != connection.company.currency:
        raise AccountCurrencyMismatch(
            _("%(name)s is kept in %(theirs)s; choose an account in %(ours)s.")
            % {
                "name": account.name,
                "theirs": account.currency,
                "ours": connection.company.currency,
            },
            field="nominated_account_id",
        )
    return account


def _chosen(offered: Iterable[Chosen], wanted: str, field: str) -> Chosen:
    for one in offered:
        if one.id == wanted:
            return one
    raise MappingIncomplete(
        _("%(field)s: Xero has no active record %(id)s of this kind.")
        % {"field": field, "id": wanted},
        field=field,
    )


def _check_tax(
    connection: Connection, tax_rate_id: str, percent: Decimal, client: CodatClient
) -> None:
    """Compare the tax percent with Xero's, where a lender may read the rates."""
    try:
        rates = client.list_tax_rates(connection.codat_company_id)
    except (CodatAccessDenied, CodatRejected):
        return
    for rate in rates:
        if rate.id == tax_rate_id and rate.effective_rate not in {None, percent}:
            raise MappingIncomplete(
                _("The tax rate %(id)s is %(rate)s per cent in Xero, not %(given)s.")
                % {"id": rate.id, "rate": rate.effective_rate, "given": percent},
                field="tax_percent",
            )


def revalidate(
    *,
    connection: Connection,
    client: CodatClient,
    now: datetime,
    wait: Wait = time.sleep,
) -> str:
    """Check that all chosen accounts can still be used; hold the entries otherwise.

    Returns:
        What is no longer usable, in words, or "".
    """
    mapping = connection.mappings.order_by("version").last()
    if mapping is None or connection.status != ConnectionStatus.LINKED:
        return ""
    for data_type in ("bankAccounts", "chartOfAccounts", "suppliers"):
        setup_writes.refresh(
            connection=connection, data_type=data_type, client=client, wait=wait
        )
    company_id, connection_id = (
        connection.codat_company_id,
        connection.codat_connection_id,
    )
    banks = client.list_bank_accounts(company_id, connection_id)
    accounts = client.list_accounts(company_id)
    suppliers = client.list_suppliers(company_id)
    known: list[BankAccount | Account | Supplier] = [*banks, *accounts, *suppliers]
    usable = {one.id for one in known if is_usable(one)}
    chosen = {
        mapping.lender_target_account_id: mapping.lender_account.name,
        mapping.nominated_account_id: mapping.nominated_account_name,
        mapping.expense_account_id: mapping.expense_account_name,
        mapping.supplier_id: mapping.supplier_name,
    }
    gone = ", ".join(name for key, name in chosen.items() if key not in usable)
    Connection.objects.filter(pk=connection.pk).update(unusable_account=gone[:255])
    reconsider.company(company_id=connection.company_id, now=now)
    return gone
