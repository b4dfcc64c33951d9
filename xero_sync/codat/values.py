"""Read single values out of what Codat sends, never failing on a missing one.

Dates come in three shapes (with Z, with an offset, with no zone at all, which then is
the business's own time), with up to seven fractional digits. The year 1 stands for "not
set", and a published sample carries the impossible time 23:59:99.
"""

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

_MOMENT = re.compile(
    r"(?P<day>\d{4}-\d{2}-\d{2})"
    r"(?:[T ](?P<hour>\d{2}):(?P<minute>\d{2})(?::(?P<second>\d{2})"
    r"(?:[.,](?P<fraction>\d+))?)?)?"
    r"\s*(?P<zone>Z|z|[+-]\d{2}:?\d{2})?"
)
_LAST_SECOND = 59

Record = TypeVar("Record")

UNREADABLE = object()
"""Stands for a body that is not JSON."""


def parse_json(written: str) -> Any:
    """Read JSON with exact numbers; None for an empty body, else maybe UNREADABLE."""
    if not written.strip():
        return None
    try:
        return json.loads(written, parse_float=Decimal, parse_constant=_refuse_constant)
    except (ValueError, RecursionError, InvalidOperation):
        return UNREADABLE


def text(source: Any, *names: str) -> str:
    """Return the text found under the names, storable in any database, or ""."""
    value = child(source, *names)
    if value is None or isinstance(value, dict | list):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return storable(str(value))


def storable(value: str) -> str:
    """Remove what a database or UTF-8 cannot hold: NUL and lone surrogates."""
    return value.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")


def storable_json(value: Any) -> Any:
    """Make every text of a JSON value storable, its names included."""
    if isinstance(value, dict):
        return {storable(name): storable_json(item) for name, item in value.items()}
    if isinstance(value, list):
        return [storable_json(item) for item in value]
    return storable(value) if isinstance(value, str) else value


def child(source: Any, *names: str) -> Any:
    """Walk down into nested objects; None as soon as a step is missing."""
    for name in names:
        if not isinstance(source, Mapping):
            return None
        source = source.get(name)
    return source


def records(
    source: Any, name: str, read: Callable[[Mapping[str, Any]], Record]
) -> tuple[Record, ...]:
    """Read every object of a list; a missing or null list is an empty one."""
    found = child(source, name)
    if not isinstance(found, list):
        return ()
    return tuple(read(item) for item in found if isinstance(item, Mapping))


def texts(source: Any, name: str) -> tuple[str, ...]:
    """Return the texts of a list, leaving out what is null."""
    found = child(source, name)
    if not isinstance(found, list):
        return ()
    return tuple(storable(str(item)) for item in found if item is not None)


def money(source: Any, *names: str) -> Decimal | None:
    """Return an exact amount; None if it is missing or not a number."""
    value = child(source, *names)
    if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
        return None
    try:
        amount = Decimal(value)
    except InvalidOperation:
        return None
    return amount if amount.is_finite() else None


def flag(source: Any, *names: str) -> bool:
    """Tell whether the value is true; the text "False" is not."""
    value = child(source, *names)
    return value is True or (isinstance(value, str) and value.lower() == "true")


def is_deleted(source: Any) -> bool:
    """Tell whether the record was removed at its source."""
    return flag(source, "metadata", "isDeleted")


def day(source: Any, *names: str) -> date | None:
    """Return the calendar date as it is written, whatever zone follows it."""
    match = _MOMENT.fullmatch(text(source, *names).strip())
    if match is None:
        return None
    return _real_date(match["day"])


def moment(source: Any, *names: str) -> datetime | None:
    """Return the moment in UTC; a time without a zone is taken as UTC."""
    return parse_moment(text(source, *names))


def parse_moment(written: str) -> datetime | None:
    """Read a moment from its ISO form; None if it is not one, or not set."""
    match = _MOMENT.fullmatch(written.strip())
    if match is None:
        return None
    written_day = _real_date(match["day"])
    if written_day is None:
        return None
    try:
        local = datetime(
            written_day.year,
            written_day.month,
            written_day.day,
            int(match["hour"] or 0),
            int(match["minute"] or 0),
            min(int(match["second"] or 0), _LAST_SECOND),
            int((match["fraction"] or "0")[:6].ljust(6, "0")),
            tzinfo=_zone(match["zone"]),
        )
        return local.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _real_date(written: str) -> date | None:
    try:
        found = date.fromisoformat(written)
    except ValueError:
        return None
    return None if found.year == 1 else found


def _zone(written: str | None) -> timezone:
    if written is None or written in "Zz":
        return UTC
    minutes = int(written[1:3]) * 60 + int(written[-2:])
    return timezone(timedelta(minutes=-minutes if written[0] == "-" else minutes))
