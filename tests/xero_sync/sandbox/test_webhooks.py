import base64
import hashlib
import hmac

import pytest

from tests.xero_sync.sandbox.builders import Borrower, new_key
from xero_sync.sandbox.webhooks import sign

URL = "http://127.0.0.1:9/hook"


def listening(**options):
    borrower = Borrower(webhook_url=URL, **options)
    borrower.sandbox.tick()
    borrower.inbox.deliveries.clear()
    return borrower


def write(borrower):
    borrower.push("transfers", borrower.transfer("1.00"))
    borrower.sandbox.tick()


def test_the_signature_is_the_one_of_standard_webhooks():
    signature = sign(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "1614265330",
        b'{"test": 2432232314}',
    )

    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_write_is_announced_with_a_signature():
    borrower = listening()

    write(borrower)

    url, headers, body = borrower.inbox.deliveries[0]
    secret = base64.b64decode(borrower.sandbox.outbox.secret.removeprefix("whsec_"))
    content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode()
    digest = hmac.new(secret, content + body, hashlib.sha256).digest()
    assert url == URL
    assert headers["webhook-signature"] == f"v1,{base64.b64encode(digest).decode()}"
    assert headers["webhook-timestamp"] == str(int(borrower.clock.now.timestamp()))


def test_the_envelope_tells_what_was_written():
    borrower = listening()

    write(borrower)

    event = borrower.inbox.events[0]
    entry = borrower.books.entries_of("transfers")[0]
    payload = event["payload"]
    assert event["eventType"] == "transfers.write.successful"
    assert payload["id"] == entry.push_operation_key
    assert payload["record"] == {"id": entry.record_id}
    assert payload["connectionId"] == borrower.connection.id
    assert payload["referenceCompany"]["id"] == borrower.company.id
    assert (payload["type"], payload["status"]) == ("Create", "Success")


@pytest.mark.parametrize(
    ("kind", "status"), [("push_fails", "Failed"), ("push_times_out", "TimedOut")]
)
def test_an_unsuccessful_write_gives_no_reason(kind, status):
    borrower = listening()
    borrower.sandbox.faults.add(kind, match="transfers")

    write(borrower)

    event = borrower.inbox.events[0]
    assert event["eventType"] == "transfers.write.unsuccessful"
    assert event["payload"]["status"] == status
    assert "record" not in event["payload"]


def test_a_failed_delivery_is_repeated_under_the_same_id():
    borrower = listening()
    borrower.inbox.statuses = [500, 302]

    write(borrower)
    borrower.clock.forward(seconds=4)
    borrower.sandbox.tick()
    early = len(borrower.inbox.deliveries)
    borrower.clock.forward(seconds=1)
    borrower.sandbox.tick()
    borrower.clock.forward(minutes=5)
    borrower.sandbox.tick()
    borrower.clock.forward(days=2)
    borrower.sandbox.tick()

    ids = {headers["webhook-id"] for _url, headers, _body in borrower.inbox.deliveries}
    assert early == 1
    assert len(borrower.inbox.deliveries) == 3
    assert len(ids) == 1


def test_after_eight_attempts_nobody_tries_again():
    borrower = listening()
    borrower.inbox.statuses = [500] * 20

    write(borrower)
    for _ in range(20):
        borrower.clock.forward(hours=11)
        borrower.sandbox.tick()

    assert len(borrower.inbox.deliveries) == 8


def test_a_consumer_that_cannot_be_reached_is_tried_again():
    borrower = listening()
    attempts = []

    def unreachable(*_):
        attempts.append(1)
        raise ConnectionRefusedError

    borrower.sandbox._deliver = unreachable
    write(borrower)
    borrower.clock.forward(seconds=5)
    borrower.sandbox.tick()

    assert len(attempts) == 2


def test_a_webhook_can_be_lost():
    borrower = listening()
    borrower.sandbox.faults.add("webhook_lost", match="transfers")

    write(borrower)

    assert borrower.inbox.deliveries == []


