"""`manage.py codat_webhooks`."""

from tests.xero_sync.commands.worlds import refusal, run
from xero_sync.codat.client import CodatClient
from xero_sync.codat.webhooks import EVENT_TYPES


def consumers():
    with CodatClient.from_settings() as client:
        return client.list_webhook_consumers()


def test_the_address_is_registered_once(codat, settings):
    settings.PUBLIC_BASE_URL = "https://backoffice.example.com"

    first = run("codat_webhooks", "--create")
    again = run("codat_webhooks", "--create")

    (consumer,) = consumers()
    assert consumer.url == "https://backoffice.example.com/webhooks/codat/"
    assert set(consumer.event_types) == set(EVENT_TYPES)
    assert "is now registered at Codat" in first
    assert "is registered at Codat" in again
    assert "into CODAT_WEBHOOK_SECRET" in again


def test_a_check_says_that_it_is_missing(codat):
    message = refusal("codat_webhooks", "--check")

    assert "is not registered at Codat; run codat_webhooks --create" in message
    assert consumers() == []


def test_a_check_names_the_events_that_are_not_told(codat, settings):
    address = f"{settings.PUBLIC_BASE_URL}/webhooks/codat/"
    with CodatClient.from_settings() as client:
        client.create_webhook_consumer(address, EVENT_TYPES[1:])

    message = refusal("codat_webhooks", "--check")

    assert f"It is not told {EVENT_TYPES[0]}." in message
    assert "delete it in Codat's portal" in message


def test_an_address_that_codat_cannot_reach_is_refused(codat, settings):
    settings.CODAT_BASE_URL = "https://api.codat.io"
    settings.PUBLIC_BASE_URL = "http://localhost:8000"

    message = refusal("codat_webhooks", "--create")

    assert message.startswith("PUBLIC_BASE_URL: Codat cannot reach")
