"""Where the lender stands in the partner programme, as its acts say.

The acts decide; what follows from them for everybody else stands on the Xero app's row.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from django.db import transaction

from xero_sync.models.programme import (
    THE_ONLY,
    ActKind,
    PartnerProgramme,
    PartnerStep,
    Preparation,
    ProgrammeAct,
)
from xero_sync.xero_app import records

# The acts that decide whether the lender is certified.
DECISIVE = (
    ActKind.STEP_TAKEN,
    ActKind.STEP_WITHDRAWN,
    ActKind.NOT_ELIGIBLE,
    ActKind.ELIGIBLE_AGAIN,
)


@dataclass(frozen=True)
class ProgrammeStanding:
    """What counts of all acts: each item and step by its latest one."""

    prepared: Mapping[Preparation, ProgrammeAct]
    steps: Mapping[PartnerStep, ProgrammeAct]
    not_eligible: ProgrammeAct | None
    # The day of the latest step, withdrawal or word on eligibility: the next one
    # cannot have been before it.
    decided_on: date | None = None

    @property
    def is_certified(self) -> bool:
        """Whether all three steps stand and Xero has not said no."""
        return self.not_eligible is None and set(self.steps) == set(PartnerStep)

    @property
    def next_step(self) -> PartnerStep | None:
        """The first step that does not stand."""
        return next((one for one in PartnerStep if one not in self.steps), None)


def read() -> ProgrammeStanding:
    """Return where the lender stands now."""
    return of(ProgrammeAct.objects.order_by("pk"))


@transaction.atomic
def conclude() -> bool:
    """Store with the Xero app what the acts conclude, for all who ask only there.

    Each act does so in its own transaction. Whatever else changed the row is put right.

    Returns:
        Whether the row said something else.
    """
    app = records.locked()
    conclusion = {
        "is_certified": read().is_certified,
        "wants_bank_feeds": record().wants_bank_feeds,
    }
    differing = [
        name for name, value in conclusion.items() if getattr(app, name) is not value
    ]
    for name in differing:
        setattr(app, name, conclusion[name])
    if differing:
        app.save(update_fields=differing)
    return bool(differing)


def record() -> PartnerProgramme:
    """Return what the lender applies for; unsaved as long as nothing was recorded."""
    return PartnerProgramme.objects.first() or PartnerProgramme()


def locked_record() -> PartnerProgramme:
    """Lock the record, so that two acts cannot both go by what was before them."""
    PartnerProgramme.objects.get_or_create(pk=THE_ONLY)
    return PartnerProgramme.objects.select_for_update().get()


def of(acts: Iterable[ProgrammeAct]) -> ProgrammeStanding:
    """Fold acts, the oldest first."""
    prepared: dict[Preparation, ProgrammeAct] = {}
    steps: dict[PartnerStep, ProgrammeAct] = {}
    not_eligible: ProgrammeAct | None = None
    decided_on: date | None = None
    for act in acts:
        if act.kind in DECISIVE:
            decided_on = act.happened_on
        match act.kind:
            case ActKind.PREPARED:
                prepared[Preparation(act.subject)] = act
            case ActKind.UNPREPARED:
                prepared.pop(Preparation(act.subject), None)
            case ActKind.STEP_TAKEN:
                steps[PartnerStep(act.subject)] = act
            case ActKind.STEP_WITHDRAWN:
                steps.pop(PartnerStep(act.subject), None)
            case ActKind.NOT_ELIGIBLE:
                not_eligible = act
            case ActKind.ELIGIBLE_AGAIN:
                not_eligible = None
    return ProgrammeStanding(prepared, steps, not_eligible, decided_on)
