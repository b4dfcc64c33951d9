"""What people read about a key: how it stands, what it may do, when it was used."""

from datetime import datetime, timedelta

from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from backoffice.models import ApiKey

# Long enough to make the next one, hand it over and see it used.
SOON = timedelta(days=14)
# A service gets its new key within days; one that lies about for longer is in doubt.
UNUSED_FOR_LONG = timedelta(days=7)


def state_in_words(key: ApiKey, now: datetime) -> str:
    """Say whether a key is accepted, and what a person should know about that."""
    if key.revoked_at is not None:
        return _("Revoked")
    if not key.is_live(now):
        return _("Expired")
    if not key.client.is_active:
        return _("Client switched off")
    words = [_("Live") if key.last_used_at else _("Never used")]
    if key.expires_at is not None and _expires_soon(key, now):
        days = (localtime(key.expires_at).date() - localtime(now).date()).days
        words.append(
            ngettext("expires in %(days)d day", "expires in %(days)d days", days)
            % {"days": days}
            if days
            else _("expires today")
        )
    return ", ".join(words)


def needs_a_look(key: ApiKey, now: datetime) -> bool:
    """Tell whether an accepted key expires soon, or is old and was never used."""
    is_old = now - key.created_at >= UNUSED_FOR_LONG
    is_forgotten = key.last_used_at is None and is_old
    return key.is_accepted(now) and (is_forgotten or _expires_soon(key, now))


def _expires_soon(key: ApiKey, now: datetime) -> bool:
    return key.expires_at is not None and key.expires_at - now <= SOON


def companies_in_words(key: ApiKey) -> str:
    """Name the companies that a key may see."""
    if key.all_companies:
        return _("all companies")
    return ", ".join(sorted(one.reference for one in key.companies.all()))
