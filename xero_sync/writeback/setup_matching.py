"""What a borrower's Xero has already of what a setup would make."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from xero_sync.codat.accounts import Account, BankAccount, Supplier, TaxRate
from xero_sync.codat.exceptions import MappingIncomplete
from xero_sync.writeback.names import likeness, plain

# What Codat calls a record that can be booked on, or does not call anything.
USABLE = frozenset({"Active", "Unknown", ""})
# Where a fee account may stand in Xero's chart.
EXPENSE = "Expense"
# What is bought names its tax by these. Codat's published example of Xero's rates has
# no link of direct costs, but those of bills, which take the same rates in Xero.
PURCHASES = ("Bill.", "BillCreditNote.", "DirectCost.")


@dataclass(frozen=True)
class SupplierMatch:
    """The suppliers that are called exactly so, and those that nearly are."""

    exact: list[Supplier]
    near: list[Supplier]


def is_usable(one: BankAccount | Account | Supplier | TaxRate) -> bool:
    """Tell whether a record in Xero can still be booked on."""
    return one.status in USABLE and not one.is_deleted


def carries_fees(rate: TaxRate) -> bool:
    """Tell whether fees can carry a tax rate: it is in use, and not for sales alone."""
    fits = not rate.used_in or any(one.startswith(PURCHASES) for one in rate.used_in)
    return is_usable(rate) and fits


def expense_account(
    *, accounts: Iterable[Account], nominal_code: str
) -> Account | None:
    """Return the active expense account of this code, if there is one.

    Raises:
        MappingIncomplete: the code belongs to an account that is no expense account.
    """
    for account in accounts:
        if account.nominal_code != nominal_code or account.is_deleted:
            continue
        if account.type == EXPENSE and is_usable(account):
            return account
        raise MappingIncomplete(
            _("The code %(code)s belongs to %(name)s already; choose another.")
            % {"code": nominal_code, "name": account.name},
            field="nominal_code",
        )
    return None


def plain_account(
    *, accounts: Iterable[BankAccount], body: Mapping[str, object], was_sent: bool
) -> BankAccount | None:
    """Return the bank account that a body makes, if it is there.

    Xero has no name twice, so the name tells; that it is ours, the currency and the end
    of its number. What Xero shows of a number differs by country and kind, or is
    nothing: that is enough once we have sent it, and not before.

    Raises:
        MappingIncomplete: the name belongs to another account.
    """
    name, number = str(body["accountName"]), str(body["accountNumber"])
    for one in accounts:
        if one.name.strip().casefold() != name.casefold() or not is_usable(one):
            continue
        shown = _end(one.account_number)
        is_ours = shown == _end(number) or (was_sent and not shown)
        if is_ours and one.currency in {body.get("currency", ""), ""}:
            return one
        raise MappingIncomplete(
            _(
                "Xero has another account called %(name)s already. Adopt that one, or "
                "let the borrower rename it there."
            )
            % {"name": one.name},
            field="lender_account",
        )
    return None


def _end(number: str) -> str:
    return "".join(one for one in number if one.isalnum())[-4:]


def find_supplier(*, name: str, suppliers: Iterable[Supplier]) -> SupplierMatch:
    """Search for a name: equal up to case and punctuation, or nearly equal.

    The nearest come first. They are candidates for a person, and decide nothing.
    """
    wanted = plain(name)
    exact, near = [], []
    for supplier in suppliers:
        if plain(supplier.name) == wanted:
            exact.append(supplier)
        elif alike := likeness(supplier.name, name):
            near.append((alike, supplier))
    near.sort(key=lambda one: (-one[0], one[1].name))
    return SupplierMatch(exact, [supplier for _alike, supplier in near])


def the_supplier(
    *, name: str, suppliers: Sequence[Supplier], only_equal: bool = False
) -> Supplier | None:
    """Return the usable supplier of this name, if there is one.

    With `only_equal` those that are called nearly so do not count: a person has seen
    them.

    Raises:
        MappingIncomplete: several are called so, or none but some nearly.
    """
    match = find_supplier(
        name=name, suppliers=[one for one in suppliers if is_usable(one)]
    )
    check_clear(SupplierMatch(match.exact, []) if only_equal else match)
    return match.exact[0] if match.exact else None


def check_clear(match: SupplierMatch) -> None:
    """Refuse where only a person can say which supplier is meant.

    Raises:
        MappingIncomplete: several are called so, or none but some nearly.
    """
    candidates = match.exact or match.near
    if candidates and len(match.exact) != 1:
        raise MappingIncomplete(
            _("Choose one of these suppliers: %(names)s.")
            % {"names": ", ".join(f"{one.name} ({one.id})" for one in candidates)},
            field="supplier",
        )
