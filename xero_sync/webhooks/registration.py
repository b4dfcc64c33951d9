"""The address Codat sends its messages to: whether it is registered, and as it should.

No answer of Codat holds an address's signing secret, so a person copies it once.
"""

from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from lending.audit import trail
from lending.audit.trail import Subject
from xero_sync.codat.client import CodatClient
from xero_sync.codat.consumers import WebhookConsumer
from xero_sync.codat.webhooks import EVENT_TYPES

LOOPBACK = ("127.0.0.1", "localhost", "::1")
SECRET_STEP = (
    "Copy the signing secret (whsec_…) from the endpoint's page in Codat's portal, "
    "Settings > Webhooks, into CODAT_WEBHOOK_SECRET and restart; no API returns it."
)


@dataclass(frozen=True)
class Registration:
    """What Codat has on file for our address."""

    address: str
    consumer: WebhookConsumer | None

    @property
    def missing(self) -> tuple[str, ...]:
        """The event types that this address is not told; none named means all."""
        if self.consumer is None:
            return EVENT_TYPES
        told = self.consumer.event_types
        return tuple(one for one in EVENT_TYPES if told and one not in told)


def address() -> str:
    """Return where the back office takes Codat's messages."""
    return f"{settings.PUBLIC_BASE_URL}{reverse('codat-webhook')}"


def is_reachable() -> bool:
    """Tell whether the address may be reached from the Codat that is configured."""
    ours = urlsplit(settings.PUBLIC_BASE_URL).hostname
    theirs = urlsplit(settings.CODAT_BASE_URL).hostname
    return ours not in LOOPBACK or theirs in LOOPBACK


def look(*, client: CodatClient) -> Registration:
    """Read what is registered for our address.

    Raises:
        CodatError: Codat did not answer, or refused.
    """
    wanted = address()
    found = [
        one
        for one in client.list_webhook_consumers()
        if one.url.rstrip("/") == wanted.rstrip("/")
    ]
    # One that is switched on counts before one that is not.
    found.sort(key=lambda one: one.disabled)
    return Registration(wanted, found[0] if found else None)


def register(*, client: CodatClient) -> tuple[Registration, bool]:
    """Register our address unless it is; return it and whether it is new.

    An address that is there already is left alone: to change it is to delete it, and
    its signing secret with it.

    Raises:
        CodatError: Codat did not answer, or refused.
    """
    registration = look(client=client)
    if registration.consumer is not None:
        return registration, False
    consumer = client.create_webhook_consumer(registration.address, EVENT_TYPES)
    ours = Subject("codat.webhook", registration.address, registration.address)
    with transaction.atomic():
        trail.record("codat.webhook_registered", ours)
    return Registration(registration.address, consumer), True
