"""The two toggles of the app: the integration itself, and direct bank feeds.

Both stand in Codat's portal, and no call of Codat's API sets them. What is recorded
here is a copy that may be wrong; `look` reads the one thing that Codat tells.
"""

import logging
from datetime import date, datetime

from django.db import transaction
from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from xero_sync.codat.client import CodatClient
from xero_sync.codat.exceptions import CodatError
from xero_sync.models.xero_app import XeroApp
from xero_sync.writeback import reconsider
from xero_sync.xero_app import days, keys, records
from xero_sync.xero_app.exceptions import BankFeedsNotAllowed, XeroAppRefused

logger = logging.getLogger(__name__)

CODAT = "Codat"


@transaction.atomic
def switch_integration(*, on: bool, changed_by: str, now: datetime) -> XeroApp:
    """Record whether borrowers may be sent to Xero now, or not before somebody says so.

    Raises:
        KeysMissing: it cannot be on before both keys are recorded.
    """
    app = records.locked()
    if on:
        keys.require_complete(app)
    records.change(app, by=changed_by, now=now, integration_on=on)
    return app


@transaction.atomic
def approve_bank_feeds(*, approved_on: date, changed_by: str, now: datetime) -> XeroApp:
    """Record since when Xero has enabled its Bank Feeds API for the app.

    Raises:
        XeroAppRefused: the day lies ahead, or before there was a Xero.
    """
    if complaint := days.complaint(approved_on):
        raise XeroAppRefused(complaint, field="approved_on")
    if approved_on > localdate(now):
        raise XeroAppRefused(_("This day lies ahead."), field="approved_on")
    app = records.locked()
    records.change(app, by=changed_by, now=now, bank_feeds_approved_on=approved_on)
    return app


@transaction.atomic
def withdraw_bank_feeds(*, changed_by: str, now: datetime) -> XeroApp:
    """Record that Xero has not enabled its Bank Feeds API, or no longer.

    Statement lines wait from then on, even where nobody had recorded the toggle.
    """
    app = records.locked()
    records.change(
        app,
        by=changed_by,
        now=now,
        bank_feeds_on=False,
        bank_feeds_approved_on=None,
    )
    return app


@transaction.atomic
def switch_bank_feeds(*, on: bool, changed_by: str, now: datetime) -> XeroApp:
    """Record whether bank feeds are switched on in Codat's portal.

    Raises:
        BankFeedsNotAllowed: partner status or Xero's approval is missing, or both; the
            message says which.
    """
    app = records.locked()
    if on and (absent := missing_for_bank_feeds(app)):
        raise BankFeedsNotAllowed(
            _("Bank feeds cannot be switched on: %(what)s.")
            % {"what": _(", and ").join(absent)}
        )
    records.change(app, by=changed_by, now=now, bank_feeds_on=on)
    if on:
        # The lines that waited for it need not wait for the sweep.
        reconsider.feeds(now=now)
    return app


def missing_for_bank_feeds(app: XeroApp) -> list[str]:
    """Return what direct bank feeds still need, in words."""
    absent = []
    if not app.is_certified:
        absent.append(_("the app has no partner status with Xero"))
    if app.bank_feeds_approved_on is None:
        absent.append(
            _("it is not recorded that Xero has enabled the Bank Feeds API for the app")
        )
    return absent


def look(*, client: CodatClient, now: datetime) -> XeroApp:
    """Read at Codat whether the integration is enabled, and store it with the time.

    What cannot be read leaves what was read before, with its time.

    Raises:
        CodatError: Codat did not answer, or refused; that is stored as well.
    """
    try:
        enabled = client.get_integration().enabled
    except CodatError as exc:
        _store_failure(exc, now)
        raise
    with transaction.atomic():
        app = records.locked()
        verb = "xero_app.seen"
        records.change(app, verb, by=CODAT, now=now, enabled_at_codat=enabled)
        app.looked_at = now
        app.look_failed_at = None
        app.look_failure = ""
        app.save(update_fields=["looked_at", "look_failed_at", "look_failure"])
    return app


def look_daily(*, client: CodatClient, now: datetime, unless_since: datetime) -> None:
    """Look, unless that was done at `unless_since` or later; a failure is only kept."""
    looked_at = records.stored().looked_at
    if looked_at is not None and looked_at >= unless_since:
        return
    try:
        look(client=client, now=now)
    except CodatError as exc:
        logger.warning("Codat could not be asked whether Xero is enabled: %s", exc)


@transaction.atomic
def _store_failure(exc: CodatError, now: datetime) -> None:
    app = records.locked()
    app.look_failed_at = app.look_failed_at or now
    status = f" (HTTP {exc.status_code})" if exc.status_code else ""
    app.look_failure = f"{exc.message}{status}"[:200]
    app.save(update_fields=["look_failed_at", "look_failure"])
