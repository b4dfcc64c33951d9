"""What the trail says in plain words: one table of verbs, each with its sentence.

Each app registers its own verbs; one that has no sentence cannot be written.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.utils.dateparse import parse_datetime
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from lending import formats
from lending.models import AuditEntry

Presenter = Callable[[AuditEntry], str]
NOTHING = "–"
EMPTY: tuple[Any, ...] = (None, "", [])

_presenters: dict[str, Presenter] = {}
_said: dict[str, Collection[str]] = {}


def register(
    presenters: Mapping[str, Presenter | str | Promise], *, said: Collection[str] = ()
) -> None:
    """Add verbs; one that needs no more than a sentence is given as that sentence.

    `said` names the values that the sentences hold, so that they are not listed again.

    Raises:
        ValueError: another app has the verb.
    """
    if taken := presenters.keys() & _presenters.keys():
        raise ValueError(f"The verbs {sorted(taken)} are registered already.")
    for verb, words in presenters.items():
        _presenters[verb] = words if callable(words) else _says(words)
        _said[verb] = said


def _says(words: str | Promise) -> Presenter:
    return lambda _entry: str(words)


def verbs() -> frozenset[str]:
    """Return all verbs that can be written."""
    return frozenset(_presenters)


def sentence(entry: AuditEntry) -> str:
    """Say what was done; a verb that no app knows any more speaks for itself."""
    presenter = _presenters.get(entry.verb)
    return presenter(entry) if presenter else entry.verb


def changes(entry: AuditEntry) -> list[str]:
    """Say what is otherwise than before, a line for each field."""
    said = _said.get(entry.verb, ())
    names = dict.fromkeys([*entry.before, *entry.after])
    return [
        _change(entry, one) for one in names if one not in said and _differs(entry, one)
    ]


def _differs(entry: AuditEntry, name: str) -> bool:
    before, after = entry.before.get(name), entry.after.get(name)
    return before != after and not (before in EMPTY and after in EMPTY)


def _change(entry: AuditEntry, name: str) -> str:
    field = _field(entry, name)
    label = str(getattr(field, "verbose_name", name.replace("_", " ")))
    before = _value(entry.before.get(name), field)
    after = _value(entry.after.get(name), field)
    if name not in entry.after:
        return f"{label}: {before}"
    if before == NOTHING:
        return f"{label}: {after}"
    return f"{label}: {before} → {after}"


def _field(entry: AuditEntry, name: str) -> Any:
    try:
        return apps.get_model(entry.object_type)._meta.get_field(name)
    except (LookupError, ValueError, FieldDoesNotExist):
        return None


def _value(value: Any, field: Any) -> str:
    if value in EMPTY:
        return NOTHING
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return ", ".join(str(one) for one in value)
    if isinstance(field, models.DateTimeField) and (at := parse_datetime(value)):
        return formats.instant(at)
    choices = dict(getattr(field, "flatchoices", ()))
    return str(choices.get(value, value))
