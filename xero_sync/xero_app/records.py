"""The one row of the lender's app, and the rows that tell who changed what of it."""

from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet

from xero_sync.models.xero_app import THE_ONLY, XeroApp, XeroAppAct, XeroAppChange

ON, OFF = "on", "off"


def stored() -> XeroApp:
    """Return the app as it is recorded; an empty one if nothing is."""
    return XeroApp.objects.filter(pk=THE_ONLY).first() or XeroApp()


def locked() -> XeroApp:
    """Return the app's row, held for the caller's transaction; make it if need be."""
    XeroApp.objects.get_or_create(pk=THE_ONLY)
    return XeroApp.objects.select_for_update().get(pk=THE_ONLY)


def changes() -> QuerySet[XeroAppChange]:
    """Return what was done with the record, newest first."""
    return XeroAppChange.objects.order_by("-pk")


def change(app: XeroApp, *, by: str, now: datetime, **values: Any) -> list[str]:
    """Store values that differ from those in a locked row, each with a row of its own.

    Returns:
        The names of the fields that have another value now.
    """
    changed = [name for name, value in values.items() if getattr(app, name) != value]
    for name in changed:
        before, after = getattr(app, name), values[name]
        note(name, before=as_text(before), after=as_text(after), by=by, now=now)
        setattr(app, name, after)
    if changed:
        app.save(update_fields=changed)
    return changed


def note(
    field: str,
    *,
    by: str,
    now: datetime,
    act: str = XeroAppAct.CHANGED,
    before: str = "",
    after: str = "",
) -> None:
    """Add a row to what is known of who did what."""
    XeroAppChange.objects.create(
        act=act, field=field, before=before, after=after, changed_by=by, changed_at=now
    )


def as_text(value: object) -> str:
    """Write a value as the rows keep it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return ON if value else OFF
    return value.isoformat() if isinstance(value, date) else str(value)
