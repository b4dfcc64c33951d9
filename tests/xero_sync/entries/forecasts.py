"""A borrower's choice that is not saved, and what the sandbox received later."""

from collections import Counter
from decimal import Decimal

from tests.worlds import Borrower, World
from xero_sync.entries import body_reading, forecast
from xero_sync.entries.chosen import Chosen, ChosenAccounts
from xero_sync.models.choices import DATA_TYPES, Step


def choice_of(borrower: Borrower, **overrides) -> ChosenAccounts:
    """The accounts that `World.choose_accounts` takes, as a choice not yet saved."""
    books, saved = borrower.books, borrower.mapping
    fields = {
        "lender_account": Chosen(
            borrower.lender_account.name, borrower.lender_account.target_account_id
        ),
        "nominated_account": Chosen(
            "Business Current Account", books.account("Business Current Account").id
        ),
        "expense_account": Chosen("Bank Fees", books.account("Bank Fees").id),
        "supplier": Chosen(saved.supplier_name, saved.supplier_id),
    }
    return ChosenAccounts(**fields | overrides)


def by_choice(borrower: Borrower, **overrides) -> forecast.Forecast:
    """What would stand in Xero by a choice that is not saved."""
    return forecast.of_choice(
        connection=borrower.connection,
        choice=choice_of(borrower, **overrides),
        now=borrower.world.clock.now,
    )


def by_mapping(borrower: Borrower) -> forecast.Forecast:
    """What will stand in Xero by the mapping that is stored."""
    mapping = borrower.connection.mappings.get(version=borrower.mapping.version)
    return forecast.of_mapping(mapping=mapping, now=borrower.world.clock.now)


def rows_of(seen: forecast.Forecast) -> list[forecast.Row]:
    """The rows of all loans."""
    return [row for loan in seen.loans for row in loan.rows]


def received(world: World, step: Step) -> list[bytes]:
    """The bodies of a kind of entry that reached the sandbox."""
    return [body for end, body in world.wire.received if end == DATA_TYPES[step]]


def payments_in(bodies: list[bytes]) -> Counter[tuple[str, Decimal, str]]:
    """Payments without what only Xero knows: account, amount, text."""
    read = [body_reading.read_booking(Step.PAYMENT, body) for body in bodies]
    return Counter((one.to_id, one.amount, one.reference) for one in read)
