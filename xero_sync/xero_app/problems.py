"""What is wrong with the lender's app and needs a person, in sentences."""

from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from lending import formats
from xero_sync.models.xero_app import XeroApp
from xero_sync.xero_app import records

# It is read daily; a day of failures passes by itself often enough.
STALE_AFTER = timedelta(days=2)


def sentences(*, now: datetime, app: XeroApp | None = None) -> list[str]:
    """Return what needs a person, each with its remedy; nothing if all is well."""
    app = app or records.stored()
    found = [_difference(app), _unread(app, now), _feeds(app)]
    return [sentence for sentence in found if sentence]


def differs(app: XeroApp) -> bool:
    """Whether Codat says something else than what is recorded here."""
    known = app.integration_on is not None and app.enabled_at_codat is not None
    return known and app.integration_on is not app.enabled_at_codat


def _difference(app: XeroApp) -> str:
    if not differs(app) or app.looked_at is None:
        return ""
    when = {"when": formats.moment(app.looked_at)}
    if app.integration_on:
        return (
            _(
                "Xero is on here, but off at Codat (read on %(when)s). No borrower can "
                "connect. Switch it on in Codat's portal, then ask Codat again; or "
                "switch it off here."
            )
            % when
        )
    return (
        _(
            "Xero is off here, but on at Codat (read on %(when)s). No borrower is "
            "sent to Xero from here. Switch it on here, or off in Codat's portal."
        )
        % when
    )


def _unread(app: XeroApp, now: datetime) -> str:
    since = app.looked_at or app.look_failed_at
    if app.look_failed_at is None or since is None or since > now - STALE_AFTER:
        return ""
    return _(
        "Codat could not be asked since %(since)s whether Xero is on: %(why)s Check "
        "CODAT_API_KEY and CODAT_BASE_URL."
    ) % {"since": formats.moment(app.look_failed_at), "why": app.look_failure}


def _feeds(app: XeroApp) -> str:
    if not app.bank_feeds_on or app.is_certified:
        return ""
    return _(
        "Bank feeds are on, but the app has no partner status any more. Xero will "
        "refuse statement lines (403). Switch bank feeds off until it is certified."
    )
