"""What can be asked for when a borrower's accounts are chosen."""

import json
from dataclasses import asdict, dataclass, field
from datetime import date
from decimal import Decimal

NO_TAX = "NONE"
# Where Xero lets an account for fees stand.
FEE_CATEGORIES = ("Expense.Expense", "Expense.Overhead", "Expense.DirectCosts")


@dataclass(frozen=True)
class NewLenderAccount:
    """A lender account to be made in Xero, with its bank feed.

    Numbers that are left out are the configured ones.
    """

    account_number: str = field(default="", repr=False)
    sort_code: str = field(default="", repr=False)
    feed_start_date: date | None = None


@dataclass(frozen=True)
class NewPlainAccount:
    """A lender account to be made in Xero while no bank feed can come.

    `kind` is one of `AccountKind`. A bank account has the lender's numbers, the
    configured ones if they are left out; of a credit card's number only the last four
    digits are taken; another kind needs a number that the borrower knows it by.
    """

    kind: str
    account_number: str = field(default="", repr=False)
    sort_code: str = field(default="", repr=False)


@dataclass(frozen=True)
class AdoptedLenderAccount:
    """A bank account in Xero that becomes the lender account."""

    target_account_id: str
    source_account_id: str = ""
    opening_balance: Decimal = Decimal(0)
    feed_start_date: date | None = None


@dataclass(frozen=True)
class NewExpenseAccount:
    """An expense account to be made, unless its code is there.

    `category` says where it stands in Xero's chart: one of `FEE_CATEGORIES`.
    """

    nominal_code: str
    name: str = "Finance fees"
    category: str = FEE_CATEGORIES[0]


LenderAccountWanted = NewLenderAccount | NewPlainAccount | AdoptedLenderAccount


@dataclass(frozen=True)
class Choice:
    """What is chosen; what is left out stays as it is.

    The first time the supplier is found or made by the lender's name, and there is no
    tax, if nothing is said of them. `supplier_is_new` says that a person has seen the
    suppliers with nearly that name, and the lender is none of them.
    """

    lender_account: LenderAccountWanted | None = None
    nominated_account_id: str = ""
    expense_account: NewExpenseAccount | str = ""
    supplier_id: str = ""
    supplier_is_new: bool = False
    tax_rate_id: str = ""
    tax_percent: Decimal | None = None

    def frozen(self) -> str:
        """Return the whole choice as a text that is equal for equal choices."""
        kinds = [
            type(one).__name__ for one in (self.lender_account, self.expense_account)
        ]
        return json.dumps([kinds, asdict(self)], default=_plain, sort_keys=True)


def _plain(value: object) -> str:
    return f"{value.normalize():f}" if isinstance(value, Decimal) else str(value)
