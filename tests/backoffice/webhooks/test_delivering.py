"""Messages arrive signed, at least once, however often something goes wrong."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone
from standardwebhooks.webhooks import WebhookVerificationError

from backoffice.models import (
    WebhookAttempt,
    WebhookDelivery,
    WebhookEndpoint,
)
from backoffice.webhooks import claims, collecting, delivering, jobs, services
from backoffice.webhooks.sending import Answer
from tests.backoffice.webhooks.receiver import listening
from tests.builders import make_event
from tests.worlds import Clock
from xero_sync.signals import drain_stored

pytestmark = pytest.mark.django_db


def endpoint_for(receiver, **fields):
    return services.create_endpoint(
        **{"url": receiver.url, "created_by": "test", "now": timezone.now()} | fields
    )


def tell(times=1):
    """Let something happen that is worth a message."""
    for _ in range(times):
        make_event(already_in_books=True)
    collecting.collect(now=timezone.now())


@pytest.fixture
def clock():
    return Clock()


def deliver(clock):
    clock.catch_up()
    return delivering.deliver(now=clock)


def only_delivery():
    return WebhookDelivery.objects.get()


def test_a_message_arrives_signed_and_is_delivered_once(receiver):
    _, secret = endpoint_for(receiver)
    tell()

    first, second = delivering.deliver(), delivering.deliver()

    assert (first.attempts, first.delivered, second.attempts) == (1, 1, 0)
    (request,) = receiver.requests
    assert request.verified_with(secret)["type"] == "event.written"
    assert request.webhook_id == only_delivery().message.webhook_id
    assert request.headers["content-type"] == "application/json"
    attempt = WebhookAttempt.objects.get()
    assert (attempt.status_code, attempt.error) == (204, "")
    assert only_delivery().state == "delivered"


def test_while_secrets_are_changed_the_old_and_the_new_one_sign(receiver, clock):
    endpoint, old = endpoint_for(receiver)
    _, new = services.rotate_secret(endpoint=endpoint, now=timezone.now())
    tell(2)

    deliver(clock)

    for request in receiver.requests:
        assert request.verified_with(old) == request.verified_with(new)


def test_a_day_later_only_the_new_secret_signs(receiver):
    endpoint, old = endpoint_for(receiver)
    a_day_ago = timezone.now() - timedelta(hours=24)
    _, new = services.rotate_secret(endpoint=endpoint, now=a_day_ago)
    tell()

    delivering.deliver()

    assert receiver.requests[0].verified_with(new)
    with pytest.raises(WebhookVerificationError):
        receiver.requests[0].verified_with(old)


def test_a_failed_message_is_repeated_on_the_schedule_and_then_given_up(
    receiver, clock
):
    endpoint_for(receiver)
    tell()
    receiver.statuses = [500]
    waits = []

    for _ in range(10):
        deliver(clock)
        delivery = only_delivery()
        if delivery.next_attempt_at:
            waits.append((delivery.next_attempt_at - clock.now).total_seconds())
            clock.now = delivery.next_attempt_at

    minute, hour = 60, 3_600
    schedule = [5, 5 * minute, 30 * minute]
    schedule += [hours * hour for hours in (2, 5, 10, 14, 20, 24)]
    assert len(waits) == len(schedule)
    for waited, planned in zip(waits, schedule, strict=True):
        assert planned - 1 <= waited <= planned * 1.1
    assert only_delivery().state == "given_up"
    assert len(receiver.requests) == 10
    assert len({one.webhook_id for one in receiver.requests}) == 1
    assert len({one.body for one in receiver.requests}) == 1
    clock.forward(30 * 24 * hour)
    assert deliver(clock).attempts == 0


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_any_2xx_is_a_success(receiver, status):
    endpoint_for(receiver)
    tell()
    receiver.statuses = [status]

    delivering.deliver()

    assert only_delivery().state == "delivered"


@pytest.mark.parametrize("status", [301, 302, 307, 308, 400, 404, 500])
def test_anything_else_is_a_failure(receiver, status):
    endpoint_for(receiver)
    tell()
    receiver.statuses = [status]

    delivering.deliver()

    assert only_delivery().state == "retrying"
    assert len(receiver.requests) == 1


def test_a_retry_after_is_waited_for(receiver, clock):
    endpoint_for(receiver)
    tell()
    receiver.statuses = [429, 204]
    receiver.headers["Retry-After"] = "600"
    deliver(clock)

    clock.forward(590)
    assert deliver(clock).attempts == 0
    clock.forward(20)
    assert deliver(clock).delivered == 1


def test_410_disables_the_endpoint_and_nothing_more_is_sent(receiver, clock):
    endpoint, _ = endpoint_for(receiver)
    tell()
    receiver.statuses = [410]
    deliver(clock)
    tell()

    clock.forward(3_600)
    deliver(clock)

    endpoint.refresh_from_db()
    assert endpoint.disabled_reason == "gone"
    assert len(receiver.requests) == 1
    assert list(WebhookEndpoint.objects.broken_down()) == [endpoint]


def test_an_endpoint_that_only_failed_for_five_days_is_disabled(receiver, clock):
    endpoint, _ = endpoint_for(receiver)
    receiver.statuses = [500]
    tell()
    for _ in range(4):
        deliver(clock)
        clock.forward(24 * 3_600)
    tell()
    deliver(clock)
    endpoint.refresh_from_db()
    assert endpoint.disabled_at is None

    clock.forward(24 * 3_600)
    deliver(clock)

    endpoint.refresh_from_db()
    assert endpoint.disabled_reason == "failing"


def test_one_success_makes_the_five_days_begin_anew(receiver, clock):
    endpoint, _ = endpoint_for(receiver)
    receiver.statuses = [500, 204, 500]
    tell()
    deliver(clock)
    clock.forward(4 * 24 * 3_600)
    deliver(clock)
    tell()
    deliver(clock)

    clock.forward(4 * 24 * 3_600)
    deliver(clock)

    endpoint.refresh_from_db()
    assert endpoint.disabled_at is None
    assert endpoint.failing_since is not None


def test_an_enabled_endpoint_goes_on_with_what_has_waited(receiver, clock):
    endpoint, _ = endpoint_for(receiver)
    tell()
    services.disable_endpoint(endpoint=endpoint, now=timezone.now())
    assert deliver(clock).attempts == 0

    services.enable_endpoint(endpoint=endpoint)

    assert deliver(clock).delivered == 1


def test_nobody_answering_is_a_failure_with_its_reason(on_this_machine, clock):
    with listening() as receiver:
        endpoint_for(receiver)
    tell()

    deliver(clock)

    assert WebhookAttempt.objects.get().error == "no_connection"
    assert only_delivery().state == "retrying"


def test_a_worker_that_dies_before_it_stores_the_result_is_made_good_for(
    receiver, clock
):
    endpoint_for(receiver)
    tell()
    clock.catch_up()
    (lost,) = claims.claim(limit=5, now=clock.now)
    # It has sent the message, and is killed before it can say so.
    delivering._attempt(lost, clock.now)

    assert claims.claim(limit=5, now=clock.now) == []
    assert deliver(clock).attempts == 0
    clock.forward(61)
    deliver(clock)

    assert only_delivery().state == "delivered"
    assert len(receiver.requests) == 2
    assert len({one.webhook_id for one in receiver.requests}) == 1


def test_a_worker_that_slept_through_its_lease_changes_nothing(receiver, clock):
    endpoint_for(receiver)
    tell()
    clock.catch_up()
    (slept,) = claims.claim(limit=5, now=clock.now)
    clock.forward(61)
    (current,) = claims.claim(limit=5, now=clock.now)
    times = {"started_at": clock.now, "now": clock.now}

    assert claims.store(slept, Answer(status_code=500), **times) is False

    assert (only_delivery().state, only_delivery().attempts) == ("waiting", 0)
    assert claims.claim(limit=5, now=clock.now) == []
    assert claims.store(current, Answer(status_code=204), **times) is True
    assert only_delivery().state == "delivered"
    # What it has sent is on record all the same.
    assert WebhookAttempt.objects.count() == 2


def test_an_endpoint_gets_two_at_once_and_no_more(receiver):
    endpoint_for(receiver)
    tell(7)
    receiver.delay = 0.1

    delivering.deliver()

    assert len(receiver.requests) == 7
    assert receiver.most_at_once == 2


def test_a_slow_endpoint_does_not_hold_back_the_others(receiver):
    with listening() as slow:
        endpoint_for(slow)
        endpoint_for(receiver)
        tell(6)
        slow.gate.clear()

        def all_others_have_arrived():
            if len(receiver.requests) < 6:
                return False
            slow.gate.set()
            return True

        delivering.deliver(seconds=14, stop=all_others_have_arrived)

        assert len(receiver.requests) == 6
        assert len(slow.requests) == 2


@pytest.mark.django_db(transaction=True)
def test_two_workers_never_send_the_same_delivery(receiver):
    endpoint_for(receiver)
    with listening() as other:
        endpoint_for(other)
        tell(12)
        start = threading.Barrier(3)

        def work():
            start.wait()
            delivering.deliver()
            connection.close()

        workers = [threading.Thread(target=work) for _ in range(3)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()

        delivering.deliver()
        for one in (receiver, other):
            assert len(one.requests) == 12
            assert len({request.webhook_id for request in one.requests}) == 12
            assert one.most_at_once <= 2


def test_a_secret_that_no_key_opens_is_reported_and_holds_back_nobody(
    receiver, settings
):
    broken, _ = endpoint_for(receiver)
    settings.FIELD_ENCRYPTION_KEYS = ["YW5vdGhlci1lbmNyeXB0aW9uLWtleS0wMDAwMDAwMDA="]
    with listening() as other:
        endpoint_for(other)
        tell()

        delivering.deliver()

        assert len(other.requests) == 1
    assert receiver.requests == []
    attempt = WebhookAttempt.objects.get(delivery__endpoint=broken)
    assert attempt.error == "secret_unreadable"


def test_a_new_key_in_front_leaves_old_secrets_readable(receiver, settings):
    _, secret = endpoint_for(receiver)
    settings.FIELD_ENCRYPTION_KEYS = [
        "YW5vdGhlci1lbmNyeXB0aW9uLWtleS0wMDAwMDAwMDA=",
        *settings.FIELD_ENCRYPTION_KEYS,
    ]
    tell()

    delivering.deliver()

    assert receiver.requests[0].verified_with(secret)


def test_nothing_of_an_answer_is_kept_but_its_status(receiver, caplog):
    endpoint_for(receiver)
    receiver.statuses = [500]
    receiver.body = b"account 12345678"
    receiver.headers["X-Secret"] = "12345678"
    tell()

    delivering.deliver()

    stored = [str(one) for one in WebhookAttempt.objects.values_list()]
    assert "12345678" not in "".join(stored) + caplog.text


def test_the_job_collects_and_delivers(receiver):
    endpoint_for(receiver)
    make_event(already_in_books=True)

    assert jobs.deliver() == "1 messages, 1 of 1 attempts arrived"
    assert receiver.types == ["event.written"]


def test_the_job_does_nothing_where_nobody_listens():
    make_event(already_in_books=True)

    assert jobs.deliver() == "nothing to do here"


def test_one_job_at_a_time_keeps_workers_free_for_the_write_back(receiver):
    from backoffice.models import ChangeCursor

    endpoint_for(receiver)
    soon = timezone.now() + timedelta(seconds=30)
    ChangeCursor.objects.update(busy_until=soon)
    assert jobs.deliver() == "nothing to do here"

    # The product reads the database's clock, which need not be this one.
    over = timezone.now() - timedelta(seconds=5)
    ChangeCursor.objects.update(busy_until=over)
    assert jobs.deliver() != "nothing to do here"


def test_the_job_stays_for_the_first_retry(receiver):
    endpoint_for(receiver)
    receiver.statuses = [500, 204]
    make_event(already_in_books=True)

    jobs.deliver()

    assert only_delivery().state == "delivered"


@pytest.mark.django_db(transaction=True)
def test_a_drain_that_stored_something_asks_for_a_delivery(receiver):
    from django_q.brokers import get_broker

    endpoint_for(receiver)
    broker = get_broker()
    broker.purge_queue()

    drain_stored.send_robust(sender=None)
    drain_stored.send_robust(sender=None)

    assert broker.queue_size() == 1
    broker.purge_queue()
    make_event(already_in_books=True)
    broker.purge_queue()
    jobs.deliver()
    assert receiver.types == ["event.written"]
