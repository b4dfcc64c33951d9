"""The four things that a borrower chooses, checked against their Xero as it is now."""

import time
from collections.abc import Callable, Iterable
from datetime import datetime
from decimal import Decimal
from typing import TypeVar

from django.utils.translation import gettext as _

from xero_sync.accounts import refreshing
from xero_sync.accounts.options import Choices, check_tax, choices
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
from xero_sync.organisations import changes as organisations
from xero_sync.writeback import lost_choices, mappings

Chosen = TypeVar("Chosen", BankAccount, Account, Supplier)
Wait = Callable[[float], None]


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
    expected_version: int | None = None,
    offered: Choices | None = None,
) -> AccountMapping:
    """Store a new version of a borrower's choice, checked against their Xero.

    What is queued follows the new version; what was sent stays. The same choice again
    is the version that there is. `offered` is what their Xero was just seen to offer:
    then the tax has been checked as well, and nothing is read again.

    Raises:
        OrganisationChanged: a person has to say first which organisation it is.
        MappingIncomplete: an account or the supplier is not there, or not usable.
        SameAccountTwice: the nominated account is the lender account.
        AccountCurrencyMismatch: the nominated account has another currency.
        OtherVersion: another version is in force than the one that was expected.
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
    is_checked = offered is not None
    offered = offered or choices(connection=connection, client=client)
    bank = nominated(connection, nominated_account_id, offered)
    expense = chosen(offered.expense_accounts, expense_account_id, "expense_account_id")
    supplier = chosen(offered.suppliers, supplier_id, "supplier_id")
    if not is_checked:
        check_tax(
            connection=connection,
            rate_id=tax_rate_id,
            percent=tax_percent,
            client=client,
        )
    return mappings.store(
        connection=connection,
        expected_version=expected_version,
        lender_account=lender_account,
        nominated_account_id=bank.id,
        nominated_account_name=bank.name,
        expense_account_id=expense.id,
        expense_account_name=expense.name,
        supplier_id=supplier.id,
        supplier_name=supplier.name,
        tax_rate_id=tax_rate_id,
        tax_percent=tax_percent,
        chosen_by=chosen_by,
        created_at=now,
    )


def nominated(connection: Connection, account_id: str, offered: Choices) -> BankAccount:
    """Return the bank account of this id, of those that are offered.

    Raises:
        AccountCurrencyMismatch: it is kept in another currency.
        MappingIncomplete: Xero has no such active bank account.
    """
    for account in offered.in_other_currencies:
        if account.id == account_id:
            raise AccountCurrencyMismatch(
                _("%(name)s is kept in %(theirs)s; choose an account in %(ours)s.")
                % {
                    "name": account.name,
                    "theirs": account.currency,
                    "ours": connection.company.currency,
                },
                field="nominated_account_id",
            )
    return chosen(offered.bank_accounts, account_id, "nominated_account_id")


def chosen(offered: Iterable[Chosen], wanted: str, field: str) -> Chosen:
    """Return what has this id, of those that are offered.

    Raises:
        MappingIncomplete: Xero has no such active record; `field` names it.
    """
    for one in offered:
        if one.id == wanted:
            return one
    raise MappingIncomplete(
        _("%(id)s is none of those that can be chosen.") % {"id": wanted}, field=field
    )


def revalidate(
    *,
    connection: Connection,
    client: CodatClient,
    now: datetime,
    wait: Wait = time.sleep,
) -> str:
    """Check that all that was chosen can still be used; hold the entries otherwise.

    Returns:
        What is no longer usable, in words, or "".
    """
    mapping = connection.mappings.order_by("version").last()
    if mapping is None or connection.status != ConnectionStatus.LINKED:
        return ""
    if connection.organisation_changed or mapping.lender_account.void_since:
        # They were chosen in another organisation.
        return ""
    for data_type in lost_choices.DATA_TYPES:
        try:
            refreshing.refresh(
                connection=connection, data_type=data_type, client=client, wait=wait
            )
        except (CodatAccessDenied, CodatRejected):
            # As for the list: whether a lender may read them is not stated.
            if data_type != lost_choices.TAX_RATES:
                raise
    seen = lost_choices.read(connection=connection, mapping=mapping, client=client)
    found = lost_choices.gone(mapping, seen)
    return lost_choices.note(
        connection=connection, mapping=mapping, found=found, now=now
    )
