"""The way to Xero for a borrower: their link at Codat, fetched at the click."""

import logging
from datetime import datetime
from urllib.parse import urlencode, urlsplit, urlunsplit

from django.conf import settings
from django.urls import reverse

from lending.models import Company
from xero_sync.borrowers import consents, links
from xero_sync.borrowers.wording import NEED_XERO, Code, code_of, latest_connection
from xero_sync.codat.client import CodatClient
from xero_sync.codat.exceptions import (
    CodatError,
    ConnectionCapReached,
    IntegrationOff,
    WritebackBlocked,
)
from xero_sync.connections import offboarding, onboarding
from xero_sync.connections import status as connection_status
from xero_sync.models import BorrowerSitting, Connection
from xero_sync.xero_app import cap, facts, scopes

logger = logging.getLogger(__name__)

# Why our own side sends nobody to Xero, by the codes of those refusals.
REFUSALS = {
    ConnectionCapReached.default_code: Code.FULL,
    IntegrationOff.default_code: Code.NOT_AVAILABLE,
}
# The query parameter of ours that Codat hands through.
VISIT = "visit"


class NoWayToXero(Exception):
    """The borrower cannot be sent to Xero now; the code says why, in wording.py."""

    def __init__(self, code: Code) -> None:
        self.code = code
        super().__init__(code)


def way_to_xero(
    *,
    sitting: BorrowerSitting,
    client: CodatClient,
    agreed: consents.Offer,
    now: datetime,
) -> str:
    """Return where a borrower lets us into Xero: a fresh address that is used at once.

    What they have agreed to on our page is stored before the address is fetched.

    What is not there yet is made at Codat within the request, for the address is the
    answer to this click, and Codat gives it for what is there only. It may work only
    once and lets somebody connect their books, so it goes into one redirect and nowhere
    else.

    Raises:
        NoWayToXero: it is not possible, or not needed.
    """
    company = sitting.company
    connection = latest_connection(company)
    if code_of(connection) == Code.ENDED:
        raise NoWayToXero(Code.ENDED)
    barred = bar(connection)
    if barred is not None:
        raise NoWayToXero(barred)
    try:
        connection = _as_it_stands(connection, company, client, now)
        connection = _ready_to_link(connection, sitting, client, now)
        consents.keep(connection=connection, offer=agreed, now=now)
        url = onboarding.link_url(connection=connection, client=client)
    except WritebackBlocked as exc:
        raise NoWayToXero(REFUSALS.get(exc.code, Code.UNREACHABLE)) from exc
    except CodatError as exc:
        # Its words are kept out: an address may stand in them.
        logger.warning(
            "No way to Xero for company %s: %s, HTTP %s",
            company.pk,
            type(exc).__name__,
            exc.status_code,
        )
        raise NoWayToXero(Code.UNREACHABLE) from exc
    if url is None:
        code = code_of(connection)
        raise NoWayToXero(Code.UNREACHABLE if code in NEED_XERO else code)
    visit = links.visit_for(connection, sitting, agreed.language)
    return with_parameter(url, VISIT, visit)


def bar(connection: Connection | None) -> Code | None:
    """Return why our own side sends nobody to Xero now; Codat is not asked.

    Nobody can agree to what they cannot read: without our privacy policy and our terms
    no consent is asked for.
    """
    app = facts.current()
    if not (app.privacy_url and app.terms_url):
        return Code.NOT_AVAILABLE
    try:
        cap.require_integration()
        cap.require_place(connection=connection)
    except (ConnectionCapReached, IntegrationOff) as exc:
        return REFUSALS[exc.code]
    return None


def _as_it_stands(
    connection: Connection | None, company: Company, client: CodatClient, now: datetime
) -> Connection:
    if connection is None:
        return onboarding.connect_company(company=company, client=client, now=now)
    return connection_status.refresh(connection=connection, client=client, now=now)


def _ready_to_link(
    connection: Connection, sitting: BorrowerSitting, client: CodatClient, now: datetime
) -> Connection:
    """Cut a linked connection whose consent falls short.

    Codat knows no way from linked to linked, and its link leads to a new consent only
    from where it is not (its page on connections). Cut in the background, it might be
    cut after they had consented, or for somebody who never went on to Xero.
    """
    is_linked = code_of(connection) == Code.CONNECTED
    if not is_linked or not scopes.must_consent_again(connection):
        return connection
    onboarding.prepare_link(connection=connection, client=client)
    return offboarding.disconnect(
        connection=connection, client=client, disconnected_by=sitting.actor, now=now
    )


def return_address() -> str:
    """Return the redirect address to enter in Codat's portal, once for all customers.

    Codat fills in what is in braces: two of its own parameters, and ours.
    """
    return (
        f"{settings.PUBLIC_BASE_URL}{reverse('customer-return')}"
        f"?connection={{connectionId}}&code={{statusCode}}&{VISIT}={{{VISIT}}}"
    )


def with_parameter(url: str, name: str, value: str) -> str:
    """Add a query parameter to an address that may have some already.

    What is there stays as it is, letter by letter: with one-time passwords Codat's own
    query must not be written anew.
    """
    parts = urlsplit(url)
    added = urlencode({name: value})
    query = f"{parts.query}&{added}" if parts.query else added
    return urlunsplit(parts._replace(query=query))
