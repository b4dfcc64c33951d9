"""Operators see what was sent, what failed, and can send it again."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from backoffice.models import WebhookDelivery, WebhookEndpoint
from backoffice.webhooks import claims, collecting, delivering, services
from tests.backoffice.admin.rows import operator, page, superuser
from tests.builders import make_event
from tests.worlds import Clock

pytestmark = pytest.mark.django_db

SECRET = re.compile(r"whsec_[A-Za-z0-9+/]{43}=")
URL = "https://hooks.example.com/finance?token=abc"


def make_endpoint(**fields):
    fields = {"url": URL, "created_by": "test", "now": timezone.now()} | fields
    return services.create_endpoint(**fields)[0]


@pytest.fixture
def failed(receiver):
    """A message that was given up."""
    make_endpoint(url=receiver.url)
    event = make_event(already_in_books=True)
    collecting.collect(now=timezone.now())
    receiver.statuses = [500]
    clock = Clock()
    clock.catch_up()
    for _ in range(len(claims.DELAYS) + 1):
        delivering.deliver(now=clock)
        clock.now = WebhookDelivery.objects.get().next_attempt_at or clock.now
    # The tests' clock ran ahead by days.
    WebhookDelivery.objects.update(given_up_at=timezone.now())
    return WebhookDelivery.objects.get(message__subject=event.external_id)


def test_an_endpoint_is_made_and_its_secret_is_shown_once():
    client = superuser()

    answer = client.post(
        page(WebhookEndpoint, "add"),
        {"url": URL, "description": "ledger", "events": ["loan.settled"]},
    )

    endpoint = WebhookEndpoint.objects.get()
    (secret,) = SECRET.findall(answer.content.decode())
    assert "no-store" in answer.headers["Cache-Control"]
    assert (endpoint.events, endpoint.created_by) == (["loan.settled"], "user:root")
    for later in (
        client.get(page(WebhookEndpoint, "change", endpoint.pk)),
        client.get(page(WebhookEndpoint, "changelist")),
    ):
        text = later.content.decode()
        assert secret not in text
        assert f"whsec_…{secret[-4:]}" in text


def test_an_address_that_will_not_do_is_an_error_at_its_field():
    answer = superuser().post(
        page(WebhookEndpoint, "add"), {"url": "http://127.0.0.1/"}
    )

    assert "Begin the address with https://" in answer.content.decode()
    assert not WebhookEndpoint.objects.exists()


def test_an_endpoint_is_changed():
    endpoint = make_endpoint()

    superuser().post(
        page(WebhookEndpoint, "change", endpoint.pk),
        {"url": "https://other.example.com/", "description": "new", "events": []},
    )

    endpoint.refresh_from_db()
    assert (endpoint.url, endpoint.description) == (
        "https://other.example.com/",
        "new",
    )


def test_a_new_secret_is_shown_once():
    endpoint = make_endpoint()

    answer = superuser().post(page(WebhookEndpoint, "rotate-secret", endpoint.pk))

    assert len(SECRET.findall(answer.content.decode())) == 1
    assert "no-store" in answer.headers["Cache-Control"]
    assert endpoint.secrets.count() == 2


def test_lists_show_no_query_of_an_address():
    make_endpoint()

    for model in (WebhookEndpoint, WebhookDelivery):
        text = superuser_page(model)
        assert "token=abc" not in text


def superuser_page(model, query=""):
    from django.contrib.auth.models import User
    from django.test import Client

    user, _ = User.objects.get_or_create(
        username="root", is_staff=True, is_superuser=True
    )
    client = Client()
    client.force_login(user)
    return client.get(page(model, "changelist") + query).content.decode()


def test_endpoints_are_filtered_by_whether_they_are_deleted():
    used, gone = make_endpoint(), make_endpoint(url="https://old.example.com/")
    services.delete_endpoint(endpoint=gone, now=timezone.now())

    client = superuser()

    def shown(**query):
        answer = client.get(page(WebhookEndpoint, "changelist"), query)
        return set(answer.context["cl"].queryset.values_list("pk", flat=True))

    assert shown(deleted="no") == {used.pk}
    assert shown(deleted="yes") == {gone.pk}
    assert shown() == shown(deleted="nonsense") == {used.pk, gone.pk}


def test_an_endpoint_that_was_disabled_by_itself_comes_first_and_can_be_enabled():
    broken = make_endpoint(url="https://broken.example.com/")
    services.switch_off(broken, reason="failing", now=timezone.now())
    make_endpoint(url="https://fine.example.com/")
    client = superuser()

    listed = client.get(page(WebhookEndpoint, "changelist")).content.decode()
    overview = client.get(reverse("admin:index")).content.decode()
    client.post(page(WebhookEndpoint, "enable", broken.pk))

    assert listed.index("broken.example.com") < listed.index("fine.example.com")
    assert "Every delivery failed for five days" in overview
    broken.refresh_from_db()
    assert broken.disabled_at is None
    after = client.get(reverse("admin:index")).content.decode()
    assert "Outgoing webhooks need you" not in after


def test_what_was_given_up_is_shown_with_every_attempt_and_sent_again(failed, receiver):
    client = superuser()
    overview = client.get(reverse("admin:index")).content.decode()
    shown = client.get(page(WebhookDelivery, "change", failed.pk)).content.decode()
    receiver.statuses = [200]

    client.post(page(WebhookDelivery, "replay", failed.pk))
    delivering.deliver()

    assert "1 webhook was given up" in overview
    assert shown.count("HTTP 500") == 10
    assert failed.message.subject in shown
    again = failed.replayed_by.get()
    assert again.state == "delivered"
    assert receiver.requests[-1].webhook_id == receiver.requests[0].webhook_id
    after = client.get(reverse("admin:index")).content.decode()
    assert "given up" not in after


def test_the_log_is_filtered_and_searched(failed):
    rows = f">{failed.message.subject}<"
    message = failed.message

    for query in (
        "",
        "?state=given_up",
        f"?endpoint__id__exact={failed.endpoint_id}",
        "?message__type__exact=event.written",
        f"?q={message.subject[:12]}",
        f"?q={message.webhook_id}",
        f"?q={message.pk}",
    ):
        assert rows in superuser_page(WebhookDelivery, query), query
    for query in ("?state=delivered", "?q=other", "?message__type__exact=loan.settled"):
        assert rows not in superuser_page(WebhookDelivery, query), query


def test_a_time_is_replayed(failed, receiver):
    local = timezone.localtime()
    since, until = local - timedelta(hours=1), local + timedelta(hours=1)

    superuser().post(
        page(WebhookEndpoint, "replay", failed.endpoint_id),
        {
            "since_0": f"{since:%Y-%m-%d}",
            "since_1": f"{since:%H:%M}",
            "until_0": f"{until:%Y-%m-%d}",
            "until_1": f"{until:%H:%M}",
        },
    )

    assert failed.replayed_by.count() == 1


def test_the_log_stays_quick_however_long_it_is(failed):
    make_event(already_in_books=True)
    client = superuser()
    url = page(WebhookDelivery, "changelist")
    with CaptureQueriesContext(
        connection,
    ) as few:
        client.get(url)
    for _ in range(20):
        make_event(already_in_books=True)
    collecting.collect(now=timezone.now())

    with CaptureQueriesContext(connection) as many:
        client.get(url)

    assert len(many) == len(few)


def test_who_may_only_look_sees_no_buttons():
    endpoint = make_endpoint()
    client = operator("backoffice.view_webhookendpoint")

    shown = client.get(page(WebhookEndpoint, "change", endpoint.pk))

    assert shown.status_code == 200
    for action in ("enable", "disable", "rotate-secret", "replay", "remove"):
        address = page(WebhookEndpoint, action, endpoint.pk)
        assert address not in shown.content.decode()
        assert client.post(address).status_code == 403
    assert client.get(page(WebhookDelivery, "changelist")).status_code == 403
    assert client.get(page(WebhookEndpoint, "add")).status_code == 403


def test_nothing_in_the_log_can_be_changed_or_deleted(failed):
    client = superuser()

    client.post(page(WebhookDelivery, "change", failed.pk), {"attempts": 0})
    deleted = client.post(page(WebhookDelivery, "delete", failed.pk), {"post": "yes"})

    assert deleted.status_code == 403
    assert WebhookDelivery.objects.get(pk=failed.pk).attempts == 10
    assert client.get(page(WebhookDelivery, "add")).status_code == 403