def test_a_webhook_can_come_twice():
    borrower = listening()
    borrower.sandbox.faults.add("webhook_doubled")

    write(borrower)

    ids = [headers["webhook-id"] for _url, headers, _body in borrower.inbox.deliveries]
    assert len(ids) == 2
    assert len(set(ids)) == 1


def test_a_webhook_can_come_late():
    borrower = listening()
    borrower.sandbox.faults.add("webhook_delayed", seconds=120)

    write(borrower)
    before = len(borrower.inbox.deliveries)
    borrower.clock.forward(seconds=121)
    borrower.sandbox.tick()

    assert (before, len(borrower.inbox.deliveries)) == (0, 1)


def test_webhooks_can_come_out_of_order():
    borrower = listening()
    borrower.sandbox.faults.add("webhook_reordered", match=r"^transfers\.")

    write(borrower)
    borrower.push("payments", borrower.payment())
    borrower.sandbox.tick()

    assert borrower.inbox.types == [
        "payments.write.successful",
        "transfers.write.successful",
    ]


def test_a_reordered_webhook_does_not_wait_for_ever():
    borrower = listening()
    borrower.sandbox.faults.add("webhook_reordered")

    write(borrower)
    borrower.clock.forward(seconds=61)
    borrower.sandbox.tick()

    assert borrower.inbox.types == ["transfers.write.successful"]


def test_a_webhook_can_come_before_the_answer():
    borrower = listening()
    borrower.sandbox.faults.add("webhook_before_reply", match="transfers")

    reply = borrower.push("transfers", borrower.transfer())

    assert reply.json()["status"] == "Pending"
    assert borrower.inbox.types == ["transfers.write.successful"]
    assert (
        borrower.inbox.events[0]["payload"]["id"] == (reply.json()["pushOperationKey"])
    )


def test_a_receiver_may_call_back_while_it_is_told():
    borrower = listening()
    seen = []

    def call_back(*_):
        seen.append(borrower.get(f"{borrower.path}/push").status)
        return 200

    borrower.sandbox._deliver = call_back
    write(borrower)

    assert seen == [200]


def test_a_consumer_gets_the_events_it_asked_for():
    borrower = Borrower()
    body = {"url": URL, "eventTypes": ["payments.write.successful"]}

    made = borrower.call("POST", "/webhooks", body, key=new_key())
    borrower.push("transfers", borrower.transfer("1.00"))
    borrower.push("payments", borrower.payment())
    borrower.sandbox.tick()

    assert made.status == 201
    assert "secret" not in made.body.decode()
    assert borrower.inbox.types == ["payments.write.successful"]
    assert borrower.get("/webhooks").json()["results"] == [made.json()]


def test_a_deleted_consumer_gets_nothing_any_more():
    borrower = Borrower()
    body = {"url": URL, "eventTypes": ["transfers.write.successful"]}
    made = borrower.call("POST", "/webhooks", body).json()
    borrower.inbox.statuses = [500]
    write(borrower)

    reply = borrower.call("DELETE", f"/webhooks/{made['id']}")
    borrower.clock.forward(hours=1)
    borrower.sandbox.tick()

    assert reply.status == 204
    assert len(borrower.inbox.deliveries) == 1
    assert borrower.call("DELETE", f"/webhooks/{made['id']}").status == 404


def test_a_consumer_may_follow_a_tag():
    borrower = Borrower()
    borrower.sandbox.outbox.consumers.clear()
    tagged = {"url": URL, "eventTypes": ["transfers.write.successful"]}
    borrower.call("POST", "/webhooks", {**tagged, "companyTags": ["region:uk"]})

    write(borrower)
    borrower.company.tags["region"] = "uk"
    write(borrower)

    assert len(borrower.inbox.deliveries) == 1


@pytest.mark.parametrize(
    "body",
    [{"url": URL}, {"url": "hook", "eventTypes": ["a"]}, {"eventTypes": ["a"]}],
)
def test_a_consumer_has_an_address_and_event_types(body):
    assert Borrower().call("POST", "/webhooks", body).status == 400
