"""What goes over the wire: calls, replies, errors, and JSON with exact money."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, urlsplit

JsonObject = dict[str, Any]


class LostReply(Exception):
    """The connection drops: the caller never learns how the call went."""


@dataclass(frozen=True)
class Reply:
    """An HTTP answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """The decoded body, with money as `Decimal`."""
        return decode(self.body)


@dataclass(frozen=True)
class Call:
    """An HTTP request."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    target: str

    @classmethod
    def parse(
        cls, method: str, target: str, headers: Mapping[str, str], body: bytes
    ) -> Call:
        """Split a request line; header names are lower-cased."""
        parts = urlsplit(target)
        return cls(
            method=method.upper(),
            path=parts.path.rstrip("/") or "/",
            query=dict(parse_qsl(parts.query, keep_blank_values=True)),
            headers={name.lower(): value for name, value in headers.items()},
            body=body,
            target=target,
        )

    @property
    def key(self) -> str | None:
        """The Idempotency-Key, if one was sent."""
        return self.headers.get("idempotency-key")

    def json(self) -> Any:
        """The decoded body.

        Raises:
            ApiError: 400, the body is not JSON.
        """
        try:
            return decode(self.body)
        except ValueError as exc:
            raise ApiError(400, "Error processing request - not valid.") from exc

    def json_object(self) -> JsonObject:
        """The decoded body, which has to be an object."""
        value = self.json()
        if not isinstance(value, dict):
            raise ApiError(400, "Error processing request - not valid.")
        return value


def text_in(body: JsonObject, name: str) -> str | None:
    """A property that is a string, if it is there at all.

    Raises:
        ApiError: 400, it is something else.
    """
    value = body.get(name)
    if value is not None and not isinstance(value, str):
        raise ApiError(400, f"{name} must be a string.")
    return value


@dataclass
class ApiError(Exception):
    """An answer in Codat's error shape."""

    status: int
    message: str
    service: str = "PublicApi"
    headers: dict[str, str] = field(default_factory=dict)
    errors: list[JsonObject] | None = None
    body_status: int | None = None

    def reply(self) -> Reply:
        """The error as an answer."""
        body: JsonObject = {
            "statusCode": self.body_status or self.status,
            "service": self.service,
            "error": self.message,
            "correlationId": uuid.uuid4().hex,
            "canBeRetried": "Unknown",
            "detailedErrorCode": 0,
        }
        if self.errors is not None:
            body["validation"] = {"errors": self.errors, "warnings": []}
        return answer(body, self.status, self.headers)


@dataclass
class Problem(Exception):
    """Xero's own error shape (an RFC 7807 problem), passed on as it is."""

    status: int
    kind: str
    title: str
    detail: str

    def reply(self) -> Reply:
        """The problem as an answer."""
        body = {
            "type": self.kind,
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
        }
        return answer(body, self.status, content_type="application/problem+json")


def answer(
    body: Any,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    *,
    content_type: str = "application/json; charset=utf-8",
) -> Reply:
    """A JSON answer."""
    return Reply(
        status, {"Content-Type": content_type, **(headers or {})}, encode(body)
    )


def empty(status: int = 204) -> Reply:
    """An answer without a body."""
    return Reply(status, {}, b"")


def encode(value: Any) -> bytes:
    """JSON bytes in which a `Decimal` is an exact number."""
    return _text(value).encode()


def _text(value: Any) -> str:
    if isinstance(value, Decimal):
        # The json module would only take a Decimal by way of a float.
        return format(value, "f")
    if isinstance(value, dict):
        members = (f"{json.dumps(str(k))}:{_text(v)}" for k, v in value.items())
        return "{" + ",".join(members) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(_text(item) for item in value) + "]"
    if isinstance(value, float):
        raise TypeError("a float has no place in money")
    return json.dumps(value)


def decode(body: bytes) -> Any:
    """JSON with decimals kept exact; `NaN` and the infinities are refused."""
    return json.loads(body, parse_float=Decimal, parse_constant=_no_constant)


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def stamp(moment: datetime) -> str:
    """A moment in UTC with seven fractional digits, as .NET prints it."""
    moment = moment.astimezone(UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond:06d}0Z"


def day(value: date) -> str:
    """A date in the zone-less form which accounting records carry."""
    return f"{value.isoformat()}T00:00:00"


def read_day(value: Any) -> date | None:
    """The calendar date at the head of an ISO 8601 string, if it is one."""
    if not isinstance(value, str):
        return None
    try:
        found = date.fromisoformat(value[:10])
    except ValueError:
        return None
    rest = value[10:]
    return found if not rest or rest[0] in "T " else None


def is_guid(value: Any) -> bool:
    """Whether a value is a GUID in the usual 36-character form."""
    if not isinstance(value, str) or len(value) != len(str(uuid.UUID(int=0))):
        return False
    try:
        uuid.UUID(value)
    except ValueError:
        return False
    return True


def new_id() -> str:
    """A fresh GUID."""
    return str(uuid.uuid4())
