"""The borrower's own names of what a body names by id."""

from dataclasses import dataclass

from django.db import models
from django.utils.translation import gettext_lazy as _

from xero_sync.models import AccountMapping, LenderAccount


class Role(models.TextChoices):
    """What an account is for."""

    LENDER = "lender", _("Lender account")
    NOMINATED = "nominated", _("Bank account")
    EXPENSE = "expense", _("Fee account")
    UNKNOWN = "unknown", _("Another account")


@dataclass(frozen=True)
class Named:
    """An account as the borrower calls it; its role, where it has no name."""

    role: Role
    name: str

    def __str__(self) -> str:
        """Name the account."""
        return self.name or str(self.role.label)


class Names:
    """Names by id; those of the mapping that is shown hold over older ones."""

    def __init__(self, mapping: AccountMapping) -> None:
        self._accounts: dict[str, Named] = {}
        self._suppliers: dict[str, str] = {}
        self.know(mapping)

    def know(self, mapping: AccountMapping) -> None:
        """Learn the names of an older mapping too."""
        self.know_lender_account(mapping.lender_account)
        for role, key, name in (
            (
                Role.NOMINATED,
                mapping.nominated_account_id,
                mapping.nominated_account_name,
            ),
            (Role.EXPENSE, mapping.expense_account_id, mapping.expense_account_name),
        ):
            self._accounts.setdefault(key, Named(role, name))
        self._suppliers.setdefault(mapping.supplier_id, mapping.supplier_name)

    def know_lender_account(self, account: LenderAccount) -> None:
        """Learn the name of a lender account that a loan was begun with."""
        named = Named(Role.LENDER, account.name)
        self._accounts.setdefault(account.target_account_id, named)

    def of(self, account_id: str) -> Named:
        """Return the account of an id in Xero."""
        return self._accounts.get(account_id, Named(Role.UNKNOWN, ""))

    def supplier(self, supplier_id: str) -> str:
        """Return the name of a supplier; empty if it is not known."""
        return self._suppliers.get(supplier_id, "")
