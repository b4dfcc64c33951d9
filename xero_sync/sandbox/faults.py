"""Things that go wrong on request.

Kinds that meet an HTTP call (`match`: a data type such as `transfers`, which means
pushes of it, or a regular expression for "METHOD /path"):

- `lose_reply_before`: nothing happens and the connection drops.
- `lose_reply_after`: it happens and the connection drops.
- `late_landing`: the connection drops and it happens `seconds` later.
- `error_before`: nothing happens, `status` (500) is answered, and kept for the key.
- `error_after`: it happens, `status` (502) is answered, and kept for the key.
- `status_403`: nothing happens, Xero's problem `problem` is answered.
- `busy`: 429 with `retry_after` (seconds or an HTTP date); the key is released.
- `in_progress`: 409 as if the first call with this key were still running.
- `slow`: the answer takes `seconds`, over HTTP only.
- `bad_json`: a 2xx whose body is garbage.
- `unauthorised`: 401. `payment_required`: 402.
- `deauthorised`: the borrower withdraws their consent at this very moment; nothing
  happens, 403 is answered, and the connection is linked again `seconds` later.
- `quota`: at once, `remaining` calls are left for the day.

Kinds that meet an accepted push (`match` as above):

- `push_fails`: ends `Failed` with `message`.
- `push_times_out`: ends `TimedOut`, nothing is written.
- `push_times_out_but_written`: ends `TimedOut`, and is written `seconds` later; with
  `told` the operation is `Success` from then on, and its webhook goes out.
- `push_slow`: stays `Pending` for `seconds`.
- `push_success_without_record_id`: `Success`, but the change names no record.
- `webhook_before_reply`: settled, and its webhook delivered, before the answer.

Kinds that meet a webhook (`match`: a data type, or a regular expression for the event
type): `webhook_lost`, `webhook_doubled`, `webhook_delayed` by `seconds`,
`webhook_reordered` (sent after the one that follows it).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

HTTP_KINDS = frozenset(
    {
        "lose_reply_before",
        "lose_reply_after",
        "late_landing",
        "error_before",
        "error_after",
        "status_403",
        "busy",
        "in_progress",
        "slow",
        "bad_json",
        "unauthorised",
        "payment_required",
        "deauthorised",
    }
)
PUSH_KINDS = frozenset(
    {
        "push_fails",
        "push_times_out",
        "push_times_out_but_written",
        "push_slow",
        "push_success_without_record_id",
        "webhook_before_reply",
    }
)
WEBHOOK_KINDS = frozenset(
    {"webhook_lost", "webhook_doubled", "webhook_delayed", "webhook_reordered"}
)
KINDS = HTTP_KINDS | PUSH_KINDS | WEBHOOK_KINDS | {"quota"}


@dataclass
class PlannedFault:
    """One thing that is to go wrong."""

    kind: str
    match: str | None = None
    times: int | None = 1
    parameters: dict[str, Any] = field(default_factory=dict)
    used: int = 0

    @property
    def is_spent(self) -> bool:
        """Whether it has happened as often as it should."""
        return self.times is not None and self.used >= self.times

    def meets(self, data_type: str | None, line: str) -> bool:
        """Whether it is meant for this data type, call or event."""
        if self.match is None:
            return True
        if re.fullmatch(r"\w+", self.match):
            return data_type == self.match
        return re.search(self.match, line) is not None

    def get(self, name: str, default: Any = None) -> Any:
        """A parameter."""
        return self.parameters.get(name, default)


class Faults:
    """The faults that are armed, in the order they were added."""

    def __init__(self, set_quota: Callable[[int], None]) -> None:
        self.armed: list[PlannedFault] = []
        self._set_quota = set_quota

    def add(
        self,
        kind: str,
        *,
        match: str | None = None,
        times: int | None = 1,
        **parameters: Any,
    ) -> PlannedFault:
        """Arm a fault; `times=None` keeps it armed until `clear`.

        Raises:
            ValueError: there is no such kind.
        """
        if kind not in KINDS:
            raise ValueError(f"no such fault: {kind}")
        fault = PlannedFault(kind, match, times, parameters)
        if kind == "quota":
            self._set_quota(int(parameters.get("remaining", 0)))
            return fault
        self.armed.append(fault)
        return fault

    def clear(self) -> None:
        """Disarm everything."""
        self.armed.clear()

    def take(self, kind: str, data_type: str | None, line: str) -> PlannedFault | None:
        """The first armed fault of a kind that meets this, now used once more."""
        for fault in self.armed:
            if (
                fault.kind == kind
                and not fault.is_spent
                and fault.meets(data_type, line)
            ):
                fault.used += 1
                return fault
        return None
