"""The partner programme as a whole: the page of the admin and the printed report."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise

from xero_sync.models import (
    Connection,
    PartnerProgramme,
    ProgrammeAct,
    ScopeChange,
    XeroApp,
)
from xero_sync.models.programme import PartnerStep
from xero_sync.partner_programme import (
    checkpoints,
    evidence,
    guidance,
    history,
    preparation,
    standing,
)
from xero_sync.partner_programme.checkpoint_list import Checkpoint, Evidence, Group
from xero_sync.partner_programme.checkpoints import Reviewed
from xero_sync.partner_programme.fact import Fact
from xero_sync.partner_programme.guidance import Next
from xero_sync.partner_programme.history import Event
from xero_sync.partner_programme.preparation import Item
from xero_sync.partner_programme.standing import ProgrammeStanding
from xero_sync.xero_app import cap, facts, scopes
from xero_sync.xero_app.scopes import ConsentScope


@dataclass(frozen=True)
class StepLine:
    """One of the three steps, taken or to come."""

    step: PartnerStep
    how: str | Promise
    act: ProgrammeAct | None


@dataclass(frozen=True)
class CheckpointList:
    """One of the two lists: what applies, and what asks nothing of us."""

    group: Group
    lines: Sequence["Line"]
    excluded: Sequence[Checkpoint]


@dataclass(frozen=True)
class Line:
    """A checkpoint with a person's word on it and what the product shows."""

    reviewed: Reviewed
    shown: Sequence[tuple[Evidence, Sequence[Fact]]]


@dataclass(frozen=True)
class Report:
    """Everything about the programme, as of one moment."""

    as_of: datetime
    app: XeroApp
    programme: PartnerProgramme
    standing: ProgrammeStanding
    summary: str
    # What is used of Xero's limit, once it is time to begin.
    early_warning: str
    next: Next
    problems: Sequence[str]
    items: Sequence[Item]
    steps: Sequence[StepLine]
    lists: Sequence[CheckpointList]
    scopes: Sequence[ConsentScope]
    changes: Sequence[ScopeChange]
    waiting: Sequence[tuple[Connection, Sequence[str]]]
    rules: Sequence[str | Promise]
    history: Sequence[Event]


def build(*, now: datetime) -> Report:
    """Read all of it as it stands."""
    record, stands, app = standing.record(), standing.read(), facts.current()
    items = preparation.items(record, stands, app)
    reviewed = checkpoints.reviewed(record)
    waiting = [(one, sorted(names)) for one, names in scopes.waiting_for_consent()]
    return Report(
        as_of=now,
        app=XeroApp.objects.first() or XeroApp(),
        programme=record,
        standing=stands,
        summary=guidance.summary(stands, items, reviewed),
        early_warning=cap.warning(),
        next=guidance.next_step(stands, items, reviewed, waiting=len(waiting)),
        problems=guidance.problems(stands, reviewed, feeds_on=bool(app.bank_feeds_on)),
        items=items,
        steps=[
            StepLine(one, guidance.HOW[one], stands.steps.get(one))
            for one in PartnerStep
        ],
        lists=_lists(reviewed, evidence.gather(now=now)),
        scopes=scopes.requested(),
        changes=scopes.changes(),
        waiting=waiting,
        rules=[*guidance.RULES, guidance.badge_rule(stands)],
        history=history.read(),
    )


def _lists(
    reviewed: Sequence[Reviewed], shown: Mapping[Evidence, Sequence[Fact]]
) -> list[CheckpointList]:
    lists = []
    for group in Group:
        found = [one for one in reviewed if one.checkpoint.group == group]
        lines = [
            Line(one, [(kind, shown[kind]) for kind in one.checkpoint.evidence])
            for one in found
            if one.checkpoint.applies
        ]
        excluded = [one.checkpoint for one in found if not one.checkpoint.applies]
        if found:
            lists.append(CheckpointList(group, lines, excluded))
    return lists
