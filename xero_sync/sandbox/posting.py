"""What a push does to the books at Xero: check, then post.

A push is validated long after Codat took it in; whatever is wrong with it ends as
`Failed` with `validation.errors`, never as an HTTP 400 (Codat's push page).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from xero_sync.sandbox.ledger import Entry, Line
from xero_sync.sandbox.organisation import PENNY, Account, Organisation
from xero_sync.sandbox.shape import issue
from xero_sync.sandbox.wire import JsonObject, is_guid, new_id, read_day


class Refused(Exception):
    """Xero does not take the record."""

    def __init__(self, errors: Iterable[JsonObject]) -> None:
        self.errors = list(errors)
        super().__init__("; ".join(error["message"] for error in self.errors))


@dataclass
class Posting:
    """One push on its way into the books."""

    organisation: Organisation
    body: JsonObject
    now: datetime
    push_operation_key: str | None = None
    source_account_ids: frozenset[str] = frozenset()
    errors: list[JsonObject] = field(default_factory=list)
    warnings: list[JsonObject] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)

    def refuse(self, item: str, message: str) -> None:
        """Note one more reason not to take the record."""
        self.errors.append(issue(item, message))

    def warn(self, item: str, message: str) -> None:
        """Note a remark which does not stop the record."""
        self.warnings.append(issue(item, message))

    def verdict(self) -> None:
        """Stop here if anything was refused.

        Raises:
            Refused: with all reasons so far.
        """
        if self.errors:
            raise Refused(self.errors)

    def guid(self, item: str, value: Any) -> bool:
        """Whether an id is a GUID; one that is not breaks the contract."""
        if is_guid(value):
            return True
        self.violations.append(f"{item} is not a GUID: {value}")
        self.refuse(item, f"{item} must be a valid GUID.")
        return False

    def account(self, item: str, account_id: str) -> Account | None:
        """The active account meant by an id; reasons are noted otherwise."""
        if account_id in self.source_account_ids:
            self.violations.append(f"{item} is the id of a source account")
            self.refuse(item, f"{item} must match the ID of an existing account.")
            return None
        if not self.guid(item, account_id):
            return None
        account = self.organisation.accounts.get(account_id)
        if account is None:
            self.refuse(item, f"{item} must match the ID of an existing account.")
        elif not account.is_active:
            self.refuse(item, f"{item} is archived.")
        else:
            return account
        return None

    def bank(self, item: str, account_id: str) -> Account | None:
        """The active bank account meant by an id."""
        account = self.account(item, account_id)
        if account is not None and not account.is_bank:
            self.refuse(item, f"{item} must match the ID of an existing bank account.")
            return None
        return account

    def day(self, item: str, value: Any) -> date:
        """The posting date, which must lie in an open period."""
        found = read_day(value)
        if found is None or found.year == 1:
            self.refuse(item, f"{item} must be a real date.")
            return date.min
        if self.organisation.is_locked(found):
            self.refuse(
                item, f"{item} is on or before the lock date of the organisation."
            )
        return found

    def same_currency(self, item: str, account: Account | None, currency: Any) -> None:
        """Refuse a currency other than the account's."""
        if account is not None and account.currency != currency:
            self.refuse(item, f"{item} must be in the currency of the account.")

    def post(
        self,
        kind: str,
        when: date,
        amount: Decimal,
        lines: Iterable[tuple[str, Decimal]],
        *,
        currency: str,
        record_id: str | None = None,
        **details: str | None,
    ) -> str:
        """Write the entry and return the id of the new record."""
        record_id = record_id or new_id()
        self.organisation.ledger.post(
            Entry(
                type=kind,
                record_id=record_id,
                date=when,
                amount=amount,
                lines=tuple(Line(account, sum_) for account, sum_ in lines if sum_),
                posted_at=self.now,
                currency=currency,
                push_operation_key=self.push_operation_key,
                **details,
            )
        )
        return record_id


def money(value: Any) -> Decimal:
    """A JSON number as money."""
    return Decimal(value).quantize(PENNY)
