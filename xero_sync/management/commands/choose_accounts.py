"""Choose the accounts in a borrower's Xero."""

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.core.management.base import CommandError, CommandParser

from lending.management.base import a_date, at_the_keyboard
from xero_sync.accounts import choice
from xero_sync.accounts import options as account_options
from xero_sync.accounts.choice import (
    AdoptedLenderAccount,
    Choice,
    LenderAccountWanted,
    NewExpenseAccount,
    NewLenderAccount,
    NewPlainAccount,
)
from xero_sync.accounts.driving import drive, once_read
from xero_sync.accounts.options import Choices
from xero_sync.accounts.progress import Progress, progress
from xero_sync.codat.client import CodatClient
from xero_sync.management.base import XeroCommand, connection_of
from xero_sync.models import AccountMapping, AccountSetup
from xero_sync.models.choices import AccountKind
from xero_sync.runtime.clock import database_now
from xero_sync.writeback.paced_client import paced_client

Options = dict[str, Any]
# What the fields that a refusal names are called here.
OPTIONS = {
    "lender_account": "lender-account",
    "kind": "without-feed",
    "account_number": "account-number",
    "sort_code": "sort-code",
    "target_account_id": "lender-account",
    "source_account_id": "source-account",
    "opening_balance": "opening-balance",
    "nominated_account_id": "nominated",
    "expense_account_id": "expense",
    "nominal_code": "expense-code",
    "supplier_id": "supplier",
    "supplier": "supplier",
    "tax_percent": "tax-percent",
}
LISTED = ("nominated", "expense", "supplier")


class Command(XeroCommand):
    """`manage.py choose_accounts`."""

    # Where each step stood when it was last told of.
    _told: dict[str, str]

    help = "Choose the accounts in a borrower's Xero; what is left out stays as it is."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("reference", help="The company's reference.")
        parser.add_argument("--list", action="store_true", help="Show what there is.")
        lender = parser.add_argument_group("lender account")
        lender.add_argument("--lender-account", metavar="new|XERO_ID")
        lender.add_argument(
            "--without-feed",
            choices=AccountKind.values,
            help="A new one of this kind, while no bank feed can come.",
        )
        lender.add_argument(
            "--account-number", default="", help="Of a card the last four digits."
        )
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
        others.add_argument("--tax-rate", metavar="ID", help="At first NONE.")
        others.add_argument("--tax-percent", metavar="NUMBER", help="At first 0.")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Show what can be chosen, or choose it."""
        connection = connection_of(options["reference"])
        self._told = {}
        with paced_client() as client:
            if options["list"]:
                self._list(
                    once_read(
                        lambda: account_options.choices(
                            connection=connection, client=client
                        )
                    )
                )
                return
            begun = once_read(
                lambda: choice.begin(
                    connection=connection,
                    choice=_choice(options),
                    by=at_the_keyboard(),
                    now=database_now(),
                    client=client,
                )
            )
        with CodatClient.from_settings() as client:
            chosen = drive(begun, client=client, tell=self._tell)
        if isinstance(chosen, AccountSetup):
            raise CommandError(f"{progress(chosen).reason_words} {chosen.words}")
        self._show(chosen)

    def _tell(self, seen: Progress) -> None:
        for step in seen.steps:
            if self._told.get(step.kind) != step.status:
                self._told[step.kind] = step.status
                self.say(f"{step.name}: {step.words}")

    def sentence(self, exc: Exception) -> str:
        """Name the option that a refusal is about."""
        option = OPTIONS.get(getattr(exc, "field", ""))
        if option is None:
            return super().sentence(exc)
        text = f"--{option}: {exc}"
        return f"{text} --list shows them." if option in LISTED else text

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


def _choice(options: Options) -> Choice:
    expense: str | NewExpenseAccount = options["expense"] or ""
    if code := options["expense_code"]:
        expense = NewExpenseAccount(code, options["expense_name"] or "Finance fees")
    percent = options["tax_percent"]
    return Choice(
        lender_account=_lender_account(options),
        nominated_account_id=options["nominated"] or "",
        expense_account=expense,
        supplier_id=options["supplier"] or "",
        tax_rate_id=options["tax_rate"] or "",
        tax_percent=None if percent is None else _number(percent, "tax_percent"),
    )


def _lender_account(options: Options) -> LenderAccountWanted | None:
    kind = options["without_feed"]
    match options["lender_account"]:
        case None | "new" if kind:
            return NewPlainAccount(
                kind, options["account_number"], options["sort_code"]
            )
        case _ if kind:
            raise CommandError("--without-feed: only a new account is made so.")
        case None:
            return None
        case "new":
            return NewLenderAccount(
                account_number=options["account_number"],
                sort_code=options["sort_code"],
                feed_start_date=options["feed_start"],
            )
        case target_id:
            return AdoptedLenderAccount(
                target_account_id=target_id,
                source_account_id=options["source_account"],
                opening_balance=_number(options["opening_balance"], "opening_balance"),
                feed_start_date=options["feed_start"],
            )


def _number(text: str, field: str) -> Decimal:
    if not re.fullmatch(r"-?\d{1,12}(\.\d{1,4})?", text, re.ASCII):
        option = field.replace("_", "-")
        raise CommandError(f"--{option}: “{text}” is no number; write it as 12.50.")
    return Decimal(text)
