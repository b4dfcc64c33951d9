"""The whole choice of a borrower's accounts, with what has to be made for it in Xero.

Everything is checked before anything is made. What was made stays: the same choice made
again goes on where it stopped, so it may be repeated after any failure.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from django.conf import settings
from django.utils.translation import gettext as _

from lending.money import quantize
from xero_sync.accounts import lender_accounts, mapping, options
from xero_sync.bank_feeds import status as feed_status
from xero_sync.codat.accounts import Account, BankAccount, Supplier
from xero_sync.codat.client import CodatClient
from xero_sync.codat.exceptions import (
    AlreadyUnderWay,
    MappingIncomplete,
    SameAccountTwice,
)
from xero_sync.models import AccountMapping, Connection, LenderAccount
from xero_sync.models.choices import FeedStatus
from xero_sync.organisations import changes as organisations
from xero_sync.runtime import leases
from xero_sync.runtime.clock import database_now
from xero_sync.writeback import readiness

Wait = Callable[[float], None]
NO_TAX = "NONE"


@dataclass(frozen=True)
class NewLenderAccount:
    """A lender account to be made in Xero, with its bank feed.

    Numbers that are left out are the configured ones.
    """

    account_number: str = field(default="", repr=False)
    sort_code: str = field(default="", repr=False)
    feed_start_date: date | None = None


@dataclass(frozen=True)
class AdoptedLenderAccount:
    """A bank account in Xero that becomes the lender account."""

    target_account_id: str
    source_account_id: str = ""
    opening_balance: Decimal = Decimal(0)
    feed_start_date: date | None = None


@dataclass(frozen=True)
class NewExpenseAccount:
    """An expense account to be made, unless its code is there."""

    nominal_code: str
    name: str = "Finance fees"


@dataclass(frozen=True)
class Choice:
    """What is chosen; what is left out stays as it is.

    The first time the supplier is found or made by the lender's name, and there is no
    tax, if nothing is said of them.
    """

    lender_account: NewLenderAccount | AdoptedLenderAccount | None = None
    nominated_account_id: str = ""
    expense_account: NewExpenseAccount | str = ""
    supplier_id: str = ""
    tax_rate_id: str = ""
    tax_percent: Decimal | None = None


def choose(
    *,
    connection: Connection,
    choice: Choice,
    client: CodatClient,
    chosen_by: str,
    now: Callable[[], datetime],
    wait: Wait = time.sleep,
) -> AccountMapping:
    """Check a choice, make what is to be made in Xero, and store it as a new version.

    A choice of what is chosen already is the version that there is.

    Raises:
        OrganisationChanged: a person has to say first which organisation it is.
        MappingIncomplete: something is missing, or not usable in Xero; nothing was
            made. `field` names it.
        SameAccountTwice: the nominated account is the lender account.
        AccountCurrencyMismatch: an account is kept in another currency.
        BankFeedsNotEnabled: Xero refuses bank feeds for this organisation.
        XeroNotReady: `wait` gave up; what was begun goes on, so choose again.
        AlreadyUnderWay: somebody else is choosing for this connection.
        CodatError: Codat did not answer, or refused.
    """
    with leases.alone(act="choosing", on=connection.pk) as lease:
        if lease is None:
            raise AlreadyUnderWay

        def wait_and_keep(seconds: float) -> None:
            wait(seconds)
            lease.keep()

        chosen = _Choosing(connection, choice, client, wait_and_keep, chosen_by)
        return chosen.run(now=now)


class _Choosing:
    """One choice on its way."""

    def __init__(
        self,
        connection: Connection,
        choice: Choice,
        client: CodatClient,
        wait: Wait,
        chosen_by: str,
    ) -> None:
        self._connection = connection
        self._choice = choice
        self._client = client
        self._wait = wait
        self._chosen_by = chosen_by
        self._present = readiness.latest_mapping(connection)

    def run(self, *, now: Callable[[], datetime]) -> AccountMapping:
        organisations.require_confirmed(self._connection)
        choice = self._choice
        nominated = choice.nominated_account_id or self._chosen("nominated_account_id")
        expense = choice.expense_account or self._chosen("expense_account_id")
        supplier_id = choice.supplier_id or (
            self._present.supplier_id if self._present else ""
        )
        rate_id, percent = self._tax()
        self._check_offered(nominated, expense, supplier_id)
        options.check_tax(
            connection=self._connection,
            rate_id=rate_id,
            percent=percent,
            client=self._client,
        )
        account = self._lender_account(nominated)
        return mapping.choose_accounts(
            connection=self._connection,
            lender_account=account,
            nominated_account_id=nominated,
            expense_account_id=self._expense_account_id(expense),
            supplier_id=supplier_id or self._lender_as_supplier(),
            tax_rate_id=rate_id,
            tax_percent=percent,
            client=self._client,
            chosen_by=self._chosen_by,
            now=now(),
        )

    def _chosen(self, name: str) -> str:
        if self._present is None:
            raise MappingIncomplete(_("Give the id of an account."), field=name)
        return str(getattr(self._present, name))

    def _tax(self) -> tuple[str, Decimal]:
        present = self._present
        rate_id = present.tax_rate_id if present else NO_TAX
        percent = present.tax_percent if present else Decimal(0)
        given = self._choice.tax_percent
        return self._choice.tax_rate_id or rate_id, percent if given is None else given

    def _check_offered(
        self, nominated: str, expense: NewExpenseAccount | str, supplier_id: str
    ) -> None:
        """Refuse what Xero does not have before an account is made for nothing."""
        offered = options.choices(connection=self._connection, client=self._client)
        _check(nominated, offered.bank_accounts, "nominated_account_id")
        if isinstance(expense, str):
            _check(expense, offered.expense_accounts, "expense_account_id")
        else:
            options.find_expense_account(
                connection=self._connection,
                client=self._client,
                nominal_code=expense.nominal_code,
            )
        if supplier_id:
            _check(supplier_id, offered.suppliers, "supplier_id")
        else:
            options.check_clear(
                options.find_supplier(
                    name=settings.LENDER_NAME, suppliers=offered.suppliers
                )
            )

    def _lender_account(self, nominated_id: str) -> LenderAccount:
        match self._choice.lender_account:
            case NewLenderAccount() as new:
                there = self._of_number(new) or self._unused()
                return self._started(there, new) if there else self._made(new)
            case AdoptedLenderAccount() as adopted:
                if adopted.target_account_id == nominated_id:
                    raise SameAccountTwice(field="nominated_account_id")
                return self._adopted(adopted)
        if self._present is None:
            raise MappingIncomplete(
                _("Say that a new one is made, or which bank account in Xero it is."),
                field="lender_account",
            )
        account: LenderAccount = self._present.lender_account
        return account

    def _of_number(self, new: NewLenderAccount) -> LenderAccount | None:
        return lender_accounts.of_number(
            connection=self._connection,
            account_number=new.account_number,
            sort_code=new.sort_code,
            client=self._client,
        )

    def _unused(self) -> LenderAccount | None:
        """Return one that was made earlier for a choice that then failed."""
        made = (
            self._connection.lender_accounts.filter(void_since=None)
            .exclude(target_account_id="")
            .exclude(feed_status=FeedStatus.CLOSED)
        )
        return made.filter(mappings=None).order_by("pk").last()

    def _started(self, account: LenderAccount, new: NewLenderAccount) -> LenderAccount:
        """Give an account that is there the start date that is wanted now."""
        if new.feed_start_date is None:
            return account
        return feed_status.set_start(
            account=account,
            starts_on=new.feed_start_date,
            now=database_now(),
            by=self._chosen_by,
        )

    def _made(self, new: NewLenderAccount) -> LenderAccount:
        return lender_accounts.create(
            connection=self._connection,
            account_number=new.account_number,
            sort_code=new.sort_code,
            feed_start_date=new.feed_start_date,
            by=self._chosen_by,
            client=self._client,
            wait=self._wait,
        )

    def _adopted(self, adopted: AdoptedLenderAccount) -> LenderAccount:
        currency = self._connection.company.currency
        if quantize(adopted.opening_balance, currency) != adopted.opening_balance:
            raise MappingIncomplete(
                _("Too exact for %(currency)s; round it.") % {"currency": currency},
                field="opening_balance",
            )
        return lender_accounts.adopt(
            connection=self._connection,
            target_account_id=adopted.target_account_id,
            source_account_id=adopted.source_account_id,
            opening_balance=adopted.opening_balance,
            feed_start_date=adopted.feed_start_date,
            by=self._chosen_by,
            client=self._client,
        )

    def _expense_account_id(self, wanted: NewExpenseAccount | str) -> str:
        if isinstance(wanted, str):
            return wanted
        account = mapping.ensure_expense_account(
            connection=self._connection,
            client=self._client,
            name=wanted.name,
            nominal_code=wanted.nominal_code,
            wait=self._wait,
        )
        return account.id

    def _lender_as_supplier(self) -> str:
        return mapping.ensure_supplier(
            connection=self._connection, client=self._client, wait=self._wait
        ).id


def _check(
    given: str, offered: Iterable[BankAccount | Account | Supplier], name: str
) -> None:
    if given not in {one.id for one in offered}:
        raise MappingIncomplete(
            _("%(id)s is none of those that can be chosen.") % {"id": given}, field=name
        )
