"""What a borrower's Xero offers to choose from, read for one page."""

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Self, TypeVar, cast

from django.core.cache import cache

from xero_sync.accounts import options, plain_accounts
from xero_sync.codat.accounts import Account, BankAccount, Supplier, TaxRate
from xero_sync.codat.client import CodatClient
from xero_sync.codat.exceptions import CodatError, WritebackBlocked
from xero_sync.models import Connection
from xero_sync.models.choices import AccountKind
from xero_sync.writeback.paced_client import page_client

logger = logging.getLogger(__name__)

Row = TypeVar("Row", BankAccount, Account, Supplier, TaxRate, AccountKind)
# Whoever answers one question after the other need not wait at each page.
KEPT_SECONDS = 60
KINDS = ("bank accounts", "accounts", "suppliers", "tax rates", "account kinds")


class BooksUnreadable(Exception):
    """Codat did not tell in time what there is to choose from; nothing was changed."""


class Books:
    """Reads at Codat what a page needs, within the seconds that a page may take.

    What was read is kept for a minute by each web process for itself, without numbers
    of accounts or addresses. Used as a context, so that its client is closed.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._client: CodatClient | None = None

    def __enter__(self) -> Self:
        """Begin; nothing is read yet."""
        return self

    def __exit__(self, *_exc_info: object) -> None:
        """Close the client, if there was anything to read."""
        if self._client is not None:
            self._client.close()

    @property
    def client(self) -> CodatClient:
        """The page's client: all its calls together take six seconds at most.

        Raises:
            CodatKeyMissing: no key for Codat is configured.
        """
        if self._client is None:
            self._client = page_client()
        return self._client

    def bank_accounts(self) -> list[BankAccount]:
        """Return those that money can be paid into and that are in our currency.

        Raises:
            BooksUnreadable: Codat did not answer in time.
        """
        ids = (
            self._connection.codat_company_id,
            self._connection.codat_connection_id,
        )
        rows = self._kept(
            KINDS[0],
            lambda: [
                replace(one, sort_code="", account_number="", balance=None)
                for one in self.client.list_bank_accounts(*ids)
            ],
        )
        currency = self._connection.company.currency
        return [
            one
            for one in rows
            if options.takes_payments(one) and one.currency == currency
        ]

    def accounts(self) -> list[Account]:
        """Return the whole chart of accounts, also what cannot be chosen.

        Raises:
            BooksUnreadable: Codat did not answer in time.
        """
        company = self._connection.codat_company_id
        return self._kept(KINDS[1], lambda: self.client.list_accounts(company))

    def fee_accounts(self) -> list[Account]:
        """Return the accounts that fees can be entered on.

        Raises:
            BooksUnreadable: Codat did not answer in time.
        """
        return [one for one in self.accounts() if options.takes_fees(one)]

    def suppliers(self) -> list[Supplier]:
        """Return the suppliers that are in use.

        Raises:
            BooksUnreadable: Codat did not answer in time.
        """
        company = self._connection.codat_company_id
        rows = self._kept(
            KINDS[2],
            lambda: [
                replace(one, email="") for one in self.client.list_suppliers(company)
            ],
        )
        return [one for one in rows if options.is_usable(one)]

    def tax_rates(self) -> list[TaxRate]:
        """Return all tax rates; none where a lender may not read them.

        Raises:
            BooksUnreadable: Codat did not answer in time.
        """
        return self._kept(
            KINDS[3],
            lambda: options.tax_rates(connection=self._connection, client=self.client),
        )

    def account_kinds(self) -> list[AccountKind]:
        """Return which kinds of lender account can be made without a bank feed.

        Raises:
            BooksUnreadable: Codat did not answer in time.
        """
        return self._kept(
            KINDS[4],
            lambda: plain_accounts.kinds(
                connection=self._connection, client=self.client
            ),
        )

    def forget(self) -> None:
        """Read anew next time: something is no longer as it was read."""
        cache.delete_many([self._key(kind) for kind in KINDS])

    def _key(self, kind: str) -> str:
        return f"books-{self._connection.pk}-{kind.replace(' ', '-')}"

    def _kept(self, kind: str, read: Callable[[], list[Row]]) -> list[Row]:
        kept = cache.get(self._key(kind))
        if kept is not None:
            return cast(list[Row], kept)
        try:
            rows = read()
        except (CodatError, WritebackBlocked) as exc:
            logger.warning(
                "The %s behind connection %s could not be read: %s",
                kind,
                self._connection.pk,
                type(exc).__name__,
            )
            raise BooksUnreadable(BooksUnreadable.__doc__) from exc
        cache.set(self._key(kind), rows, KEPT_SECONDS)
        return rows
