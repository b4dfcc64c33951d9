"""The app's keys on their way from Xero to Codat's portal.

The product never uses them. The client id is no secret. The client secret is kept
sealed only until it stands in Codat's portal; a person may have it shown until then.
Xero shows it once: one that is lost is replaced by generating a new one there.
"""

import re
import unicodedata
from datetime import datetime

from django.contrib.auth.hashers import check_password, make_password
from django.db import transaction
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

from lending.audit import trail
from lending.db import encryption
from xero_sync.models.xero_app import XeroApp
from xero_sync.xero_app import records
from xero_sync.xero_app.exceptions import (
    KeysMissing,
    SecretNotHere,
    XeroAppRefused,
)

SECRET = "client_secret"
ENDING = 4
# What is in no key: all but the signs that ASCII can show.
ODD = re.compile("[^!-~]")
PICTURES = 0x2400
# Of a shorter one the ending would tell too much, and Xero's have 48 characters.
SHORTEST_SECRET = 8


@sensitive_variables()
def check_key(key: str, *, field: str) -> None:
    """Refuse a key that something came along with, such as a space.

    It would look right, and be refused by Codat or Xero much later. It is not trimmed
    either: whoever pasted it has to see that it is not the key alone.

    Raises:
        XeroAppRefused: the message says which character it is, and where it stands.
    """
    found = ODD.search(key)
    if not found:
        return
    code = ord(found[0])
    # Control characters have no name of their own, but that of their picture.
    seen = chr(code if code >= ord(" ") else PICTURES + code)
    character = f"U+{code:04X} {unicodedata.name(seen, '')}".strip()
    words = _(
        "%(key)s: character %(place)d is %(character)s. A key has letters, digits and "
        "signs only, and no spaces of any kind: copy it again."
    ) % {
        "key": _("The client secret") if field == SECRET else _("The client id"),
        "place": found.start() + 1,
        "character": character.replace("SYMBOL FOR ", ""),
    }
    raise XeroAppRefused(words, field=field)


@sensitive_variables()
def check_secret(secret: str) -> None:
    """Refuse what is not a client secret of Xero.

    Raises:
        XeroAppRefused: something came along with it, or it is too short to be whole.
    """
    check_key(secret, field=SECRET)
    if len(secret) < SHORTEST_SECRET:
        raise XeroAppRefused(
            _("This is too short for a client secret; copy all of it."), field=SECRET
        )


@sensitive_variables()
def save_keys(
    *, client_id: str, client_secret: str, changed_by: str, now: datetime
) -> XeroApp:
    """Record the keys; without a secret the one that is recorded stays.

    What differs from what was recorded still has to be pasted into Codat's portal.

    Raises:
        XeroAppRefused: one of them is missing, or something came along with it.
    """
    if not client_id:
        raise KeysMissing(_("Enter the client id."), field="client_id")
    check_key(client_id, field="client_id")
    if client_secret:
        check_secret(client_secret)
    with transaction.atomic():
        app = records.locked()
        if not client_secret and not app.secret_ending:
            raise KeysMissing(_("Enter the client secret."), field=SECRET)
        before = _keys_of(app)
        is_other_secret = bool(client_secret) and not is_recorded(app, client_secret)
        if is_other_secret:
            _replace_secret(app, client_secret, now)
        elif client_secret and app.sealed_secret and not _is_readable(app):
            app.sealed_secret = encryption.seal(client_secret)
            app.save(update_fields=["sealed_secret"])
        if client_id != app.client_id or is_other_secret:
            app.client_id, app.pasted_at = client_id, None
            app.save(update_fields=["client_id", "pasted_at"])
            trail.record(
                "xero_app.keys_saved",
                app,
                by=changed_by,
                at=now,
                before=before,
                after=_keys_of(app),
            )
    return app


def _keys_of(app: XeroApp) -> dict[str, object]:
    """Return what the trail may say of the keys: of the secret its ending."""
    values = trail.values_of(app, "client_id", "secret_saved_at", "pasted_at")
    return values | (_ending(app) if app.secret_ending else {})


@sensitive_variables()
def is_recorded(app: XeroApp, secret: str) -> bool:
    """Whether this is the secret that was recorded, be it erased or not."""
    return app.secret_ending == secret[-ENDING:] and check_password(
        secret, app.secret_hash
    )


@sensitive_variables()
def _replace_secret(app: XeroApp, secret: str, now: datetime) -> None:
    app.sealed_secret = encryption.seal(secret)
    app.secret_hash = make_password(secret)
    app.secret_ending = secret[-ENDING:]
    app.secret_saved_at = now
    app.pasted_at = None
    app.save(
        update_fields=[
            "sealed_secret",
            "secret_hash",
            "secret_ending",
            "secret_saved_at",
            "pasted_at",
        ]
    )


@sensitive_variables()
@transaction.atomic
def reveal(*, shown_to: str, now: datetime) -> str:
    """Return the client secret to a person who has just proven who they are.

    That is for the page to see to. Each time is recorded.

    Raises:
        SecretNotHere: there is none, it was erased, or no key opens it any more.
    """
    app = records.locked()
    secret = _unsealed(app)
    trail.record("xero_app.secret_shown", app, by=shown_to, at=now, after=_ending(app))
    return secret


@sensitive_variables()
def _unsealed(app: XeroApp) -> str:
    if not app.sealed_secret:
        raise SecretNotHere
    try:
        return encryption.unseal(app.sealed_secret)
    except encryption.Unreadable as exc:
        raise SecretNotHere(
            _(
                "None of FIELD_ENCRYPTION_KEYS opens the client secret. Put back the "
                "key that sealed it, or record the secret again; if it is lost, "
                "generate a new one in Xero."
            )
        ) from exc


def _is_readable(app: XeroApp) -> bool:
    try:
        _unsealed(app)
    except SecretNotHere:
        return False
    return True


@transaction.atomic
def mark_pasted(*, ending: str, changed_by: str, now: datetime) -> XeroApp:
    """Record that Codat's portal has the keys, and erase the secret here.

    `ending` says which secret is meant, should somebody have replaced it meanwhile.

    Raises:
        KeysMissing: the keys are not recorded yet.
        XeroAppRefused: another secret is recorded.
    """
    app = records.locked()
    require_complete(app)
    if ending != app.secret_ending:
        raise XeroAppRefused(
            _(
                "The client secret was replaced meanwhile; it now ends in %(ending)s. "
                "Paste that one."
            )
            % {"ending": app.secret_ending}
        )
    if app.pasted_at is not None:
        return app
    app.sealed_secret, app.pasted_at = "", now
    app.save(update_fields=["sealed_secret", "pasted_at"])
    trail.record("xero_app.pasted", app, by=changed_by, at=now, after=_ending(app))
    return app


def _ending(app: XeroApp) -> dict[str, object]:
    return {"secret_ending": f"…{app.secret_ending}"}


def missing(app: XeroApp) -> list[str]:
    """Return which of the two keys are not recorded, in words."""
    named = (
        (app.client_id, _("the client id")),
        (app.secret_ending, _("the client secret")),
    )
    return [name for value, name in named if not value]


def require_complete(app: XeroApp) -> None:
    """Refuse to go on without both keys.

    Raises:
        KeysMissing: the message says which is missing.
    """
    if absent := missing(app):
        raise KeysMissing(
            _("Record the keys of the Xero app first; still missing: %(what)s.")
            % {"what": _(" and ").join(absent)}
        )
