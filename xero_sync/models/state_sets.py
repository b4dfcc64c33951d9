"""Sets of places where an entry may stand, each said once for Python and for SQL."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Final

from django.db.models import Q

from xero_sync.models.choices import (
    COVERED_REASONS,
    REASONS_FOR_A_PERSON,
    Reason,
    State,
)

ANY_REASON: Final = None


@dataclass(frozen=True)
class StateSet:
    """States, each with the reasons for which an entry there belongs to the set."""

    reasons: Mapping[State, Collection[Reason] | None]

    def include(self, state: str, reason: str) -> bool:
        """Tell whether an entry in this state, for this reason, belongs to the set."""
        if state not in self.reasons:
            return False
        reasons = self.reasons[State(state)]
        return reasons is ANY_REASON or reason in reasons

    def q(self) -> Q:
        """Return the filter for the entries that belong to the set."""
        return reduce(
            or_,
            (
                Q(state=state)
                if reasons is ANY_REASON
                else Q(state=state, reason__in=list(reasons))
                for state, reasons in self.reasons.items()
            ),
        )


# It moves only when a person decides on this very entry.
NEEDS_A_DECISION = StateSet(
    {
        State.FAILED: ANY_REASON,
        State.HELD: REASONS_FOR_A_PERSON,
        State.UNKNOWN: (Reason.NEEDS_PERSON,),
    }
)

# A line that waits for nothing but bank feeds, which may never come: whatever belongs
# to it is done without it.
DISPENSABLE = StateSet({State.HELD: COVERED_REASONS})
