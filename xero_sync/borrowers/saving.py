"""Save a borrower's answers: a new version of their accounts, or the way to one."""

import logging
from collections.abc import Mapping
from datetime import datetime

from django.utils.translation import gettext as _

from xero_sync.accounts import choice as account_choice
from xero_sync.accounts.choice import Choice
from xero_sync.borrowers import answering, sittings
from xero_sync.borrowers.questions.asking import Answer, Question
from xero_sync.borrowers.questions.books import Books
from xero_sync.borrowers.questions.listing import QUESTIONS
from xero_sync.codat.exceptions import (
    AccountCurrencyMismatch,
    AlreadyUnderWay,
    BankFeedsNotEnabled,
    CodatError,
    OrganisationChanged,
    WritebackBlocked,
    XeroNotReady,
)
from xero_sync.models import AccountDraft, AccountMapping, BorrowerSitting
from xero_sync.runtime.clock import database_now
from xero_sync.writeback.paced_client import Deadline

logger = logging.getLogger(__name__)


class NotSaved(Exception):
    """The answers were not saved, and nothing was made; `words` say why.

    `question` names the one that has to be answered again, if it is one.
    """

    def __init__(self, words: str, question: str = "") -> None:
        self.words, self.question = words, question
        super().__init__(words)


class SavedMeanwhile(Exception):
    """Others were saved since the page was shown; nothing was changed."""


def save(
    *,
    sitting: BorrowerSitting,
    standing: answering.Standing,
    answers: Mapping[str, Answer],
    expected: int,
    books: Books,
    now: datetime,
) -> AccountMapping | None:
    """Save answers as the next version, or begin to make what they need.

    Returns:
        The version; None where something has to be made in Xero first.

    Raises:
        SavedMeanwhile: another version is in force than the page had seen.
        NotSaved: an answer cannot be used any more, or nobody can save now.
    """
    row = AccountDraft.objects.filter(connection=standing.connection).first()
    if row is not None and _is_repeated(row, answers, expected):
        return standing.latest if standing.version != expected else None
    if standing.version != expected:
        raise SavedMeanwhile(SavedMeanwhile.__doc__)
    answering.keep(sitting=sitting, standing=standing, answers=answers, now=now)
    made = _begun(sitting, standing, _choice(answers), books, expected)
    if made is not None and made.version == expected:
        # What is in force was chosen once more.
        answering.drop(standing.connection)
    else:
        AccountDraft.objects.filter(connection=standing.connection).update(saved_at=now)
    books.forget()
    sittings.acted(sitting=sitting, what="accounts", now=now)
    return made


def _is_repeated(
    row: AccountDraft, answers: Mapping[str, Answer], expected: int
) -> bool:
    """Tell whether the same was saved from the same page already."""
    return (
        row.saved_at is not None
        and row.based_on == expected
        and row.answers == dict(answers)
    )


def _choice(answers: Mapping[str, Answer]) -> Choice:
    choice = Choice()
    for question in QUESTIONS:
        choice = question.into(choice, answers[question.name])
    return choice


def _begun(
    sitting: BorrowerSitting,
    standing: answering.Standing,
    choice: Choice,
    books: Books,
    expected: int,  # noqa: ARG001
) -> AccountMapping | None:
    """Hand a choice on; the words of a refusal are made for the borrower.

    Raises:
        NotSaved: see `save`.
    """
    try:
        return account_choice.choose(
            connection=standing.connection,
            choice=choice,
            client=books.client,
            chosen_by=sitting.actor,
            now=database_now,
            wait=Deadline(1.0),
        )
    except XeroNotReady:
        return None
    except WritebackBlocked as exc:
        books.forget()
        raise _refused(exc, standing) from exc
    except CodatError as exc:
        logger.warning(
            "The accounts of connection %s were not saved: %s",
            standing.connection.pk,
            type(exc).__name__,
        )
        raise NotSaved(_unreachable()) from exc


def _unreachable() -> str:
    return _(
        "We could not look at your Xero just now. Nothing was changed, and your "
        "answers are kept. Try again in a minute."
    )


def _refused(exc: WritebackBlocked, standing: answering.Standing) -> NotSaved:
    match exc:
        case AlreadyUnderWay():
            words = _(
                "Your accounts are being set up at this moment. Look again in a minute."
            )
            return NotSaved(words)
        case OrganisationChanged():
            return NotSaved(_("Say first which organisation is connected now."))
        case BankFeedsNotEnabled():
            words = _(
                "Xero takes no bank feed from us for your organisation at the moment. "
                "Choose an account that you have."
            )
            return NotSaved(words, "lender")
        case AccountCurrencyMismatch(field="currency"):
            words = _(
                "Your Xero has no accounts in %(currency)s. Add the currency in Xero, "
                "then save again."
            ) % {"currency": standing.connection.company.currency}
            return NotSaved(words, "lender")
    question = _about(exc)
    if question is None:
        logger.error("Accounts were refused for %s: %s", exc.field, type(exc).__name__)
        return NotSaved(_unreachable())
    return NotSaved(question.again(), question.name)


def _about(exc: WritebackBlocked) -> Question | None:
    return next((one for one in QUESTIONS if exc.field in one.refused_as), None)
