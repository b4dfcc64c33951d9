"""What was entered at Xero when the app was created.

Codat's "Set up the Xero integration" names the fields; the rules on the name and the
e-mail are of Xero's and Codat's checkpoints for certified apps.
"""

import re
import unicodedata
from datetime import datetime
from ipaddress import ip_address
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator, validate_email
from django.db import transaction
from django.utils.translation import gettext as _

from xero_sync.models.xero_app import XeroApp
from xero_sync.xero_app import records
from xero_sync.xero_app.exceptions import XeroAppRefused

INTEGRATION_TYPE = "Web app"
# Where Xero sends a borrower back to; it is Codat's, not ours, and must be exact.
REDIRECT_URI = "https://xero.codat.io/oauth2/callback"

FOREIGN_NAME = "xero"
# What the mailboxes that several people read are called.
SHARED_NAMES = frozenset(
    {"accounts", "admin", "api", "app", "apps", "billing", "business", "connect"}
    | {"contact", "customer", "desk", "dev", "developer", "enquiries", "finance"}
    | {"hello", "help", "info", "integration", "it", "mail", "office", "operations"}
    | {"ops", "partner", "platform", "post", "product", "sales", "service", "support"}
    | {"team", "tech"}
)
LONG_ENOUGH_TO_BE_A_PART = 4
PRIVATE_PROVIDERS = re.compile(
    r"(?i)@(gmail|googlemail|outlook|hotmail|live|yahoo|icloud|me|aol|gmx|proton|"
    r"protonmail|web)\.[a-z.]+$"
)

_https = URLValidator(schemes=["https"])


def check_name(name: str) -> None:
    """Refuse a name that Xero or Codat would not accept for a certified app.

    Raises:
        XeroAppRefused: it is empty, or contains "Xero".
    """
    seen = "".join(
        one
        for one in unicodedata.normalize("NFKC", name)
        if unicodedata.category(one) != "Cf"
    )
    if not seen.strip():
        raise XeroAppRefused(_("Enter the app's name."), field="name")
    if FOREIGN_NAME in seen.casefold():
        raise XeroAppRefused(
            _(
                "The name must not contain “Xero”: Xero does not certify such an app. "
                "Use the name under which customers know you."
            ),
            field="name",
        )


def check_https(url: str, *, field: str) -> None:
    """Refuse what is not a whole https address on the internet.

    Raises:
        XeroAppRefused: it is not.
    """
    if not url.lower().startswith("https://"):
        raise XeroAppRefused(
            _("The address must begin with https://, such as https://www.example.com."),
            field=field,
        )
    try:
        _https(url)
        parts = urlsplit(url)
    except (ValidationError, ValueError):
        parts = None
    host = (parts.hostname or "") if parts else ""
    if "." not in host or _is_number(host) or (parts and parts.username is not None):
        raise XeroAppRefused(
            _("This is not an address that others can open; check it in a browser."),
            field=field,
        )


def _is_number(host: str) -> bool:
    # Such as 127.0.0.1, which is somebody else's machine to whoever opens it.
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def check_email(address: str) -> None:
    """Refuse what is not an e-mail address.

    Raises:
        XeroAppRefused: it is not.
    """
    try:
        validate_email(address)
    except ValidationError as exc:
        raise XeroAppRefused(
            _("This is not an e-mail address."), field="app_email"
        ) from exc


def looks_personal(address: str) -> bool:
    """Whether an address seems to be one person's; a guess, so it only warns."""
    if not address:
        return False
    words = re.split(r"[^a-z]+", address.partition("@")[0].casefold())
    is_shared = any(_is_shared(word) for word in words)
    return not is_shared or PRIVATE_PROVIDERS.search(address) is not None


def _is_shared(word: str) -> bool:
    return word in SHARED_NAMES or any(
        name in word for name in SHARED_NAMES if len(name) >= LONG_ENOUGH_TO_BE_A_PART
    )


@transaction.atomic
def save_registration(
    *,
    name: str,
    company_url: str,
    changed_by: str,
    now: datetime,
    app_email: str = "",
) -> XeroApp:
    """Record the app as it was created at Xero.

    Raises:
        XeroAppRefused: the name, the address or the e-mail is not acceptable.
    """
    check_name(name)
    check_https(company_url, field="company_url")
    if app_email:
        check_email(app_email)
    app = records.locked()
    records.change(
        app,
        by=changed_by,
        now=now,
        name=name,
        company_url=company_url,
        app_email=app_email,
    )
    return app


@transaction.atomic
def save_links(
    *, privacy_url: str, terms_url: str, changed_by: str, now: datetime
) -> XeroApp:
    """Record the links to privacy policy and terms; an empty one is not there yet.

    Raises:
        XeroAppRefused: one of them is not an https address.
    """
    for field, url in (("privacy_url", privacy_url), ("terms_url", terms_url)):
        if url:
            check_https(url, field=field)
    app = records.locked()
    records.change(
        app, by=changed_by, now=now, privacy_url=privacy_url, terms_url=terms_url
    )
    return app
