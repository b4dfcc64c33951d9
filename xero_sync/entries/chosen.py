"""Accounts that a borrower has chosen, before anything of it is saved."""

from dataclasses import dataclass
from decimal import Decimal

from xero_sync.codat.exceptions import SameAccountTwice
from xero_sync.models import AccountMapping, Connection, LenderAccount
from xero_sync.models.mapping_rows import MappingRow, RowRole

NO_TAX = "NONE"
# What Xero has no id for yet; no record of Xero is called so.
TO_BE_MADE = "(still to be made: {})"


@dataclass(frozen=True)
class Chosen:
    """One of the borrower's records in Xero; without an id it is still to be made."""

    name: str
    id: str = ""


@dataclass(frozen=True, kw_only=True)
class ChosenAccounts:
    """A choice that is not saved; `with_feed` tells whether a new account has a feed.

    `tax_percent` is the rate in percent, contained in what a fee comes to.
    """

    lender_account: Chosen
    nominated_account: Chosen
    expense_account: Chosen
    supplier: Chosen
    tax_rate_id: str = NO_TAX
    tax_percent: Decimal = Decimal(0)
    with_feed: bool = True

    def as_mapping(self, connection: Connection) -> AccountMapping:
        """Return the choice as the unsaved version of a connection's mapping.

        Raises:
            SameAccountTwice: the nominated account is the lender account.
        """
        lender = self._lender_account(connection)
        nominated = self._id("nominated_account")
        if lender.target_account_id == nominated:
            raise SameAccountTwice(field="nominated_account_id")
        mapping = AccountMapping(
            connection=connection,
            lender_account=lender,
            lender_target_account_id=lender.target_account_id,
            nominated_account_id=nominated,
            nominated_account_name=self.nominated_account.name,
            supplier_id=self._id("supplier"),
            supplier_name=self.supplier.name,
            currency=connection.company.currency,
        )
        mapping.fee = MappingRow(
            mapping=mapping,
            role=RowRole.FEE,
            account_id=self._id("expense_account"),
            account_name=self.expense_account.name,
            tax_rate_id=self.tax_rate_id,
            tax_percent=self.tax_percent,
        )
        return mapping

    def _lender_account(self, connection: Connection) -> LenderAccount:
        """Return the account that is known already, or an unsaved one."""
        wanted = self._id("lender_account")
        known = LenderAccount.objects.filter(
            connection=connection.pk, target_account_id=wanted, void_since=None
        )
        return known.first() or LenderAccount(
            connection=connection,
            target_account_id=wanted,
            source_account_id=self._to_be_made("feed") if self.with_feed else "",
            name=self.lender_account.name,
            currency=connection.company.currency,
            opening_balance=Decimal(0),
        )

    def _id(self, field: str) -> str:
        chosen: Chosen = getattr(self, field)
        return chosen.id or self._to_be_made(field)

    @staticmethod
    def _to_be_made(what: str) -> str:
        return TO_BE_MADE.format(what)
