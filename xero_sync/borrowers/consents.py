"""What a borrower agrees to before they are sent to Xero, and that they did.

Each version of the text stays here as it was shown, in every language of the catalogue,
so that a stored consent can always be read. Changed words are a new version: append
it to `VERSIONS`, and never touch an earlier one or its translations.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from django.conf import settings
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from lending.audit import trail
from xero_sync.models import BorrowerConsent, Connection
from xero_sync.xero_app import facts


@dataclass(frozen=True)
class Text:
    """The words of one version: what is to be known, and the sentence to agree to."""

    points: tuple[tuple[str, str], ...]
    agreement: str

    @property
    def fingerprint(self) -> str:
        """A hash of every word."""
        words = [*(word for point in self.points for word in point), self.agreement]
        return _hash(words)


@dataclass(frozen=True)
class Offer:
    """What a page asks a borrower to agree to, in the language of the page."""

    version: int
    language: str
    text: Text
    privacy_url: str
    terms_url: str

    @property
    def stamp(self) -> str:
        """Return what comes back with the form, so that nothing else is agreed to."""
        with_links = [self.text.fingerprint, self.privacy_url, self.terms_url]
        asks = [settings.LENDER_NAME, settings.LENDER_CONTACT_EMAIL]
        return _hash([str(self.version), self.language, *with_links, *asks])


def on_offer() -> Offer:
    """Return what is to be agreed to now, in the language that is active."""
    app = facts.current()
    version = len(VERSIONS)
    return Offer(
        version=version,
        language=translation.get_language(),
        text=VERSIONS[version - 1](),
        privacy_url=app.privacy_url,
        terms_url=app.terms_url,
    )


@transaction.atomic
def keep(*, connection: Connection, offer: Offer, now: datetime) -> BorrowerConsent:
    """Store that a borrower has agreed; each time they do is a row of its own."""
    kept: BorrowerConsent = connection.consents.create(
        text_version=offer.version,
        language=offer.language,
        privacy_url=offer.privacy_url,
        terms_url=offer.terms_url,
        given_at=now,
    )
    said = trail.values_of(kept, "text_version", "language")
    trail.record("connection.consented", connection, at=now, after=said)
    return kept


def text_of(consent: BorrowerConsent) -> Text:
    """Return the words that were agreed to, in the language they were read in."""
    with translation.override(consent.language):
        return VERSIONS[consent.text_version - 1]()


def _hash(words: list[str]) -> str:
    return sha256("\0".join(words).encode()).hexdigest()[:16]


def _first() -> Text:
    return Text(
        points=(
            (
                _("What we read"),
                _(
                    "The name of your organisation, its accounts and tax rates, its "
                    "customers and suppliers, and the invoices that we finance; and "
                    "payments, transfers and costs, to find our own entries among them."
                ),
            ),
            (
                _("What we enter"),
                _(
                    "An account that stands for us, with its bank statement; us as a "
                    "supplier; the payments and fees of your financing, and the "
                    "payments of the financed invoices. No payment and no fee before "
                    "the accounts have been chosen."
                ),
            ),
            (
                _("What for"),
                _(
                    "So that your books show your financing as it is, without work "
                    "for you."
                ),
            ),
            (
                _("For how long"),
                _("As long as we finance your invoices, or until you disconnect."),
            ),
            (
                _("How you stop it"),
                _(
                    "You can disconnect at any time in Xero, under “Connected apps”, "
                    "or by writing to us. From then on we neither read nor enter "
                    "anything. When we no longer work together, we no longer use "
                    "what we have read before either."
                ),
            ),
        ),
        agreement=_("I agree that you read and enter this in my Xero."),
    )


# A consent names its version by its place here, from 1.
VERSIONS: tuple[Callable[[], Text], ...] = (_first,)
