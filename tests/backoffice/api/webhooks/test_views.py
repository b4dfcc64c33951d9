"""Webhook endpoints as a service manages them over the API."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from backoffice.models import StoredReply, WebhookDelivery, WebhookEndpoint
from backoffice.webhooks import collecting, delivering
from tests.backoffice.api.conftest import make_service
from tests.backoffice.webhooks.conftest import on_this_machine as on_this_machine
from tests.backoffice.webhooks.conftest import receiver as receiver
from tests.builders import make_company, make_event

pytestmark = pytest.mark.django_db

PATH = "webhook-endpoints"
BODY = {"url": "https://hooks.example.com/finance", "description": "ledger"}


@pytest.fixture
def endpoint(service):
    return service.post(PATH, BODY).json()


def test_an_endpoint_is_made_and_its_secret_is_shown_once(service):
    made = service.post(PATH, BODY | {"events": ["loan.settled"]})

    assert made.status_code == 201, made.content
    shown = made.json()
    secret = shown.pop("secret")
    assert secret.startswith("whsec_")
    assert shown["secrets"] == [{"ends_in": secret[-4:], "signs_until": None}]
    assert shown["events"] == ["loan.settled"]
    assert service.get(f"{PATH}/{shown['id']}").json() == shown
    assert service.get(PATH).json()["results"] == [shown]
    assert secret not in str(service.get(PATH).content)


def test_a_repeat_gets_the_secret_again_and_it_lies_nowhere_in_the_open(service):
    key = {"Idempotency_Key": "make-endpoint-1"}

    first = service.post(PATH, BODY, **key)
    again = service.post(PATH, BODY, **key)

    assert again.json() == first.json()
    assert again.headers["Idempotent-Replayed"] == "true"
    assert WebhookEndpoint.objects.count() == 1
    secret = first.json()["secret"].encode()
    (stored,) = StoredReply.objects.filter(header_key="make-endpoint-1")
    assert secret not in bytes(stored.body)
    kept = WebhookEndpoint.objects.get().secrets.get()
    assert secret.decode() not in kept.encrypted


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({}, 400, "/url"),
        ({"url": 5}, 400, "/url"),
        ({"url": "http://hooks.example.com/"}, 422, "/url"),
        ({"url": "https://127.0.0.1/"}, 422, "/url"),
        ({"url": "https://u:p@hooks.example.com/"}, 422, "/url"),
        (BODY | {"events": ["loan.lost"]}, 400, "/events/0"),
        (BODY | {"events": "loan.settled"}, 400, "/events"),
        # Counted before each of them is looked at.
        (BODY | {"events": [0] * 6}, 400, "/events"),
        (BODY | {"secret": "mine"}, 400, "/secret"),
        (BODY | {"description": "x" * 201}, 400, "/description"),
    ],
)
def test_a_body_that_will_not_do_is_refused_by_its_field(service, body, status, field):
    answer = service.post(PATH, body)

    assert answer.status_code == status, answer.content
    assert [one["pointer"] for one in answer.json()["errors"]] == [field]
    assert not WebhookEndpoint.objects.exists()


def test_an_endpoint_is_changed_switched_off_and_on(service, endpoint):
    path = f"{PATH}/{endpoint['id']}"

    changed = service.call("PATCH", path, {"description": "other", "enabled": False})
    assert changed.status_code == 200, changed.content
    assert changed.json()["description"] == "other"
    assert changed.json()["url"] == BODY["url"]
    assert (changed.json()["enabled"], changed.json()["disabled_reason"]) == (
        False,
        "by_hand",
    )

    assert service.call("PATCH", path, {"enabled": True}).json()["enabled"] is True
    refused = service.call("PATCH", path, {"url": "http://hooks.example.com/"})
    assert refused.status_code == 422


def test_a_deleted_endpoint_is_gone(service, endpoint):
    path = f"{PATH}/{endpoint['id']}"

    assert service.call("DELETE", path).status_code == 204
    assert service.get(path).status_code == 404
    assert service.call("DELETE", path).status_code == 404
    assert service.get(PATH).json()["results"] == []


def test_a_rotated_secret_leaves_the_old_one_signing_for_a_day(service, endpoint):
    rotated = service.post(f"{PATH}/{endpoint['id']}/rotate-secret", {}).json()

    assert rotated["secret"] != endpoint["secret"]
    new, old = rotated["secrets"]
    assert (new["ends_in"], new["signs_until"]) == (rotated["secret"][-4:], None)
    assert old["ends_in"] == endpoint["secret"][-4:]
    assert old["signs_until"] is not None
    assert service.post(f"{PATH}/{endpoint['id']}/rotate-secret", {}).status_code == 200
    refused = service.post(f"{PATH}/{endpoint['id']}/rotate-secret", {})
    assert refused.status_code == 422


def test_a_test_message_arrives_and_stands_in_the_log(service, receiver):
    made = service.post(PATH, {"url": receiver.url, "events": ["loan.settled"]}).json()

    answer = service.post(f"{PATH}/{made['id']}/test", {})
    delivering.deliver()

    assert answer.status_code == 202, answer.content
    (request,) = receiver.requests
    assert request.webhook_id == answer.json()["message_id"]
    assert request.verified_with(made["secret"])["type"] == "endpoint.test"
    (logged,) = service.get(f"{PATH}/{made['id']}/deliveries").json()["results"]
    assert logged["state"] == "delivered"
    assert [one["status_code"] for one in logged["attempts"]] == [204]


def test_a_message_and_a_time_are_sent_once_more(service, receiver):
    made = service.post(PATH, {"url": receiver.url}).json()
    began = timezone.now()
    for _ in range(3):
        make_event(already_in_books=True)
    collecting.collect(now=timezone.now())
    delivering.deliver()
    replay = f"{PATH}/{made['id']}/replay"
    wanted = receiver.requests[0].webhook_id

    one = service.post(replay, {"message_id": wanted})
    delivering.deliver()
    assert (one.status_code, one.json()) == (202, {"messages": 1})
    assert [request.webhook_id for request in receiver.requests].count(wanted) == 2

    until = (timezone.now() + timedelta(seconds=1)).isoformat()
    some = service.post(replay, {"since": began.isoformat(), "until": until})
    delivering.deliver()
    assert some.json() == {"messages": 3}
    assert len(receiver.requests) == 7
    assert len({request.body for request in receiver.requests}) == 3
    again = WebhookDelivery.objects.filter(replays__isnull=False)
    assert again.count() == 4


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"since": "2026-03-31T00:00:00Z"},
        {"message_id": "msg_1"},
        {"message_id": f"msg_{'0' * 32}", "since": "2026-03-31T00:00:00Z"},
        {"message_id": f"msg_{'0' * 32}"},
        {"since": "2026-03-31T00:00:00Z", "until": "2026-03-30T00:00:00Z"},
        {"since": "2026-03-31T00:00:00", "until": "2026-04-01T00:00:00"},
        {"since": "yesterday", "until": "today"},
        {"since": "2026-13-41T00:00:00Z", "until": "2026-04-01T00:00:00Z"},
        {"since": "2026-03-31 00:00Z", "until": "2026-04-01 00:00Z"},
    ],
)
def test_a_replay_that_says_too_little_too_much_or_nonsense_is_refused(
    service, endpoint, body
):
    answer = service.post(f"{PATH}/{endpoint['id']}/replay", body)

    assert answer.status_code in {400, 422}, answer.content
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert not WebhookDelivery.objects.exists()


def test_a_time_may_reach_beyond_the_ends_of_the_calendar(service, endpoint):
    answer = service.post(
        f"{PATH}/{endpoint['id']}/replay",
        {"since": "0001-01-01T00:00:00+23:59", "until": "9999-12-31T23:59:59-23:59"},
    )

    assert (answer.status_code, answer.json()) == (202, {"messages": 0})


def test_head_takes_the_parameters_of_get(service, endpoint):
    for path in (f"{PATH}?limit=1", f"{PATH}/{endpoint['id']}/deliveries?limit=1"):
        head = service.client.head(
            f"/api/v1/{path}", headers={"Authorization": f"Bearer {service.secret}"}
        )
        assert head.status_code == 200, path


def test_nothing_is_sent_to_a_disabled_endpoint(service, endpoint):
    path = f"{PATH}/{endpoint['id']}"
    service.call("PATCH", path, {"enabled": False})

    answer = service.post(f"{path}/test", {})

    assert answer.status_code == 422
    assert answer.json()["code"] == "endpoint_disabled"


def test_the_log_is_filtered_by_state(service, receiver):
    made = service.post(PATH, {"url": receiver.url}).json()
    receiver.statuses = [500]
    service.post(f"{PATH}/{made['id']}/test", {})
    delivering.deliver()
    log = f"{PATH}/{made['id']}/deliveries"

    assert len(service.get(f"{log}?state=retrying").json()["results"]) == 1
    assert service.get(f"{log}?state=delivered").json()["results"] == []
    assert service.get(f"{log}?state=lost").status_code == 400
    assert service.get(f"{log}?colour=red").status_code == 400


CALLS = [
    ("GET", ""),
    ("POST", ""),
    ("GET", "/{id}"),
    ("PATCH", "/{id}"),
    ("DELETE", "/{id}"),
    ("POST", "/{id}/rotate-secret"),
    ("POST", "/{id}/test"),
    ("POST", "/{id}/replay"),
    ("GET", "/{id}/deliveries"),
]


@pytest.mark.parametrize(("method", "path"), CALLS)
def test_only_a_key_for_webhooks_and_for_all_companies_may(
    service, endpoint, method, path
):
    others = ["events:read", "events:write", "companies:write", "sync:act"]
    without = make_service(client_name="other", scopes=others)
    narrow = make_service(client_name="narrow", companies=[make_company()])
    path = PATH + path.format(id=endpoint["id"])

    for caller in (without, narrow):
        assert caller.call(method, path, {}).status_code == 403

    assert WebhookEndpoint.objects.present().count() == 1
    assert not WebhookDelivery.objects.exists()


def test_an_error_page_shows_no_secret(service):
    made = service.post(PATH, BODY).json()

    text = json.dumps(service.post(PATH, BODY | {"url": "x"}).json())

    assert made["secret"] not in text
