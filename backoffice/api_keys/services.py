"""The keys that services call the API with: made, checked and revoked here."""

import hashlib
import re
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from backoffice.models import ApiClient, ApiKey, KeyScope
from lending.audit import trail
from lending.db.prepared import Prepared
from lending.models import Company

# One in use and its successor: enough to change keys without a gap.
LIVE_AT_ONCE = 2
# The last use is a hint to a person; writing it at every request would cost one write.
LAST_USE_EVERY = timedelta(minutes=1)
NAME_CHARACTERS = 100
MOST_REQUESTS = 1_000_000
MARK = "bok"
_KEY = re.compile(rf"{MARK}_([0-9a-f]{{12}})_([A-Za-z0-9_-]{{43}})", re.ASCII)
CLIENT_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}"


class KeyRefused(Exception):
    """A key cannot be made like this; `field` says where it is wrong."""

    def __init__(self, message: str, *, field: str) -> None:
        self.message = message
        self.field = field
        super().__init__(message)


@transaction.atomic
def create_key(
    *,
    client_name: str,
    scopes: Iterable[str],
    now: datetime,
    created_by: str = "manage.py",
    name: str = "",
    expires_at: datetime | None = None,
    companies: Iterable[Company] | None = None,
    requests_per_minute: int = 1_200,
) -> tuple[ApiKey, str]:
    """Make a key of a client, which is made with its first one.

    Without `companies` it may see all of them.

    Returns:
        The key and its text, which is shown once: only a hash of it is kept.

    Raises:
        KeyRefused: a scope is not known, a value is malformed, the client is switched
            off, or two of its keys are live.
    """
    chosen = _known_scopes(scopes)
    _check(client_name, name, expires_at, requests_per_minute, now)
    seen = None if companies is None else list(companies)
    if seen == []:
        raise KeyRefused(_("Choose at least one company."), field="companies")
    ApiClient.objects.get_or_create(name=client_name)
    # The client's row orders two keys made at the same time.
    client = ApiClient.objects.select_for_update().get(name=client_name)
    if not client.is_active:
        raise KeyRefused(
            _("%(client)s is switched off; none of its keys would be accepted.")
            % {"client": client_name},
            field="client",
        )
    if client.keys.live(now).count() >= LIVE_AT_ONCE:
        raise KeyRefused(
            _("%(client)s has %(count)d live keys already; revoke one first.")
            % {"client": client_name, "count": LIVE_AT_ONCE},
            field="client",
        )
    prefix, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
    key = ApiKey.objects.create(
        client=client,
        name=name,
        prefix=prefix,
        secret_hash=_hash(secret),
        scopes=chosen,
        all_companies=seen is None,
        requests_per_minute=requests_per_minute,
        created_at=now,
        created_by=created_by,
        expires_at=expires_at,
    )
    key.companies.set(seen or [])
    made = trail.values_of(key, "prefix", "name", "scopes", "expires_at")
    seen_in_words = {"companies": ["all"] if seen is None else sorted(map(str, seen))}
    trail.record("api_key.made", key, by=created_by, at=now, after=made | seen_in_words)
    return key, f"{MARK}_{prefix}_{secret}"


@transaction.atomic
def switch_client(*, client: ApiClient, on: bool, by: str = "") -> ApiClient:
    """Accept the keys of a client, or none of them."""
    row = ApiClient.objects.select_for_update(no_key=True).get(pk=client.pk)
    if row.is_active != on:
        row.is_active = on
        row.save(update_fields=["is_active"])
        trail.record("api_client.on" if on else "api_client.off", row, by=by)
    return row


@transaction.atomic
def revoke_key(*, key: ApiKey, revoked_by: str, now: datetime) -> ApiKey:
    """Refuse a key from now on; one that is revoked stays as it is."""
    live = ApiKey.objects.filter(pk=key.pk, revoked_at=None)
    is_revoked_now = live.update(revoked_at=now, revoked_by=revoked_by)
    key.refresh_from_db()
    if is_revoked_now:
        trail.record("api_key.revoked", key, by=revoked_by, at=now)
    return key


def key_with_prefix(prefix: str) -> ApiKey:
    """Return the key of this prefix, with its client.

    Raises:
        KeyRefused: there is none; what was given may be a secret and is not repeated.
    """
    key = ApiKey.objects.select_related("client").filter(prefix=prefix).first()
    if key is None:
        raise KeyRefused(
            _("There is no key with this prefix; `api_key list --all` shows them."),
            field="prefix",
        )
    return key


def authenticate(*, text: str, now: datetime) -> ApiKey | None:
    """Return the accepted key of this text, with its client, or None."""
    match = _KEY.fullmatch(text)
    if match is None:
        return None
    prefix, secret = match.groups()
    key = _find(prefix)
    if key is None or not secrets.compare_digest(key.secret_hash, _hash(secret)):
        return None
    if not key.is_accepted(now):
        return None
    if key.last_used_at is None or now - key.last_used_at >= LAST_USE_EVERY:
        stale = Q(last_used_at=None) | Q(last_used_at__lte=now - LAST_USE_EVERY)
        ApiKey.objects.filter(stale, pk=key.pk).update(last_used_at=now)
    return key


_BY_PREFIX = Prepared(
    lambda prefix: ApiKey.objects.select_related("client").filter(prefix=prefix),
    prefix=ApiKey._meta.get_field("prefix"),
)


def _find(prefix: str) -> ApiKey | None:
    """Read a key and its client, as every request does."""
    return next(iter(_BY_PREFIX.instances(prefix=prefix)), None)


def _hash(secret: str) -> str:
    # 256 random bits need no slow hash: there is nothing to guess.
    return hashlib.sha256(secret.encode()).hexdigest()


def _known_scopes(scopes: Iterable[str]) -> list[str]:
    chosen = sorted(set(scopes))
    unknown = [one for one in chosen if one not in KeyScope.values]
    if unknown or not chosen:
        raise KeyRefused(
            _("%(given)s: choose from %(known)s.")
            % {"given": ", ".join(unknown) or "–", "known": ", ".join(KeyScope.values)},
            field="scopes",
        )
    return chosen


def _check(
    client_name: str,
    name: str,
    expires_at: datetime | None,
    requests_per_minute: int,
    now: datetime,
) -> None:
    if not re.fullmatch(CLIENT_NAME, client_name, re.ASCII):
        raise KeyRefused(
            _("Name the client with letters, digits, dots, hyphens and underscores."),
            field="client",
        )
    if len(name) > NAME_CHARACTERS:
        raise KeyRefused(_("Use at most 100 characters."), field="name")
    if expires_at is not None and expires_at <= now:
        raise KeyRefused(_("A key has to expire in the future."), field="expires")
    if not 1 <= requests_per_minute <= MOST_REQUESTS:
        raise KeyRefused(
            _("Allow between 1 and %(most)d.") % {"most": MOST_REQUESTS},
            field="requests_per_minute",
        )
