"""A borrower's answers about their accounts, kept until all are given and saved.

Where nothing was answered yet, what is in force is the answer: so each answer can be
changed by itself, at any time.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from django.core import signing
from django.db import transaction

from xero_sync.borrowers.questions.asking import CHOICE as CHOICE
from xero_sync.borrowers.questions.asking import Answer as Answer
from xero_sync.borrowers.questions.asking import Asked as Asked
from xero_sync.borrowers.questions.asking import Asking, Question
from xero_sync.borrowers.questions.asking import Group as Group
from xero_sync.borrowers.questions.asking import NotTaken as NotTaken
from xero_sync.borrowers.questions.books import Books as Books
from xero_sync.borrowers.questions.books import BooksUnreadable as BooksUnreadable
from xero_sync.borrowers.questions.listing import QUESTIONS, named
from xero_sync.models import AccountDraft, AccountMapping, BorrowerSitting, Connection
from xero_sync.writeback import readiness

# In their order.
NAMES = tuple(one.name for one in QUESTIONS)
SALT = "xero_sync.borrowers.answering"
# A page that was open for so long is shown anew before it is saved.
SHOWN_SECONDS = 12 * 60 * 60


class NotShown(Exception):
    """What is to be saved is not what this page showed to this company."""


@dataclass(frozen=True)
class Item:
    """One question with its answer, as it is said back."""

    question: Question
    answer: Answer
    # It is not in force yet.
    is_new: bool = False

    @property
    def name(self) -> str:
        """The question's name, which its address has too."""
        return self.question.name

    @property
    def term(self) -> str:
        """What is asked for."""
        return self.question.term()

    @property
    def told(self) -> tuple[str, str]:
        """The answer and a remark; empty where there is none yet."""
        return self.question.told(self.answer) if self.answer else ("", "")


@dataclass(frozen=True)
class Standing:
    """How far a borrower is with the questions."""

    connection: Connection
    latest: AccountMapping | None
    draft: AccountDraft | None

    @property
    def version(self) -> int:
        """The version of the accounts that stands now; 0 without one."""
        return self.latest.version if self.latest else 0

    @property
    def in_force(self) -> AccountMapping | None:
        """The latest version, unless it is about another organisation."""
        if self.latest is None or self.latest.lender_account.void_since is not None:
            return None
        return self.latest

    @property
    def given(self) -> dict[str, Answer]:
        """What was answered and not saved yet."""
        return dict(self.draft.answers) if self.draft else {}

    @cached_property
    def present(self) -> dict[str, Answer]:
        """What is in force."""
        if self.in_force is None:
            return {}
        return {one.name: one.in_force(self.in_force) for one in QUESTIONS}

    @property
    def answers(self) -> dict[str, Answer]:
        """What was answered, else what is in force."""
        return self.present | self.given

    @property
    def items(self) -> list[Item]:
        """Every question with its answer, if it has one."""
        return items_of(self.answers, present=self.present)

    @property
    def next_open(self) -> str:
        """The name of the first question without an answer; empty if all have one."""
        return next((one.name for one in QUESTIONS if one.name not in self.answers), "")

    @property
    def is_overtaken(self) -> bool:
        """Whether others were saved since these answers were begun."""
        return self.draft is not None and self.draft.based_on != self.version


def items_of(
    answers: Mapping[str, Answer], *, present: Mapping[str, Answer] | None = None
) -> list[Item]:
    """Return every question with its answer among these.

    Those that differ from what is present are marked as new.
    """
    return [
        Item(
            one,
            answers.get(one.name, {}),
            present is not None and not _is_same(one, answers, present),
        )
        for one in QUESTIONS
    ]


def _is_same(
    question: Question, answers: Mapping[str, Answer], present: Mapping[str, Answer]
) -> bool:
    given, known = answers.get(question.name), present.get(question.name)
    if not (given and known):
        return not given and not known
    return question.means_same(given, known)


