"""What is told, when, and that nothing is lost or told twice."""

import json
import threading

import pytest
from django.db import connection, transaction
from django.utils import timezone

from backoffice.models import ChangeGap, WebhookDelivery, WebhookMessage
from backoffice.webhooks import collecting, services
from tests.builders import make_event, make_loan
from tests.worlds import World
from xero_sync.connections import status as connection_status
from xero_sync.connections import switches
from xero_sync.models import RecordChange, SyncRecord
from xero_sync.writeback import decisions, watching

pytestmark = pytest.mark.django_db

only_postgresql = pytest.mark.skipif("connection.vendor != 'postgresql'")
URL = "https://hooks.example.com/finance"


def listen(**fields):
    fields = {"url": URL, "created_by": "test", "now": timezone.now()} | fields
    endpoint, _ = services.create_endpoint(**fields)
    return endpoint


def collect(world=None):
    return collecting.collect(now=world.clock.now if world else timezone.now())


def told():
    """Each message as (type, what it is about), in the order of its making."""
    messages = WebhookMessage.objects.order_by("created_at", "type", "subject")
    return sorted(messages.values_list("type", "subject"))


def data_of(message_type):
    (message,) = WebhookMessage.objects.filter(type=message_type)
    content = json.loads(bytes(message.payload))
    assert content["type"] == message_type
    assert content["timestamp"].endswith("Z")
    return content["data"]


def test_an_event_is_told_of_once_all_its_entries_stand():
    world = World()
    borrower = world.borrower()
    listen()
    event = borrower.record(borrower.loan(), "drawdown", "800")

    world.drain()
    collect(world)
    assert told() == []
    world.run()
    collect(world)
    collect(world)

    assert told() == [("event.written", event.external_id)]
    assert data_of("event.written") == {
        "event": event.external_id,
        "loan": event.loan.reference,
        "company": borrower.company.reference,
        "state": "written",
        "reason": "",
        "in_words": "In Xero",
        "who_must_act": "nobody",
        "path": f"/api/v1/loan-events/{event.external_id}",
    }


def test_a_line_held_while_bank_feeds_are_off_keeps_nobody_waiting():
    world = World()
    borrower = world.borrower()
    switches.set_bank_feeds(
        connection=borrower.connection, on=False, now=world.clock.now, set_by="test"
    )
    listen(events=["event.written"])
    event = borrower.record(borrower.loan(), "drawdown", "800")
    world.run(seconds=600)
    collect(world)
    assert told().count(("event.written", event.external_id)) == 1

    switches.set_bank_feeds(
        connection=borrower.connection, on=True, now=world.clock.now, set_by="test"
    )
    world.run()
    collect(world)

    # Its line stands as well now, which is another occasion.
    assert told().count(("event.written", event.external_id)) == 2


def test_an_event_whose_line_a_person_gave_up_is_told_of_as_written():
    world = World()
    borrower = world.borrower()
    listen()
    world.sandbox.faults.add("push_fails", match="bankTransactions")
    event = borrower.record(borrower.loan(), "drawdown", "800")
    world.run(seconds=100)
    collect(world)
    assert ("event.written", event.external_id) not in told()

    decisions.cancel(
        client=world.client,
        record=SyncRecord.objects.get(event=event, step="statement_line"),
        reason="the statement was typed in",
        decided_by="anna",
        now=world.clock.now,
    )
    collect(world)

    # As the API says it of the event.
    assert told().count(("event.written", event.external_id)) == 1


def test_an_event_that_was_in_the_books_already_is_told_of_at_once():
    listen()

    event = make_event(already_in_books=True)
    collect()

    assert told() == [("event.written", event.external_id)]


def test_an_entry_that_is_refused_is_told_of_with_who_must_act():
    world = World()
    borrower = world.borrower()
    listen()
    world.sandbox.faults.add("push_fails", match="transfers")
    event = borrower.record(borrower.loan(), "drawdown", "800")

    world.run(seconds=600)
    collect(world)
    collect(world)

    assert told() == [("event.needs_attention", event.external_id)]
    entry = SyncRecord.objects.get(event=event, step="transfer")
    found = data_of("event.needs_attention")
    assert (found["state"], found["reason"]) == ("failed", entry.reason)
    assert found["who_must_act"] == "operator"
    assert found["entry"] == {"id": str(entry.pk), "step": "transfer"}


