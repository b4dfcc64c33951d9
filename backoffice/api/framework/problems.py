"""What is wrong with a request, and every way out of it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

# A fault of this code is wrong only together with another field.
CONTRADICTORY = "contradictory"
# Where the framework complains about a body as a whole.
WHOLE = "non_field_errors"
# A body can hold so many faults that their answer would be a hundred times its size.
MOST_FAULTS = 20
# Under load a lock frees itself within moments.
BUSY_SECONDS = 2


@dataclass(frozen=True)
class FieldFault:
    """One place in the request that is wrong: a JSON pointer, or a parameter's name."""

    detail: str
    pointer: str | None = None
    parameter: str | None = None
    code: str = "invalid_value"


class Problem(Exception):
    """A refusal: `code` is stable, `detail` is for a person.

    `retry_after` says in how many seconds the same request may succeed unchanged; with
    None it will not, until something is mended.
    """

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        status: int = HTTPStatus.UNPROCESSABLE_ENTITY,
        faults: Sequence[FieldFault] = (),
        retry_after: float | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.code = code
        self.detail = detail
        self.status = int(status)
        self.faults = list(faults)
        self.retry_after = retry_after
        self.headers = dict(headers or {})
        super().__init__(detail)

    @property
    def may_be_repeated(self) -> bool:
        """Whether the same request may succeed unchanged."""
        return self.retry_after is not None

    @property
    def after_seconds(self) -> int | None:
        """In how many whole seconds."""
        seconds = self.retry_after
        return None if seconds is None else max(1, -int(-seconds // 1))


def busy() -> Problem:
    """Say that a write to the same loan, or under the same key, is still running."""
    return Problem(
        "still_running",
        "Another request to the same resource is still running; nothing was written. "
        "Repeat this one.",
        status=HTTPStatus.CONFLICT,
        retry_after=BUSY_SECONDS,
    )


def not_found(detail: str) -> Problem:
    """Say that there is no such resource, or that the key may not see it."""
    return Problem("not_found", detail, status=HTTPStatus.NOT_FOUND)


def invalid(
    faults: Sequence[FieldFault], *, status: int = HTTPStatus.BAD_REQUEST
) -> Problem:
    """Say which fields are missing, malformed or unknown, of many the first ones."""
    faults = faults[:MOST_FAULTS]
    detail = " ".join(dict.fromkeys(fault.detail for fault in faults))
    return Problem("invalid_request", detail, status=status, faults=faults)


def faults_of(detail: Any, pointer: str = "", name: str = "") -> Iterator[FieldFault]:
    """Give each complaint of a serializer the pointer of its field (RFC 6901)."""
    if isinstance(detail, Mapping):
        for field, found in detail.items():
            if field == WHOLE and not _is_unknown(found):
                yield from faults_of(found, pointer, name)
            else:
                inner = f"{pointer}/{escaped(str(field))}"
                yield from faults_of(found, inner, str(field))
    elif isinstance(detail, list):
        for number, found in enumerate(detail):
            is_leaf = isinstance(found, str)
            inner = pointer if is_leaf else f"{pointer}/{number}"
            yield from faults_of(found, inner, name)
    else:
        words = f"{name}: {detail}" if name else str(detail)
        yield FieldFault(
            words, pointer=pointer, code=getattr(detail, "code", "invalid")
        )


def escaped(name: str) -> str:
    """Write a field's name as a part of a JSON pointer."""
    return name.replace("~", "~0").replace("/", "~1")


def _is_unknown(found: Any) -> bool:
    """Tell a field that happens to have the name of the whole from the whole."""
    return any(getattr(one, "code", "") == "unknown_field" for one in found)
