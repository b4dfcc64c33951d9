"""Turn an answer that is not a success into the error that says what to do next."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

from xero_sync.codat import values
from xero_sync.codat.exceptions import (
    CodatAccessDenied,
    CodatError,
    CodatNoAnswer,
    CodatOutcomeUnknown,
    CodatRejected,
    CodatUnavailable,
)
from xero_sync.codat.reply import RateLimit, ReplyMeta, ValidationItem

DAY_SECONDS = 86_400.0
SUCCESSES = range(200, 300)

_DENIED = {
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.PAYMENT_REQUIRED,
    HTTPStatus.FORBIDDEN,
}
_CLIENT_ERRORS = range(400, 500)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back over the wire, before anyone asked what it means."""

    method: str
    path: str
    headers: Mapping[str, str]
    meta: ReplyMeta
    data: Any


def error_of(answer: Answer) -> CodatError:
    """Return the error for an answer outside the 2xx range."""
    facts = _facts(answer)
    status = answer.meta.status_code
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        # 429 is the one answer that releases the Idempotency-Key.
        return CodatUnavailable(
            "Codat asks to slow down.",
            retry_after=retry_after(answer.headers),
            rate_limited=True,
            **facts,
        )
    if status == HTTPStatus.CONFLICT:
        return CodatNoAnswer(
            "Codat is still busy with this request, or has no data yet.",
            in_progress=True,
            **facts,
        )
    if status in _DENIED:
        return CodatAccessDenied(**facts)
    if status in _CLIENT_ERRORS and status != HTTPStatus.REQUEST_TIMEOUT:
        return CodatRejected(**facts)
    return CodatOutcomeUnknown(retry_after=retry_after(answer.headers), **facts)


def unreadable(answer: Answer, why: str) -> CodatOutcomeUnknown:
    """Return the error for a 2xx answer that does not say what it should."""
    return CodatOutcomeUnknown(**{**_facts(answer), "detail": why})


def validation_items(source: Any, name: str) -> tuple[ValidationItem, ...]:
    """Read the errors or the warnings of a `validation` object."""
    return values.records(
        values.child(source, "validation"),
        name,
        lambda item: ValidationItem(
            item_id=values.text(item, "itemId"),
            message=values.text(item, "message"),
        ),
    )


def retry_after(
    headers: Mapping[str, str], now: datetime | None = None
) -> float | None:
    """Return the wait Codat asks for in seconds, at most a day; None if it says none.

    A moment instead of a number is counted from the answer's own Date, so that a wrong
    clock on our side does not matter.
    """
    written = headers.get("Retry-After", "").strip()
    if re.fullmatch(r"\d+(\.\d+)?", written, re.ASCII):
        return min(float(written), DAY_SECONDS)
    until = _http_date(written)
    if until is None:
        return None
    start = _http_date(headers.get("Date", "")) or now or datetime.now(UTC)
    return min(max((until - start) / timedelta(seconds=1), 0.0), DAY_SECONDS)


def rate_limit(headers: Mapping[str, str]) -> RateLimit | None:
    """Read the quota headers; None if the answer has none of them."""
    remaining, reset = (
        headers.get(f"X-Rate-Limit-{name}", "") for name in ("Remaining", "Reset")
    )
    if not (remaining or reset):
        return None
    return RateLimit(
        remaining=_count(remaining),
        reset=values.parse_moment(reset) or _http_date(reset),
    )


def correlation_id(headers: Mapping[str, str], data: Any) -> str:
    """Return the number support asks for, from the body or the header."""
    written = values.text(data, "correlationId") or headers.get("X-Correlation-Id", "")
    return values.storable(written)[:100]


def _facts(answer: Answer) -> dict[str, Any]:
    return {
        "method": answer.method,
        "path": answer.path,
        "status_code": answer.meta.status_code,
        "correlation_id": answer.meta.correlation_id,
        "errors": validation_items(answer.data, "errors"),
        "detail": _detail(answer),
        "problem": _problem(answer.data),
        "meta": answer.meta,
    }


def _detail(answer: Answer) -> str:
    """Codat's own words; a page of a gateway in front of it has none worth keeping."""
    for name in ("error", "detail", "title", "message"):
        if words := values.text(answer.data, name):
            return words
    if isinstance(answer.data, str):
        return answer.data
    text = answer.meta.body_text.strip()
    return "" if text.startswith("<") else text


def _problem(data: Any) -> str:
    """The kind of a problem document, without the address some put in front of it."""
    return values.text(data, "type").rstrip("/").rsplit("/", 1)[-1][:100]


def _count(written: str) -> int | None:
    return int(written) if re.fullmatch(r"\d{1,18}", written, re.ASCII) else None


def _http_date(written: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(written)
    except (ValueError, TypeError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