def test_an_entry_that_may_stand_twice_is_told_of_and_not_as_written_again():
    world = World()
    borrower = world.borrower()
    listen()
    event = borrower.record(borrower.loan(), "drawdown", "800")
    world.run()
    collect(world)
    entry = SyncRecord.objects.get(event=event, step="transfer")
    now = world.clock.now

    watching.tell(entry, cause="watched", now=now, note="push 1")
    watching.tell(entry, cause="landed", now=now, note="push 1 made 2")
    watching.tell(entry, cause="settled", now=now, note="removed", actor="anna")
    collect(world)

    assert told() == [
        ("event.needs_attention", event.external_id),
        ("event.written", event.external_id),
    ]
    found = data_of("event.needs_attention")
    assert (found["state"], found["who_must_act"]) == ("written", "operator")
    assert "may stand in Xero twice" in found["in_words"]


def test_an_entry_whose_outcome_is_not_known_is_told_of_once():
    world = World()
    borrower = world.borrower()
    listen()
    world.sandbox.faults.add("error_before", match="transfers", status=500)
    event = borrower.record(borrower.loan(), "drawdown", "800")

    world.drain()
    collect(world)
    world.run(seconds=120)
    collect(world)

    assert told().count(("event.unknown", event.external_id)) == 1
    found = WebhookMessage.objects.get(type="event.unknown")
    assert json.loads(bytes(found.payload))["data"]["who_must_act"] == "nobody"


def test_events_recorded_while_write_back_is_off_need_a_person():
    world = World()
    borrower = world.borrower(writeback=False)
    listen()

    event = borrower.record(borrower.loan(), "drawdown", "800")
    collect(world)

    kinds = {(kind, subject) for kind, subject in told()}
    assert kinds == {("event.needs_attention", event.external_id)}


def test_a_loan_is_told_of_as_settled_once():
    world = World()
    borrower = world.borrower()
    listen(events=["loan.settled"])
    loan = borrower.loan()
    for kind, amount in (
        ("drawdown", "800"),
        ("invoice_payment", "1000"),
        ("fee", "50"),
        ("residual_release", "150"),
    ):
        borrower.record(loan, kind, amount)
        world.run()
        collect(world)

    assert told().count(("loan.settled", loan.reference)) == 1
    assert data_of("loan.settled")["path"] == f"/api/v1/loans/{loan.reference}"


def test_a_loan_is_settled_by_a_payment_that_needs_no_entry_of_ours():
    world = World()
    borrower = world.borrower()
    listen(events=["loan.settled"])
    loan = borrower.loan(collection_route="borrower")
    borrower.record(loan, "drawdown", "800")
    borrower.record(loan, "final_payment", "850")
    borrower.record(loan, "fee", "50")
    world.run()
    collect(world)
    assert ("loan.settled", loan.reference) not in told()

    borrower.record(loan, "invoice_payment", "1000")

    assert told().count(("loan.settled", loan.reference)) == 1


def test_what_others_see_of_a_connection_is_told_of_when_it_changes():
    world = World()
    borrower = world.borrower()
    listen()

    for on in (False, False, True):
        switches.switch_writeback(
            connection=borrower.connection,
            on=on,
            switched_by="test",
            now=world.clock.now,
        )

    payloads = [
        json.loads(bytes(one.payload))["data"] for one in WebhookMessage.objects.all()
    ]
    assert sorted(one["writeback_on"] for one in payloads) == [False, True]
    assert {tuple(one["changed"]) for one in payloads} == {("writeback_on",)}
    assert {one["company"] for one in payloads} == {borrower.company.reference}
    assert {one["path"] for one in payloads} == {
        f"/api/v1/connections/{borrower.connection.pk}"
    }


def test_a_look_at_a_connection_that_finds_nothing_new_tells_nothing():
    world = World()
    borrower = world.borrower()
    listen()

    connection_status.refresh(
        connection=borrower.connection, client=world.client, now=world.clock.now
    )

    assert told() == []


def test_a_deauthorised_connection_is_told_of():
    world = World()
    borrower = world.borrower()
    listen()
    world.sandbox.set_connection_status(borrower.codat_connection, "Deauthorized")

    connection_status.refresh(
        connection=borrower.connection, client=world.client, now=world.clock.now
    )

    found = data_of("connection.changed")
    assert (found["status"], found["changed"]) == ("Deauthorized", ["status"])


def test_a_change_that_is_taken_back_tells_nothing():
    world = World()
    borrower = world.borrower()
    listen()

    with transaction.atomic():
        switches.set_bank_feeds(
            connection=borrower.connection, on=False, now=world.clock.now, set_by="test"
        )
        assert told() != []
        transaction.set_rollback(True)

    assert told() == []


