"""What the rest of the product asks about the lender's app."""

from dataclasses import dataclass

from django.conf import settings

from xero_sync.xero_app import records


@dataclass(frozen=True, slots=True)
class AppFacts:
    """How the lender's app stands. What nobody recorded is None, and blocks nothing.

    `integration_on` and `bank_feeds_on` are what an operator recorded here;
    `enabled_at_codat` is what Codat said when it was last asked; `is_certified` is
    what the partner programme concludes. `connection_cap` is how many organisations may
    be connected; None when nothing limits them.
    """

    integration_on: bool | None
    enabled_at_codat: bool | None
    is_certified: bool
    bank_feeds_on: bool | None
    privacy_url: str
    terms_url: str
    connection_cap: int | None


def current() -> AppFacts:
    """Return how the app stands now; it asks the database, never Codat."""
    app = records.stored()
    return AppFacts(
        integration_on=app.integration_on,
        enabled_at_codat=app.enabled_at_codat,
        is_certified=app.is_certified,
        bank_feeds_on=app.bank_feeds_on,
        privacy_url=app.privacy_url,
        terms_url=app.terms_url,
        connection_cap=None if app.is_certified else settings.XERO_CONNECTION_CAP,
    )
