"""Choose the accounts in a borrower's Xero."""

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.core.management.base import CommandError, CommandParser

from lending.management.base import a_date, at_the_keyboard
from lending.money import quantize
from xero_sync import lender_accounts, mapping
from xero_sync.clock import database_now
from xero_sync.codat.client import CodatClient
from xero_sync.management.base import XeroCommand, connection_of
from xero_sync.mapping import Choices
from xero_sync.models import AccountMapping, Connection, LenderAccount
from xero_sync.writeback import budget, lessons

Options = dict[str, Any]
NEW = "new"


class Command(XeroCommand):
    """`manage.py choose_accounts`."""

    help = "Choose the accounts in a borrower's Xero; what is left out stays as it is."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("reference", help="The company's reference.")
        parser.add_argument("--list", action="store_true", help="Show what there is.")
        lender = parser.add_argument_group("lender account")
        lender.add_argument("--lender-account", metavar="new|XERO_ID")
        lender.add_argument("--account-number", default="")
        lender.add_argument("--sort-code", default="")
        lender.add_argument("--feed-start", type=a_date, metavar="YYYY-MM-DD")
        lender.add_argument("--source-account", default="", metavar="ID")
        lender.add_argument("--opening-balance", default="0", metavar="AMOUNT")
        others = parser.add_argument_group("the borrower's accounts")
        others.add_argument("--nominated", metavar="ID")
        others.add_argument("--expense", metavar="ID")
        others.add_argument("--expense-code", metavar="CODE")
        others.add_argument("--expense-name", metavar="NAME")
        others.add_argument("--supplier", metavar="ID")
        others.add_argument("--tax-rate", default="NONE")
        others.add_argument("--tax-percent", default="0")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Show what can be chosen, or choose it."""
        connection = connection_of(options["reference"])
        with CodatClient.from_settings(
            before_call=budget.charge, after_call=lessons.note
        ) as client:
            if options["list"]:
                self._list(mapping.choices(connection=connection, client=client))
                return
            self._show(Choosing(connection, client, options).run())

    def _list(self, offered: Choices) -> None:
        self._section("Bank accounts (--nominated)", offered.bank_accounts)
        self._section("Expense accounts (--expense)", offered.expense_accounts)
        self._section("Suppliers (--supplier)", offered.suppliers)

    def _section(self, title: str, found: Iterable[Any]) -> None:
        self.say(title)
        for one in found:
            code = getattr(one, "nominal_code", "")
            self.say(f"  {one.id}  {code:<6}{one.name}")

    def _show(self, chosen: AccountMapping) -> None:
        account = chosen.lender_account
        self.say(f"Version {chosen.version} of the accounts is chosen:")
        self.say(f"  lender account     {account.name}, feed {account.feed_status}")
        self.say(f"  nominated account  {chosen.nominated_account_name}")
        self.say(f"  expense account    {chosen.expense_account_name}")
        self.say(f"  supplier           {chosen.supplier_name}")
        self.say(f"  tax                {chosen.tax_rate_id} {chosen.tax_percent} %")


class Choosing:
    """One choice: everything is checked before anything is made in Xero."""

    def __init__(
        self, connection: Connection, client: CodatClient, options: Options
    ) -> None:
        self._connection = connection
        self._client = client
        self._options = options
        self._now_chosen = connection.mappings.order_by("version").last()

    def run(self) -> AccountMapping:
        """Check the options, make what is to be made, and store the choice."""
        percent = _number(self._options["tax_percent"], "tax_percent")
        nominated = self._given_or_chosen("nominated", "nominated_account_id")
        if not self._options["expense_code"]:
            self._given_or_chosen("expense", "expense_account_id")
        self._check_offered()
        account = self._lender_account()
        return mapping.choose_accounts(
            connection=self._connection,
            lender_account=account,
            nominated_account_id=nominated,
            expense_account_id=self._expense(),
            supplier_id=self._supplier(),
            tax_rate_id=self._options["tax_rate"],
            tax_percent=percent,
            client=self._client,
            chosen_by=at_the_keyboard(),
            now=database_now(),
        )

    def _given_or_chosen(self, option: str, field: str) -> str:
        given = self._options[option] or getattr(self._now_chosen, field, "")
        if not given:
            raise CommandError(
                f"--{option}: give the id of an account; --list shows them."
            )
        return str(given)

    def _check_offered(self) -> None:
        """Refuse a wrong id before an account is made for nothing."""
        offered = mapping.choices(connection=self._connection, client=self._client)
        lists: dict[str, Iterable[Any]] = {
            "nominated": offered.bank_accounts,
            "expense": offered.expense_accounts,
            "supplier": offered.suppliers,
        }
        for option, found in lists.items():
            given = self._options[option]
            if given and given not in {one.id for one in found}:
                raise CommandError(
                    f"--{option}: {given} is none of those that --list shows."
                )

    def _lender_account(self) -> LenderAccount:
        given = self._options["lender_account"]
        if given == NEW:
            return self._unused_account() or self._create_account()
        if given:
            return self._adopt_account(given)
        if self._now_chosen is None:
            raise CommandError(
                "--lender-account: say new, or give the id of a bank account in Xero."
            )
        account: LenderAccount = self._now_chosen.lender_account
        return account

    def _unused_account(self) -> LenderAccount | None:
        """Return one that was made earlier for a choice that then failed."""
        made = self._connection.lender_accounts.exclude(target_account_id="")
        return made.filter(mappings=None).order_by("pk").last()

    def _create_account(self) -> LenderAccount:
        return lender_accounts.create(
            connection=self._connection,
            account_number=self._options["account_number"],
            sort_code=self._options["sort_code"],
            feed_start_date=self._options["feed_start"],
            client=self._client,
        )

    def _adopt_account(self, target_id: str) -> LenderAccount:
        currency = self._connection.company.currency
        balance = _number(self._options["opening_balance"], "opening_balance")
        if quantize(balance, currency) != balance:
            raise CommandError(
                f"--opening-balance: too exact for {currency}; round it."
            )
        return lender_accounts.adopt(
            connection=self._connection,
            target_account_id=target_id,
            source_account_id=self._options["source_account"],
            opening_balance=balance,
            feed_start_date=self._options["feed_start"],
            client=self._client,
        )

    def _expense(self) -> str:
        code, name = self._options["expense_code"], self._options["expense_name"]
        if not code:
            return self._given_or_chosen("expense", "expense_account_id")
        account = mapping.ensure_expense_account(
            connection=self._connection,
            client=self._client,
            name=name or "Finance fees",
            nominal_code=code,
        )
        return account.id

    def _supplier(self) -> str:
        given = self._options["supplier"]
        if given or self._now_chosen:
            return str(given or getattr(self._now_chosen, "supplier_id", ""))
        return mapping.ensure_supplier(
            connection=self._connection, client=self._client
        ).id


def _number(text: str, field: str) -> Decimal:
    if not re.fullmatch(r"-?\d{1,12}(\.\d{1,4})?", text, re.ASCII):
        option = field.replace("_", "-")
        raise CommandError(f"--{option}: “{text}” is no number; write it as 12.50.")
    return Decimal(text)
