"""What a step of a guided set-up is, and how it is shown."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from django.utils.translation import gettext_lazy

from lending.admin.base import Text


class StepStanding(StrEnum):
    """Where a step stands."""

    DONE = "done"
    NEXT = "next"
    LATER = "later"
    NEEDS_YOU = "needs-you"


WORDS = {
    StepStanding.DONE: gettext_lazy("Done"),
    StepStanding.NEXT: gettext_lazy("Next"),
    StepStanding.LATER: gettext_lazy("Later"),
    StepStanding.NEEDS_YOU: gettext_lazy("Needs you"),
}


@dataclass(frozen=True)
class Value:
    """A value to copy, or one that is recorded."""

    label: Text
    text: str


@dataclass
class Step:
    """One step: what to copy, what is recorded, what to click.

    What to do and where is told by the template of its name.
    """

    name: str
    title: Text
    is_done: bool
    # Whether the later steps can go ahead without it.
    can_wait: bool = False
    needs_a_person: bool = False
    copies: Sequence[Value] = ()
    recorded: Sequence[Value] = ()
    # What is noticed of our own record.
    notices: Sequence[Text] = ()
    acts: Sequence[str] = ()
    number: int = 0
    standing: StepStanding = field(default=StepStanding.LATER)

    @property
    def template(self) -> str:
        """Name the template that tells what to do."""
        return f"admin/xero_app_steps/{self.name}.html"

    @property
    def standing_words(self) -> Text:
        """Say where it stands."""
        return WORDS[self.standing]


def numbered(steps: Sequence[Step]) -> Sequence[Step]:
    """Number the steps and say where each stands; at most one of them is next."""
    is_next_known = False
    for number, step in enumerate(steps, start=1):
        step.number = number
        if step.needs_a_person:
            step.standing = StepStanding.NEEDS_YOU
        elif step.is_done:
            step.standing = StepStanding.DONE
        elif not step.can_wait and not is_next_known:
            step.standing = StepStanding.NEXT
            is_next_known = True
    return steps


def filled(*pairs: tuple[Text, str]) -> list[Value]:
    """Leave out what is not recorded."""
    return [Value(label, text) for label, text in pairs if text]
