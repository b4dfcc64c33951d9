"""What stands in Xero, next to what the lender's book predicts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from backoffice.demo.sandbox import Sandbox
from lending import formats
from lending.positions import company_position
from xero_sync.models import (
    AccountMapping,
    Connection,
    SyncRecord,
    WebhookMessage,
)
from xero_sync.models.choices import BOOKINGS, State, Step

Rows = Sequence[Sequence[str]]


@dataclass(frozen=True)
class Balance:
    """One account: as it is and as it should be."""

    letter: str
    name: str
    called: str
    in_xero: Decimal
    predicted: Decimal

    @property
    def is_equal(self) -> bool:
        """Whether they agree to the penny."""
        return self.in_xero == self.predicted


class Report:
    """Everything is read once, from the stand-in, over HTTP."""

    def __init__(self, connection: Connection, sandbox: Sandbox) -> None:
        self._connection = connection
        self._books = sandbox.look(f"books/{connection.codat_connection_id}")
        self._violations = sandbox.look("violations")
        versions = connection.mappings.select_related("lender_account")
        self._mapping: AccountMapping = versions.latest("version")

    @property
    def entries(self) -> list[dict[str, Any]]:
        """The entries that came through Codat, in the order they were posted."""
        return [one for one in self._books["entries"] if one["pushOperationKey"]]

    @property
    def statement(self) -> dict[str, Any]:
        """The statement of the lender account's feed."""
        account = self._mapping.lender_account
        found: dict[str, Any] = self._books["statements"][account.source_account_id]
        return found

    def balances(self) -> list[Balance]:
        """The accounts that a loan moves."""
        position = company_position(company=self._connection.company)
        letters = {letter: key for key, letter in self._letters().items()}
        names = {one["id"]: one["name"] for one in self._books["accounts"]}

        def account(letter: str, name: str, predicted: Decimal) -> Balance:
            key = letters[letter]
            found = Decimal(str(self._books["balances"][key]))
            return Balance(letter, name, names[key], found, predicted)

        lender = position.lender_account
        statement = Decimal(str(self.statement["balance"]))
        return [
            account("L", "lender account", lender),
            account("N", "nominated account", position.nominated_account),
            account("E", "fees", position.fee_expense),
            account("T", "tax", position.tax),
            account("AR", "receivables", position.receivable),
            Balance("", "statement of L", "bank feed", statement, lender),
        ]

    def _letters(self) -> dict[str, str]:
        """The short names of the accounts, by their ids in Xero."""
        chosen = self._mapping
        by_name = {one["name"]: one["id"] for one in self._books["accounts"]}
        return {
            by_name["Accounts Receivable"]: "AR",
            by_name["VAT"]: "T",
            chosen.lender_target_account_id: "L",
            chosen.nominated_account_id: "N",
            chosen.expense_account_id: "E",
        }

    def differences(self) -> list[str]:
        """Say in words what is not as it should be; nothing if all is well."""
        return [
            *(f"{one.name} differs" for one in self._unequal()),
            *self._unwritten(),
            *self._counted_wrong(),
        ]

    def _unequal(self) -> list[Balance]:
        return [one for one in self.balances() if not one.is_equal]

    def _unwritten(self) -> Iterator[str]:
        open_ = self._records().exclude(state=State.WRITTEN).count()
        if open_:
            yield f"{open_} entries are not written"

    def _counted_wrong(self) -> Iterator[str]:
        ours = set(
            self._records().filter(step__in=BOOKINGS).values_list("xero_record_id")
        )
        theirs = [(one["recordId"],) for one in self.entries]
        if len(theirs) != len(set(theirs)) or set(theirs) != ours:
            yield "the records in Xero are not those that we know"
        lines = self._records().filter(step=Step.STATEMENT_LINE).count()
        if lines != len(self.statement["lines"]):
            yield "the statement has not one line per movement"

    def _records(self) -> Any:
        return SyncRecord.objects.filter(company=self._connection.company_id)

    def lines(self) -> Iterator[str]:
        """The whole report, line by line."""
        yield "Entries in Xero, in the order they were posted"
        yield from table(
            ("", "type", "date", "from", "to", "amount", "record in Xero"),
            list(self._entry_rows()),
            right={0, 5},
        )
        yield ""
        yield "Statement of the lender account"
        yield from table(
            ("", "date", "description", "amount", "balance"),
            list(self._statement_rows()),
            right={0, 3, 4},
        )
        yield ""
        yield "Balances"
        yield from table(
            ("", "account", "called in Xero", "in Xero", "predicted", ""),
            [
                (
                    one.letter,
                    one.name,
                    one.called,
                    self._money(one.in_xero),
                    self._money(one.predicted),
                    _word(one),
                )
                for one in self.balances()
            ],
            right={3, 4},
        )
        yield ""
        read = WebhookMessage.objects.exclude(processed_at=None).count()
        yield f"{read} signed webhooks arrived and were read."
        for rule in self._violations:
            yield f"Codat's contract was broken: {rule}"
        yield self.verdict()

    def verdict(self) -> str:
        """One plain line."""
        differences = self.differences()
        if differences:
            return f"NOT EQUAL: {', '.join(differences)}."
        total = self._records().count()
        return (
            f"EQUAL: {total} of {total} entries stand in Xero, each once, and every "
            "balance is the predicted one."
        )

    def _money(self, amount: object) -> str:
        currency = self._connection.company.currency
        return formats.money(Decimal(str(amount)), currency)

    def _entry_rows(self) -> Iterator[tuple[str, ...]]:
        names = self._letters()
        for number, entry in enumerate(self.entries, start=1):
            sides = {Decimal(str(it["amount"])) > 0: it for it in entry["lines"]}
            yield (
                str(number),
                entry["type"],
                _day(entry),
                _name(names, sides[False]),
                _name(names, sides[True]),
                self._money(entry["amount"]),
                entry["recordId"],
            )

    def _statement_rows(self) -> Iterator[tuple[str, ...]]:
        for number, line in enumerate(self.statement["lines"], start=1):
            yield (
                str(number),
                _day(line),
                line["description"],
                self._money(line["amount"]),
                self._money(line["balance"]),
            )


def _name(names: dict[str, str], line: dict[str, Any]) -> str:
    account: str = line["accountId"]
    return names.get(account, account)


def _day(entry: dict[str, Any]) -> str:
    return formats.day(date.fromisoformat(entry["date"][:10]))


def _word(balance: Balance) -> str:
    return "equal" if balance.is_equal else "DIFFERS"


def table(head: Sequence[str], rows: Rows, *, right: set[int]) -> Iterator[str]:
    """Lay out a table; the columns named in `right` are aligned to the right."""
    widths = [
        max(len(row[index]) for row in (head, *rows)) for index in range(len(head))
    ]
    for row in (head, *rows):
        cells = [
            cell.rjust(width) if index in right else cell.ljust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield f"  {'  '.join(cells)}".rstrip()