def test_what_happened_before_the_first_endpoint_is_not_told():
    world = World()
    borrower = world.borrower()
    loan = borrower.loan()
    borrower.record(loan, "drawdown", "800")
    world.run()
    assert collect(world) == 0

    listen()
    assert collect(world) == 0
    later = borrower.record(loan, "fee", "10")
    world.run()
    collect(world)

    assert told() == [("event.written", later.external_id)]


def test_each_endpoint_gets_what_it_has_chosen():
    all_of_it = listen()
    written_only = listen(events=["event.written"])
    others_only = listen(events=["loan.settled", "event.unknown"])

    make_event(already_in_books=True)
    collect()

    got = set(WebhookDelivery.objects.values_list("endpoint", flat=True))
    assert got == {all_of_it.pk, written_only.pk}
    assert not others_only.deliveries.exists()


def test_no_message_holds_bank_details_or_amounts():
    world = World()
    borrower = world.borrower()
    listen()
    world.sandbox.faults.add("push_fails", match="transfers")
    loan = borrower.loan()
    borrower.record(loan, "drawdown", "812.34")
    world.run(seconds=300)
    decisions.link_by_hand(
        client=world.client,
        record=SyncRecord.objects.get(step="transfer"),
        reason="account 12345678 was typed wrong",
        decided_by="test",
        now=world.clock.now,
    )
    world.run()
    collect(world)

    texts = [bytes(one.payload).decode() for one in WebhookMessage.objects.all()]
    assert len(texts) >= 2
    for text in texts:
        for secret in ("12345678", "123456", "812.34"):
            assert secret not in text


def test_a_thousand_changes_are_read_in_several_transactions():
    make_event()
    listen()
    loan = make_loan()
    events = [
        make_event(loan=loan, amount="1", already_in_books=True) for _ in range(3)
    ]
    record = SyncRecord.objects.get(event=events[0], step="transfer")
    now = timezone.now()
    RecordChange.objects.bulk_create(
        RecordChange(record=record, at=now, to_state="queued", cause="recorded")
        for _ in range(1_200)
    )
    last = make_event(loan=loan, amount="1", already_in_books=True)

    assert collect() == 4

    assert ("event.written", last.external_id) in told()
    assert not ChangeGap.objects.exists()


@only_postgresql
@pytest.mark.django_db(transaction=True)
def test_a_change_with_a_smaller_id_that_commits_later_is_not_lost():
    make_event()
    listen()
    early, late = make_loan(), make_loan()
    begun, may_commit = threading.Event(), threading.Event()
    events = {}

    def record_slowly():
        with transaction.atomic():
            events["slow"] = make_event(loan=early, already_in_books=True)
            begun.set()
            may_commit.wait(10)
        connection.close()

    slow = threading.Thread(target=record_slowly)
    slow.start()
    assert begun.wait(10)
    events["quick"] = make_event(loan=late, already_in_books=True)
    ids = dict(RecordChange.objects.values_list("record__event__external_id", "pk"))
    collect()
    assert told() == [("event.written", events["quick"].external_id)]
    assert ChangeGap.objects.exists()

    may_commit.set()
    slow.join()
    collect()
    collect()

    slow_id = RecordChange.objects.filter(record__event=events["slow"]).first().pk
    assert slow_id < ids[events["quick"].external_id]
    assert told() == sorted(
        ("event.written", event.external_id) for event in events.values()
    )
    assert not ChangeGap.objects.exists()


@only_postgresql
@pytest.mark.django_db(transaction=True)
def test_a_change_in_flight_when_reading_begins_is_not_lost_either():
    make_event()
    loan = make_loan()
    begun, may_commit = threading.Event(), threading.Event()
    events = []

    def record_slowly():
        with transaction.atomic():
            events.append(make_event(loan=loan, already_in_books=True))
            begun.set()
            may_commit.wait(10)
        connection.close()

    slow = threading.Thread(target=record_slowly)
    slow.start()
    assert begun.wait(10)
    make_event()
    listen()

    may_commit.set()
    slow.join()
    collect()

    assert told() == [("event.written", events[0].external_id)]


@only_postgresql
def test_a_gap_that_nobody_fills_is_forgotten_after_ten_minutes():
    make_event()
    listen()
    loan = make_loan()
    with transaction.atomic():
        make_event(loan=loan)
        transaction.set_rollback(True)
    make_event(loan=loan, already_in_books=True)
    now = timezone.now()
    collecting.collect(now=now)
    gaps = ChangeGap.objects.count()

    collecting.collect(now=now + timezone.timedelta(minutes=11))

    assert gaps == 1
    assert not ChangeGap.objects.exists()
