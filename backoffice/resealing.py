"""Encrypt anew what an older key sealed, under the first of FIELD_ENCRYPTION_KEYS."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.db import models, transaction

from lending.audit import trail
from lending.audit.trail import Subject
from lending.db import encryption
from lending.seals import sealing
from xero_sync.runtime.clock import database_now

# As Fernet writes them: version, time, and at least one block with its code.
TOKEN = re.compile(r"gAAAAA[\w-]{90,}={0,2}", re.ASCII)


@dataclass(frozen=True)
class SealedColumn:
    """A column with sealed texts: text, bytes, or JSON that holds some of them."""

    model: str
    name: str

    def rows(self) -> Iterator[tuple[models.Model, Any, list[str]]]:
        """Yield each row that has some, with the column's value and the texts."""
        rows = apps.get_model(self.model)._base_manager.order_by("pk")
        for row in rows.iterator():
            value = getattr(row, self.name)
            if found := TOKEN.findall(_written(value)):
                yield row, value, found

    def store(self, row: models.Model, value: Any, texts: Mapping[str, str]) -> None:
        """Replace texts in a value that was read, unless it has changed since."""
        written = TOKEN.sub(lambda one: texts[one[0]], _written(value))
        same = type(row)._base_manager.filter(pk=row.pk, **{self.name: value})
        same.update(**{self.name: _read(written, value)})


# All of them: tests/backoffice/test_resealing.py knows each module that seals.
SEALED_COLUMNS = (
    SealedColumn("backoffice.Authenticator", "sealed_key"),
    SealedColumn("backoffice.WebhookSecret", "encrypted"),
    SealedColumn("backoffice.StoredReply", "fingerprint"),
    SealedColumn("backoffice.StoredReply", "body"),
    SealedColumn("xero_sync.XeroApp", "sealed_secret"),
    SealedColumn("xero_sync.AccountSetup", "sealed_choice"),
    SealedColumn("xero_sync.SetupStep", "sealed_body"),
    SealedColumn("xero_sync.AccountDraft", "answers"),
)


def _written(value: Any) -> str:
    if isinstance(value, bytes | memoryview):
        return bytes(value).decode("utf-8", "surrogateescape")
    return value if isinstance(value, str) else json.dumps(value)


def _read(written: str, like: Any) -> Any:
    if isinstance(like, bytes | memoryview):
        return written.encode("utf-8", "surrogateescape")
    return written if isinstance(like, str) else json.loads(written)


@dataclass
class Resealed:
    """How many rows were encrypted anew by column, and which ones no key opens."""

    done: dict[str, int] = field(default_factory=dict)
    unreadable: list[str] = field(default_factory=list)


def reseal() -> Resealed:
    """Encrypt everything anew that the first key did not seal; safe to repeat.

    The first key also vouches for the seals of finished days, so that afterwards no
    older key is needed. One row after the other: what fails half-way goes on next time.

    Raises:
        ChainBroken: somebody else made the last seal; nothing was encrypted anew.
    """
    sealing.vouch(now=database_now())
    report = Resealed()
    for column in SEALED_COLUMNS:
        where = f"{column.model}.{column.name}"
        report.done[where] = 0
        for row, value, texts in column.rows():
            try:
                anew = {one: encryption.reseal(one) or one for one in texts}
            except encryption.Unreadable:
                report.unreadable.append(f"{where} of {row.pk}")
                continue
            if any(one != text for text, one in anew.items()):
                column.store(row, value, anew)
                report.done[where] += 1
    with transaction.atomic():
        trail.record(
            "encryption.resealed",
            Subject("backoffice.key", "first", "FIELD_ENCRYPTION_KEYS"),
            after={**report.done, "unreadable": len(report.unreadable)},
        )
    return report
