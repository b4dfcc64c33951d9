"""What will be posted by what a borrower has chosen, saved or not yet."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.conf import settings

from xero_sync.borrowers import answering
from xero_sync.borrowers.answering import Answer, Standing
from xero_sync.borrowers.questions import bank, fee, lender, supplier, tax
from xero_sync.borrowers.questions.asking import label_of
from xero_sync.entries import forecast
from xero_sync.entries.chosen import Chosen, ChosenAccounts
from xero_sync.entries.forecast import Forecast
from xero_sync.models import Connection


@dataclass(frozen=True)
class Foreseen:
    """A forecast, and whether it is by accounts that are in force.

    `has_unsaved` tells whether the borrower has answers that are not, and are complete.
    """

    forecast: Forecast
    is_saved: bool
    has_unsaved: bool


def foresee(*, connection: Connection, unsaved: bool, now: datetime) -> Foreseen | None:
    """Return what will be posted by the accounts in force; None before any choice.

    With `unsaved`, or where none are in force, it is by the answers that are not saved,
    if all questions have one.

    Raises:
        SameAccountTwice: by these answers the lender account is the bank account.
    """
    standing = answering.standing(connection)
    has_unsaved = bool(standing.given) and not standing.next_open
    if has_unsaved and (unsaved or standing.in_force is None):
        choice = choice_of(standing)
        found = forecast.of_choice(connection=connection, choice=choice, now=now)
        return Foreseen(found, is_saved=False, has_unsaved=True)
    if standing.in_force is None:
        return None
    found = forecast.of_mapping(mapping=standing.in_force, now=now)
    return Foreseen(found, is_saved=True, has_unsaved=has_unsaved)


def choice_of(standing: Standing) -> ChosenAccounts:
    """Return a borrower's answers as a choice of accounts; each question has one."""
    answers = standing.answers
    rate = answers[tax.Tax.name]
    account = answers[lender.Lender.name]
    return ChosenAccounts(
        lender_account=_named(account, name=settings.LENDER_NAME),
        nominated_account=_named(answers[bank.Bank.name]),
        expense_account=_fee_account(answers[fee.Fee.name]),
        supplier=_named(answers[supplier.Supplier.name]),
        tax_rate_id=rate["id"],
        tax_percent=Decimal(rate[tax.PERCENT]),
        # A new one comes with its feed; one of theirs gets one later, if at all.
        with_feed=account["kind"] == lender.NEW,
    )


def _named(answer: Answer, *, name: str = "") -> Chosen:
    return Chosen(answer.get("name", name), answer.get("id", ""))


def _fee_account(answer: Mapping[str, str]) -> Chosen:
    if fee.CODE in answer:
        return Chosen(label_of(answer[fee.CODE], answer[fee.NAME]))
    return Chosen(answer[fee.NAME], answer["id"])