def is_in_force(standing: Standing, answers: Mapping[str, Answer]) -> bool:
    """Tell whether all these answers are what is in force."""
    return all(_is_same(one, answers, standing.present) for one in QUESTIONS)


def standing(connection: Connection) -> Standing:
    """Return how far the answers about a connection's accounts are."""
    latest = readiness.latest_mapping(connection)
    draft = AccountDraft.objects.filter(connection=connection).first()
    version = latest.version if latest else 0
    if draft is not None and _is_over(draft, connection, version):
        draft = None
    return Standing(connection, latest, draft)


def _is_over(draft: AccountDraft, connection: Connection, version: int) -> bool:
    """Tell whether answers were made use of, or are about another organisation."""
    is_used = draft.saved_at is not None and draft.based_on != version
    return is_used or draft.organisation != connection.organisation_name


def ask(standing: Standing, name: str, books: Books, *, searched: str = "") -> Asked:
    """Return what the page of a question shows.

    Raises:
        KeyError: there is no such question.
        BooksUnreadable: Codat did not say in time what there is to choose from.
    """
    return _question(name).ask(_asking(standing, books, searched))


def number_of(name: str) -> tuple[int, int]:
    """Return which question it is, of how many.

    Raises:
        KeyError: there is no such question.
    """
    return QUESTIONS.index(_question(name)) + 1, len(QUESTIONS)


def _question(name: str) -> Question:
    question = named(name)
    if question is None:
        raise KeyError(name)
    return question


def _asking(standing: Standing, books: Books, searched: str = "") -> Asking:
    return Asking(
        connection=standing.connection,
        books=books,
        answers=standing.answers,
        in_force=standing.in_force,
        searched=searched,
    )


def answer(
    *,
    sitting: BorrowerSitting,
    standing: Standing,
    name: str,
    posted: Mapping[str, str],
    books: Books,
    now: datetime,
) -> None:
    """Check an answer and keep it; nothing that is in force changes.

    Raises:
        KeyError: there is no such question.
        NotTaken: it is none of what is offered, or not as it has to be.
        BooksUnreadable: Codat did not say in time what there is to choose from.
    """
    taken = _question(name).take(_asking(standing, books), posted)
    keep(sitting=sitting, standing=standing, answers={name: taken}, now=now)


@transaction.atomic
def keep(
    *,
    sitting: BorrowerSitting,
    standing: Standing,
    answers: Mapping[str, Answer],
    now: datetime,
) -> None:
    """Keep answers that have been checked, beside those that are kept already."""
    connection = standing.connection
    row = AccountDraft.objects.select_for_update().filter(connection=connection).first()
    if row is None or _is_over(row, connection, standing.version):
        row = row or AccountDraft(connection=connection)
        row.answers, row.based_on = {}, standing.version
        row.organisation = connection.organisation_name
    row.answers = {**row.answers, **{name: dict(one) for name, one in answers.items()}}
    row.changed_by, row.changed_at, row.saved_at = sitting.actor, now, None
    row.save()


def drop(connection: Connection) -> bool:
    """Forget the answers that were not saved; tell whether there were any."""
    gone, _by_model = AccountDraft.objects.filter(connection=connection).delete()
    return bool(gone)


def sign(connection: Connection, answers: Mapping[str, Answer]) -> str:
    """Return what a page shows as a text that comes back with the form.

    So what is saved is what was seen, whatever another tab has done meanwhile.
    """
    held = [str(connection.pk), answers]
    return signing.dumps(held, salt=SALT)


def shown(connection: Connection, text: str) -> dict[str, Answer]:
    """Return the answers that a page showed.

    Raises:
        NotShown: it is no text of ours, about another company, or too old.
    """
    try:
        about, answers = signing.loads(text, salt=SALT, max_age=SHOWN_SECONDS)
    except (signing.BadSignature, ValueError) as exc:
        raise NotShown(NotShown.__doc__) from exc
    if about != str(connection.pk) or set(answers) != {one.name for one in QUESTIONS}:
        raise NotShown(NotShown.__doc__)
    return dict(answers)
