"""Which tables are sealed, and the canonical form of a row."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.apps import apps
from django.db import models

# Label of the model: the column that says on which day a row belongs.
MOMENTS: dict[str, str] = {
    "lending.loanevent": "recorded_at",
    "lending.auditentry": "at",
}
A_DAY = timedelta(days=1)


def register(label: str, *, by: str) -> None:
    """Have the rows of a model sealed, each with the day of its column `by`."""
    MOMENTS[label] = by


@dataclass(frozen=True)
class SealedTable:
    """A table that is sealed day by day; days are UTC's."""

    label: str

    @property
    def model(self) -> type[models.Model]:
        """Return the model of its rows."""
        return apps.get_model(self.label)

    @property
    def is_known(self) -> bool:
        """Whether there is such a table, and its rows have a moment."""
        return self.label in MOMENTS

    @property
    def columns(self) -> list[str]:
        """Return the names of all its columns, sorted."""
        return sorted(field.attname for field in self.model._meta.concrete_fields)

    def rows(self) -> models.QuerySet:
        """Return all its rows by key, whatever a manager would leave out."""
        return self.model._base_manager.order_by("pk")

    def of_day(self, day: date) -> models.QuerySet:
        """Return the rows of one day by key."""
        begins = datetime.combine(day, time.min, UTC)
        by = MOMENTS[self.label]
        return self.rows().filter(**{f"{by}__gte": begins, f"{by}__lt": begins + A_DAY})

    def first_day(self) -> date | None:
        """Return the day of its oldest row; None without any."""
        oldest = self.rows().aggregate(first=models.Min(MOMENTS[self.label]))["first"]
        return oldest.astimezone(UTC).date() if oldest else None


def all_tables() -> list[SealedTable]:
    """Return the tables that are sealed, always in the same order."""
    return [SealedTable(label) for label in sorted(MOMENTS)]


def lines(rows: models.QuerySet, columns: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield the key of each row, and the hash of these columns."""
    key = rows.model._meta.pk.attname
    for values in rows.values(*{*columns, key}):
        hashed = {name: values[name] for name in columns}
        yield str(values[key]), digest(hashed)


def digest(values: Any) -> str:
    """Return the SHA-256 of values, the same however a database keeps them."""
    text = json.dumps(values, sort_keys=True, separators=(",", ":"), default=_plain)
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    return str(value)
