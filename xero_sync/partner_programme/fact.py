"""One sentence of evidence."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Fact:
    """One sentence, and whether it says that something is wrong."""

    text: str
    is_problem: bool = False
