"""One sentence of evidence, and how it is dated."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.formats import date_format
from django.utils.timezone import localtime


@dataclass(frozen=True)
class Fact:
    """One sentence, and whether it says that something is wrong."""

    text: str
    is_problem: bool = False


def day_and_time(at: datetime) -> str:
    """Write a moment in full, as a report needs it."""
    return date_format(localtime(at), "j F Y, H:i T")
