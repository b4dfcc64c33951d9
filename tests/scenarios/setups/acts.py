"""What persons do about a setup, beside the acts of all schedules."""

from __future__ import annotations

from tests.scenarios.acts import ACTS, Stage


def set_up(stage: Stage, *, who: int, code: str) -> None:
    stage.borrower(who).choose(code)


def two_tabs(stage: Stage, *, who: int, mine: str, theirs: str, time: int) -> None:
    """While one tab reads at Codat, the other one is sent off."""
    borrower = stage.borrower(who)

    def meanwhile() -> None:
        stage.world.tell("  the other tab")
        borrower.choose(theirs)

    with stage.world.freezer.armed("read", time, meanwhile):
        borrower.choose(mine)


def try_again(stage: Stage) -> None:
    for borrower in stage.borrowers:
        borrower.try_again()


def approve(stage: Stage) -> None:
    """Bank feeds come; for whoever chooses again one is joined to what is there."""
    for borrower in stage.borrowers:
        borrower.approve()


ACTS |= {one.__name__: one for one in (set_up, two_tabs, try_again, approve)}
