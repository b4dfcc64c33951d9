"""What services allow and refuse about endpoints."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from backoffice.models import (
    WebhookAttempt,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookMessage,
    WebhookSecret,
)
from backoffice.webhooks import collecting, delivering, services
from backoffice.webhooks.exceptions import EndpointDisabled, WebhookRefused
from tests.builders import make_event

pytestmark = pytest.mark.django_db

NOW = timezone.now()


def make_endpoint(**fields):
    fields = {
        "url": "https://hooks.example.com/",
        "created_by": "test",
        "now": timezone.now(),
    } | fields
    return services.create_endpoint(**fields)[0]


def tell(times=1):
    for _ in range(times):
        make_event(already_in_books=True)
    collecting.collect(now=timezone.now())


def test_a_secret_is_not_readable_in_the_database():
    endpoint, secret = services.create_endpoint(
        url="https://hooks.example.com/", created_by="test", now=NOW
    )

    stored = WebhookSecret.objects.get(endpoint=endpoint)
    assert secret.removeprefix("whsec_") not in stored.encrypted
    assert stored.ending == secret[-4:]
    assert secret not in repr(stored) + str(stored)


def test_a_type_of_message_that_is_not_known_is_refused_naming_those_that_are():
    with pytest.raises(WebhookRefused, match=r"loan\.lost.*loan\.settled") as refused:
        make_endpoint(events=["loan.lost"])

    assert refused.value.field == "events"


def test_there_is_a_limit_to_the_number_of_endpoints():
    for number in range(services.MOST_ENDPOINTS):
        make_endpoint(url=f"https://hooks.example.com/{number}")

    with pytest.raises(WebhookRefused, match="50 endpoints"):
        make_endpoint()


def test_a_third_rotation_within_a_day_is_refused():
    endpoint = make_endpoint()
    for _ in range(2):
        services.rotate_secret(endpoint=endpoint, now=NOW)

    with pytest.raises(WebhookRefused):
        services.rotate_secret(endpoint=endpoint, now=NOW)

    services.rotate_secret(endpoint=endpoint, now=NOW + timedelta(hours=25))


def test_a_deleted_endpoint_gives_up_what_waits_and_takes_nothing_more():
    endpoint = make_endpoint()
    tell()

    services.delete_endpoint(endpoint=endpoint, now=timezone.now())
    tell()

    assert WebhookDelivery.objects.get().state == "given_up"
    assert delivering.deliver().attempts == 0
    with pytest.raises(WebhookRefused, match="deleted"):
        services.enable_endpoint(endpoint=endpoint)


def test_a_message_under_way_is_not_sent_a_second_time_by_a_replay():
    endpoint = make_endpoint()
    tell()
    message = WebhookMessage.objects.get()

    services.replay_message(endpoint=endpoint, message_id=message.pk, now=NOW)
    replayed = services.replay_range(
        endpoint=endpoint,
        since=NOW - timedelta(hours=1),
        until=timezone.now() + timedelta(hours=1),
        now=NOW,
    )

    assert replayed == 0
    assert WebhookDelivery.objects.count() == 1


def test_a_new_endpoint_can_be_sent_what_was_told_before_it_was_made(receiver):
    make_endpoint()
    tell(2)
    late = make_endpoint(url=receiver.url)

    replayed = services.replay_range(
        endpoint=late,
        since=NOW - timedelta(hours=1),
        until=timezone.now() + timedelta(hours=1),
        now=timezone.now(),
    )
    WebhookEndpoint.objects.exclude(pk=late.pk).update(
        disabled_at=NOW, disabled_reason="by_hand"
    )
    delivering.deliver()

    assert replayed == 2
    assert len(receiver.requests) == 2


def test_a_replay_holds_only_what_the_endpoint_wants_and_no_tests():
    make_endpoint()
    tell(2)
    picky = make_endpoint(events=["loan.settled"])
    services.send_test(endpoint=picky, now=timezone.now())

    replayed = services.replay_range(
        endpoint=picky,
        since=NOW - timedelta(hours=1),
        until=timezone.now() + timedelta(hours=1),
        now=timezone.now(),
    )

    assert replayed == 0


def test_a_test_of_another_endpoint_cannot_be_replayed():
    one, other = make_endpoint(), make_endpoint()
    test = services.send_test(endpoint=one, now=NOW)

    with pytest.raises(WebhookRefused):
        services.replay_message(endpoint=other, message_id=test.message_id, now=NOW)


def test_too_long_a_time_is_refused():
    endpoint = make_endpoint()
    WebhookMessage.objects.bulk_create(
        WebhookMessage(
            type="event.written",
            subject=f"event-{number}",
            occasion="1",
            payload=b"{}",
            created_at=NOW,
        )
        for number in range(services.MOST_REPLAYED + 1)
    )

    with pytest.raises(WebhookRefused, match="shorter time"):
        services.replay_range(
            endpoint=endpoint,
            since=NOW - timedelta(hours=1),
            until=timezone.now() + timedelta(hours=1),
            now=NOW,
        )


def test_nothing_is_sent_to_a_disabled_endpoint_on_request():
    endpoint = make_endpoint()
    services.disable_endpoint(endpoint=endpoint, now=NOW)

    with pytest.raises(EndpointDisabled):
        services.send_test(endpoint=endpoint, now=NOW)


def test_the_first_reason_of_a_disabled_endpoint_stays():
    endpoint = make_endpoint()
    services.switch_off(endpoint, reason="gone", now=NOW)

    services.disable_endpoint(endpoint=endpoint, now=NOW)

    endpoint.refresh_from_db()
    assert endpoint.disabled_reason == "gone"


def test_what_was_told_and_tried_cannot_be_altered(receiver):
    make_endpoint(url=receiver.url)
    tell()
    delivering.deliver()

    for rows in (WebhookMessage.objects.all(), WebhookAttempt.objects.all()):
        assert rows.count() == 1
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            rows.update(id=rows.get().pk)
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            rows._raw_delete(rows.db)


def test_the_database_refuses_a_second_delivery_and_a_second_telling():
    endpoint = make_endpoint()
    tell()
    delivery, message = WebhookDelivery.objects.get(), WebhookMessage.objects.get()

    with pytest.raises(IntegrityError), transaction.atomic():
        WebhookDelivery.objects.create(
            message=message, endpoint=endpoint, created_at=NOW, next_attempt_at=NOW
        )
    with pytest.raises(IntegrityError), transaction.atomic():
        WebhookMessage.objects.create(
            type=message.type,
            subject=message.subject,
            occasion=message.occasion,
            payload=b"{}",
            created_at=NOW,
        )
    with pytest.raises(IntegrityError), transaction.atomic():
        WebhookDelivery.objects.filter(pk=delivery.pk).update(delivered_at=NOW)
