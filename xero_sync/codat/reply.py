"""What is worth keeping of one answer of Codat."""

from dataclasses import dataclass, field
from datetime import datetime

EVIDENCE_CHARACTERS = 20_000


@dataclass(frozen=True, slots=True)
class ValidationItem:
    """One complaint about what was sent, in Codat's own words."""

    item_id: str
    message: str


@dataclass(frozen=True, slots=True)
class RateLimit:
    """How much of the daily quota is left, as told by the answer's headers."""

    remaining: int | None
    reset: datetime | None


@dataclass(frozen=True, slots=True)
class ReplyMeta:
    """The evidence of an answer: body_text holds its first 20,000 characters."""

    status_code: int
    correlation_id: str
    elapsed_ms: int
    rate_limit: RateLimit | None
    body_text: str = field(default="", repr=False)
