"""What a question is: what a page shows of it, and what it takes as an answer."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from django.utils.translation import gettext as _

from xero_sync.accounts.choice import Choice
from xero_sync.borrowers.questions.books import Books
from xero_sync.models import AccountMapping, Connection
from xero_sync.writeback.names import folded

# An answer as it is stored: texts by names that its question alone knows.
Answer = Mapping[str, str]
# The name of the form's field that takes one of the options.
CHOICE = "answer"
# More than so many are searched, not shown.
AT_MOST = 12


@dataclass(frozen=True)
class Field:
    """What is asked besides, once an option of a group is taken."""

    name: str
    label: str
    hint: str = ""
    # A choice among these (value, label); a line of text without them.
    among: tuple[tuple[str, str], ...] = ()
    is_short: bool = False


@dataclass(frozen=True)
class Option:
    """One of the answers that can be taken."""

    value: str
    label: str
    hint: str = ""
    # It comes with our name and our logo in Xero.
    is_ours: bool = False


@dataclass(frozen=True)
class Group:
    """Options that stand together, under a few words or none."""

    options: tuple[Option, ...]
    heading: str = ""
    fields: tuple[Field, ...] = ()


@dataclass(frozen=True)
class Asked:
    """A question as a page shows it.

    `taken` is the option that is marked: what was answered, or else what we suggest,
    and then `reason` says why. `remark` is what has to be known first. Without options
    nothing can be answered.
    """

    title: str
    lead: str
    groups: tuple[Group, ...]
    taken: str = ""
    reason: str = ""
    typed: Mapping[str, str] = field(default_factory=dict)
    remark: str = ""
    # Words for a search among more than are shown; none if all are.
    search: str = ""
    left_out: int = 0
    # How many a search has found.
    found: int = 0
    missing: tuple[str, str] = ("", "")

    @property
    def options(self) -> list[Option]:
        """All that can be taken."""
        return [option for group in self.groups for option in group.options]


@dataclass(frozen=True)
class Asking:
    """What a question may look at when it is asked."""

    connection: Connection
    books: Books
    # What was answered so far, or is in force, by the names of the questions.
    answers: Mapping[str, Answer]
    in_force: AccountMapping | None = None
    searched: str = ""

    @property
    def currency(self) -> str:
        """The currency of the financing."""
        return str(self.connection.company.currency)

    def given(self, name: str) -> Answer:
        """Return what was answered to a question, empty if nothing was."""
        return self.answers.get(name, {})


class NotTaken(Exception):
    """An answer cannot be taken; `mistakes` tells why, by the form's fields."""

    def __init__(self, mistakes: Mapping[str, str]) -> None:
        self.mistakes = dict(mistakes)
        super().__init__(NotTaken.__doc__)


class Question(ABC):
    """One question about the accounts."""

    name: ClassVar[str]
    # The fields that a refusal of the service names, if it is about this one.
    refused_as: ClassVar[frozenset[str]]

    @abstractmethod
    def term(self) -> str:
        """Say in a word or two what is asked for."""

    @abstractmethod
    def ask(self, asking: Asking) -> Asked:
        """Return what the page shows.

        Raises:
            BooksUnreadable: Codat did not say in time what there is to choose from.
        """

    @abstractmethod
    def take(self, asking: Asking, posted: Mapping[str, str]) -> Answer:
        """Check what was posted, and return the answer to be kept.

        Raises:
            NotTaken: it is none of what is offered, or not as it has to be.
            BooksUnreadable: Codat did not say in time what there is to choose from.
        """

    @abstractmethod
    def told(self, answer: Answer) -> tuple[str, str]:
        """Say an answer back, with a remark or none."""

    @abstractmethod
    def in_force(self, mapping: AccountMapping) -> Answer:
        """Return the answer that a version of the accounts stands for."""

    @abstractmethod
    def into(self, choice: Choice, answer: Answer) -> Choice:
        """Return a choice with the answer in it."""

    def means_same(self, one: Answer, other: Answer) -> bool:
        """Tell whether two answers choose the same, whatever it was called."""
        return self.into(Choice(), one) == self.into(Choice(), other)

    def again(self) -> str:
        """Say that the answer has to be given once more."""
        return _("Choose this again: your Xero no longer offers what you chose.")


def shortlist(options: Iterable[Option], asking: Asking) -> tuple[list[Option], int]:
    """Return the options that a page shows, and how many more there are.

    Those that come first are kept; a search narrows them to what has all its words.
    """
    words = folded(asking.searched).split()
    fitting = [
        one for one in options if all(word in folded(one.label) for word in words)
    ]
    return fitting[:AT_MOST], max(0, len(fitting) - AT_MOST)


def label_of(code: str, name: str) -> str:
    """Call an account as a chart of accounts does: `404 Bank Fees`."""
    return name if not code or name.startswith(code) else f"{code} {name}"


def unnamed() -> str:
    """Call what was chosen without our learning its name; its id says nothing."""
    return _("The one that you chose in Xero")
