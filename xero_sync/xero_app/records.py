"""The one row of the lender's app, changed under its lock and on the trail."""

from datetime import datetime
from typing import Any

from lending.audit import trail
from xero_sync.models.xero_app import THE_ONLY, XeroApp


def stored() -> XeroApp:
    """Return the app as it is recorded; an empty one if nothing is."""
    return XeroApp.objects.filter(pk=THE_ONLY).first() or XeroApp()


def locked() -> XeroApp:
    """Return the app's row, held for the caller's transaction; make it if need be."""
    XeroApp.objects.get_or_create(pk=THE_ONLY)
    return XeroApp.objects.select_for_update().get(pk=THE_ONLY)


def change(
    app: XeroApp, verb: str = "xero_app.changed", *, by: str, now: datetime, **new: Any
) -> None:
    """Store values of a locked row, and write down those that differ from before."""
    before = trail.values_of(app, *new)
    for name, value in new.items():
        setattr(app, name, value)
    app.save(update_fields=[*new])
    trail.record_change(verb, app, by=by, at=now, before=before)
