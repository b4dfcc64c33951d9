"""Save a borrower's answers: a new version of their accounts, or the way to one."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from xero_sync.accounts import choice as account_choice
from xero_sync.accounts.choice import Choice
from xero_sync.accounts.progress import Progress, progress
from xero_sync.borrowers import answering, sittings
from xero_sync.borrowers.questions.asking import Answer, Question
from xero_sync.borrowers.questions.books import Books
from xero_sync.borrowers.questions.listing import QUESTIONS
from xero_sync.codat.exceptions import (
    AccountCurrencyMismatch,
    AlreadyUnderWay,
    BankFeedsNotEnabled,
    CodatError,
    DecisionNotAllowed,
    OrganisationChanged,
    OtherVersion,
    WritebackBlocked,
)
from xero_sync.models import (
    AccountDraft,
    AccountMapping,
    AccountSetup,
    BorrowerSitting,
    Connection,
)
from xero_sync.models.setups import SetupKind, SetupState, StepState, StopReason

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
    drafts = AccountDraft.objects.filter(connection=standing.connection)
    if _is_repeated(standing, drafts.first(), answers, expected):
        return standing.latest if standing.version != expected else None
    if standing.version != expected:
        raise SavedMeanwhile(SavedMeanwhile.__doc__)
    answering.keep(sitting=sitting, standing=standing, answers=answers, now=now)
    try:
        begun = _begun(sitting, standing, _choice(answers), books, expected, now)
    except SavedMeanwhile:
        fresh = answering.standing(standing.connection)
        if not answering.is_in_force(fresh, answers):
            raise
        # A second click, which the first was quicker than.
        drafts.update(saved_at=now)
        return fresh.latest
    made = begun if isinstance(begun, AccountMapping) else None
    if made is not None and made.version == expected:
        # What is in force was chosen once more.
        answering.drop(standing.connection)
    else:
        drafts.update(saved_at=now)
        sittings.acted(sitting=sitting, what="accounts", now=now)
    books.forget()
    return made


def _is_repeated(
    standing: answering.Standing,
    row: AccountDraft | None,
    answers: Mapping[str, Answer],
    expected: int,
) -> bool:
    """Tell whether the same was saved from the same page already.

    What has stopped since was not: it is begun again.
    """
    if row is None or row.saved_at is None or row.based_on != expected:
        return False
    running = standing.connection.setups.filter(state=SetupState.RUNNING)
    is_seen_to = standing.version != expected or running.exists()
    return is_seen_to and row.answers == dict(answers)


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
    expected: int,
    now: datetime,
) -> AccountMapping | AccountSetup:
    """Hand a choice on; the words of a refusal are made for the borrower.

    Raises:
        SavedMeanwhile, NotSaved: see `save`.
    """
    try:
        return account_choice.begin(
            connection=standing.connection,
            choice=choice,
            by=sitting.actor,
            now=now,
            client=books.client,
            expected_version=expected,
        )
    except OtherVersion as exc:
        raise SavedMeanwhile(SavedMeanwhile.__doc__) from exc
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


@dataclass(frozen=True)
class Run:
    """What is being made in Xero for the last answers that were saved."""

    setup: AccountSetup
    progress: Progress

    @property
    def is_under_way(self) -> bool:
        """Whether it goes on by itself."""
        return bool(self.setup.state == SetupState.RUNNING)

    @property
    def question(self) -> str:
        """The question that a run which stopped asks again; empty if it is none."""
        of_reason = {
            StopReason.SEVERAL_FIT: "supplier",
            StopReason.CODE_TAKEN: "fee",
            StopReason.NAME_TAKEN: "lender",
            StopReason.FEEDS_REFUSED: "lender",
        }
        if self.setup.reason == StopReason.REFUSED:
            failed = self.setup.steps.filter(state=StepState.REFUSED).first()
            return _OF_STEP.get(failed.kind, "lender") if failed else ""
        return of_reason.get(StopReason(self.setup.reason), "")

    @property
    def reason_words(self) -> str:
        """Why it stopped, as far as that is still so."""
        if self.setup.reason != StopReason.ORGANISATION_CHANGED:
            return str(self.progress.reason_words)
        if self.setup.connection.organisation_changed:
            return str(self.progress.reason_words)
        if self.setup.lender_account.void_since:
            return _("These answers were about another organisation.")
        return _("Another organisation was connected meanwhile. Now it can go on.")

    @property
    def may_go_on(self) -> bool:
        """Whether trying once more may help, with the answers as they are."""
        if self.setup.reason == StopReason.ORGANISATION_CHANGED:
            is_void = self.setup.lender_account.void_since is not None
            return not (is_void or self.setup.connection.organisation_changed)
        return self.setup.reason in {
            StopReason.REFUSED,
            StopReason.FEEDS_REFUSED,
            StopReason.ACCESS_DENIED,
            StopReason.NOT_LINKED,
            StopReason.NO_FINAL_WORD,
        }


_OF_STEP: dict[str, str] = {
    SetupKind.EXPENSE_ACCOUNT: "fee",
    SetupKind.SUPPLIER: "supplier",
}


def run_of(connection: Connection) -> Run | None:
    """Return the run that is under way for a connection, or has stopped, if any."""
    setup = connection.setups.order_by("begun_at", "pk").last()
    if setup is None or setup.state not in {SetupState.RUNNING, SetupState.STOPPED}:
        return None
    return Run(setup, progress(setup))


def go_on(*, sitting: BorrowerSitting, run: Run, now: datetime) -> None:
    """Let a run that has stopped go on; nothing is made twice."""
    try:
        account_choice.again(run.setup, by=sitting.actor, now=now)
    except DecisionNotAllowed:
        # Another tab was quicker.
        return
    sittings.acted(sitting=sitting, what="tried_again", now=now)


def keep_in_force(
    *, sitting: BorrowerSitting, connection: Connection, now: datetime
) -> None:
    """Forget the answers that were not saved; what is in force stays."""
    if answering.drop(connection):
        sittings.acted(sitting=sitting, what="kept", now=now)
