"""Amounts that force an outcome, for those who test their own handling of it.

Only a sandbox that was told so (`entry_of`) knows them, and only bookings meet them:
never a statement line, which follows its booking. Each value acts once for each entry.
Repeats under the same key go through, and so does what a person sends again later; a
transfer carries no name of its own, so somebody must tell which entry a key belongs to.

The whole pounds are a seven and the HTTP status that says the same; the pence are 77.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from xero_sync.sandbox.faults import PlannedFault
from xero_sync.sandbox.state import World
from xero_sync.sandbox.wire import ApiError, Call, JsonObject, is_guid

PENDING_SECONDS = 5
UNLINKED_SECONDS = 10
LOST_SECONDS = 5
RETRY_AFTER_SECONDS = 3


@dataclass(frozen=True)
class Value:
    """An amount, the name of its outcome, and the fault that brings it about."""

    amount: Decimal
    outcome: str
    kind: str
    parameters: dict[str, Any]


VALUES = (
    Value(Decimal("7202.77"), "slow", "push_slow", {"seconds": PENDING_SECONDS}),
    Value(
        Decimal("7403.77"),
        "disconnected",
        "deauthorised",
        {"seconds": UNLINKED_SECONDS},
    ),
    Value(Decimal("7408.77"), "unknown, for a person", "push_times_out", {}),
    Value(
        Decimal("7422.77"),
        "refused",
        "push_fails",
        {"message": "The sandbox refuses 7422.77 the first time."},
    ),
    Value(
        Decimal("7429.77"), "rate limited", "busy", {"retry_after": RETRY_AFTER_SECONDS}
    ),
    Value(
        Decimal("7504.77"),
        "unknown, then found",
        "late_landing",
        {"seconds": LOST_SECONDS},
    ),
)
BY_AMOUNT = {value.amount: value for value in VALUES}

AMOUNTS: dict[str, Callable[[JsonObject], Any]] = {
    "transfers": lambda body: body["from"]["amount"],
    "directCosts": lambda body: body["totalAmount"],
    "payments": lambda body: body["totalAmount"],
}


def fault(
    world: World, call: Call, data_type: str | None, kinds: Collection[str]
) -> PlannedFault | None:
    """The fault of these kinds that a write asks for by its amount, if it does."""
    if world.entry_of is None or call.key is None or not is_guid(call.key):
        return None
    value = _value_of(call, data_type)
    if value is None or value.kind not in kinds:
        return None
    entry = world.entry_of(call.key)
    if entry in world.magic_met:
        return None
    world.magic_met.add(entry)
    return PlannedFault(value.kind, data_type, parameters=value.parameters)


def _value_of(call: Call, data_type: str | None) -> Value | None:
    if data_type not in AMOUNTS:
        return None
    try:
        amount = AMOUNTS[data_type](call.json_object())
    except (ApiError, KeyError, TypeError):
        # What is wrong with the body is for the model of its type to say.
        return None
    # A reversed fee is a cost below zero.
    return BY_AMOUNT.get(abs(amount)) if isinstance(amount, Decimal) else None
