"""Writing the trail: an entry in the transaction of the change that it tells of."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection, models
from django.db.transaction import TransactionManagementError
from django.utils import timezone

from lending.audit import origin, wording
from lending.models import AuditEntry, Company
from lending.models.audit import ACTOR_LENGTH, KEY_LENGTH, LABEL_LENGTH

Values = Mapping[str, Any]

MOST_CHARACTERS = 300
HIDDEN = "…"
_SECRET = re.compile(r"password|secret|token|hash|account_number|sort_code|iban")
# What is left of a secret to tell two apart.
_ENDING = re.compile(r"…\S{0,4}")


@dataclass(frozen=True)
class Subject:
    """What an act was done to, where it is no row of ours."""

    type: str
    key: str
    label: str


def record(
    verb: str,
    about: models.Model | Subject,
    *,
    by: str = "",
    at: datetime | None = None,
    company_id: int | None = None,
    reason: str = "",
    before: Values | None = None,
    after: Values | None = None,
) -> AuditEntry:
    """Write down what was done.

    `by` is who did it as the service was told; the origin may know the key as well, and
    is asked where nothing was said. `at` is the service's own moment, if it was given
    one. The company is the object's own if it has one. `before` and `after` hold few
    short values; what is called a secret is hidden.

    Raises:
        LookupError: no app has a sentence for the verb.
        TransactionManagementError: no transaction is open, so that the change could
            stay without its entry.
    """
    if verb not in wording.verbs():
        raise LookupError(f"No app has registered a sentence for the verb {verb}.")
    if not connection.in_atomic_block:
        raise TransactionManagementError("The trail is written with what it tells of.")
    subject = about if isinstance(about, Subject) else _subject(about)
    came = origin.current()
    return AuditEntry.objects.create(
        at=at or timezone.now(),
        actor=_actor(by, came.actor())[:ACTOR_LENGTH],
        verb=verb,
        object_type=subject.type,
        object_key=subject.key[:KEY_LENGTH],
        object_label=subject.label[:LABEL_LENGTH],
        company_id=company_id or _company_of(about),
        reason=reason.strip(),
        before=shown(before or {}),
        after=shown(after or {}),
        request_id=came.request_id,
        address=came.address,
    )


def record_change(
    verb: str, about: models.Model | Subject, *, before: Values, **entry: Any
) -> AuditEntry | None:
    """Write down which of some values an object has no more; None if it has them all.

    `after` holds the values that there are now; left out, they are the object's own.
    """
    after = entry.pop("after", None) or {one: getattr(about, one) for one in before}
    other = [one for one in after if before.get(one) != after[one]]
    if not other:
        return None
    return record(
        verb,
        about,
        before={one: before.get(one) for one in other},
        after={one: after[one] for one in other},
        **entry,
    )


def values_of(obj: models.Model, *names: str) -> dict[str, Any]:
    """Return values of an object as they are before something is changed."""
    return {name: getattr(obj, name) for name in names}


def shown(values: Values) -> dict[str, Any]:
    """Return values as the trail keeps them: short, and nothing secret."""
    return {name: _shown(name, value) for name, value in values.items()}


def _shown(name: str, value: Any) -> Any:
    if value in (None, "") or isinstance(value, bool | int | float):
        return value
    if isinstance(value, date):
        return value.isoformat()
    if _SECRET.search(name) and not _ENDING.fullmatch(str(value)):
        return HIDDEN
    if isinstance(value, list | tuple | set):
        return [str(one)[:MOST_CHARACTERS] for one in value]
    return str(value)[:MOST_CHARACTERS]


def _actor(by: str, known: str) -> str:
    is_the_same = not by or known.startswith(f"{by}/")
    return (known if is_the_same else by) or origin.SYSTEM


def _subject(about: models.Model) -> Subject:
    return Subject(about._meta.label_lower, str(about.pk), str(about))


def _company_of(about: models.Model | Subject) -> int | None:
    if isinstance(about, Company):
        return about.pk
    return getattr(about, "company_id", None)
