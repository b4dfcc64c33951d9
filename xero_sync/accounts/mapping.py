"""The four things that a borrower chooses, checked against their Xero as it is now."""

import time
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import TypeVar

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from lending.audit import trail
from xero_sync.accounts import setup_writes
from xero_sync.accounts.options import (
    SupplierMatch,
    check_clear,
    check_tax,
    choices,
    find_expense_account,
    find_supplier,
    is_usable,
    takes_payments,
)
from xero_sync.codat import payloads
from xero_sync.codat.accounts import Account, BankAccount, Supplier
from xero_sync.codat.client import CodatClient
from xero_sync.codat.exceptions import (
    AccountCurrencyMismatch,
    MappingIncomplete,
    SameAccountTwice,
)
from xero_sync.models import AccountMapping, Connection, LenderAccount
from xero_sync.models.choices import ConnectionStatus
from xero_sync.organisations import changes as organisations
from xero_sync.writeback import reconsider
from xero_sync.writeback.transitions import lock_connection

Chosen = TypeVar("Chosen", BankAccount, Account, Supplier)
Wait = Callable[[float], None]
# What the trail says of a choice.
NAMED = (
    "version",
    "lender_account",
    "nominated_account_name",
    "expense_account_name",
    "supplier_name",
    "tax_rate_id",
    "tax_percent",
)
# Where a fee account is made in Xero's chart.
FEE_CATEGORY = "Expense.Expense"


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
    check_clear(match)
    if match.exact:
        return match.exact[0]
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
    existing = find_expense_account(
        connection=connection, client=client, nominal_code=nominal_code
    )
    if existing is not None:
        return existing
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
    """Store a new version of a borrower's choice, checked against their Xero.

    What is queued follows the new version; what was sent stays. The same choice again
    is the version that there is.

    Raises:
        OrganisationChanged: a person has to say first which organisation it is.
        MappingIncomplete: an account or the supplier is not there, or not usable.
        SameAccountTwice: the nominated account is the lender account.
        AccountCurrencyMismatch: the nominated account has another currency.
        CodatError: Codat did not answer.
    """
    organisations.require_confirmed(connection)
    if lender_account.void_since:
        raise MappingIncomplete(
            _("This lender account is in another organisation; choose another."),
            field="lender_account",
        )
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
    check_tax(
        connection=connection, rate_id=tax_rate_id, percent=tax_percent, client=client
    )
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
    mapping = row.mappings.order_by("version").last()
    row.unusable_account = ""
    row.save(update_fields=["unusable_account"])
    if mapping is None or _differs(mapping, values):
        before = trail.values_of(mapping, *NAMED) if mapping else {}
        mapping = AccountMapping.objects.create(
            connection=row,
            version=mapping.version + 1 if mapping else 1,
            created_at=created_at,
            **values,
        )
        trail.record_change(
            "connection.accounts_chosen",
            row,
            by=mapping.chosen_by,
            at=created_at,
            before=before,
            after=trail.values_of(mapping, *NAMED),
        )
    reconsider.company(company_id=row.company_id, now=created_at)
    return mapping


def _differs(mapping: AccountMapping, values: Mapping[str, object]) -> bool:
    """Tell whether a choice is another; names and who chose do not make it one."""
    chosen = (
        "lender_account",
        "nominated_account_id",
        "expense_account_id",
        "supplier_id",
        "tax_rate_id",
        "tax_percent",
    )
    return any(getattr(mapping, field) != values[field] for field in chosen)


def _nominated(
    connection: Connection, account_id: str, client: CodatClient
) -> BankAccount:
    accounts = client.list_bank_accounts(
        connection.codat_company_id, connection.codat_connection_id
    )
    account = _chosen(
        [one for one in accounts if takes_payments(one)],
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
    if connection.organisation_changed or mapping.lender_account.void_since:
        # They were chosen in another organisation.
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
