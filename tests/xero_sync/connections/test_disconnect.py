"""Connections that end: by us, in Xero, and how it is noticed; nothing is lost."""

import pytest

from tests.worlds import World
from tests.xero_sync.evidence import (
    acts_of,
    assert_books_follow,
    ours,
    pushes,
    state_of,
)
from xero_sync.codat.exceptions import (
    AlreadyUnderWay,
    CodatNoAnswer,
    CodatUnavailable,
    ConnectionNotLinked,
)
from xero_sync.connections import daily_check, offboarding, onboarding
from xero_sync.connections import status as connection_status
from xero_sync.models import Heartbeat, SyncRecord, WriteAttempt
from xero_sync.writeback import inbox

pytestmark = pytest.mark.django_db

WRITTEN = "written"


@pytest.fixture
def world():
    return World()


@pytest.fixture
def borrower(world):
    return world.borrower()


def disconnect(world, borrower, **fields):
    return offboarding.disconnect(
        connection=borrower.connection,
        client=world.client,
        disconnected_by="user:anna",
        now=world.clock.now,
        **fields,
    )


def unlinks(world):
    return [one for one in world.sandbox.requests if one.method == "PATCH"]


def calls_since(world, number):
    return [f"{one.method} {one.path}" for one in world.sandbox.requests[number:]]


def attempts_of(event):
    return WriteAttempt.objects.filter(request__records__event=event).count()


def silently(world, borrower, status):
    """The connection changes at Codat, and no webhook tells."""
    world.sandbox.faults.add("webhook_lost", times=None)
    world.sandbox.set_connection_status(borrower.codat_connection, status)
    world.wait(1)
    world.sandbox.faults.clear()


# --- by us ----------------------------------------------------------------------------


def test_disconnecting_unlinks_at_codat_and_keeps_who_and_why(world, borrower):
    row = disconnect(world, borrower, reason="The borrower asked for it.")

    assert row.status == "Unlinked"
    assert world.sandbox.connection(borrower.codat_connection).status == "Unlinked"
    assert row.writeback_on
    (act,) = acts_of(row)
    assert (act.verb, act.actor, act.reason) == (
        "connection.disconnected",
        "user:anna",
        "The borrower asked for it.",
    )


def test_a_second_click_is_harmless(world, borrower):
    for _ in range(2):
        disconnect(world, borrower)

    assert len(unlinks(world)) == 1
    assert len(acts_of(borrower.connection)) == 1


@pytest.mark.parametrize("status", ["PendingAuth", "Deauthorized"])
def test_only_a_linked_connection_is_disconnected(world, borrower, status):
    world.sandbox.set_connection_status(borrower.codat_connection, status)
    connection_status.refresh(
        connection=borrower.connection, client=world.client, now=world.clock.now
    )

    with pytest.raises(ConnectionNotLinked):
        disconnect(world, borrower)

    assert not unlinks(world)
    assert not acts_of(borrower.connection)


def test_two_who_disconnect_at_once_are_kept_apart(world, borrower):
    Heartbeat.objects.create(
        name=f"ending {borrower.connection.pk}",
        holder="another",
        beat_at=world.clock.now,
        busy_until="2999-01-01T00:00Z",
    )

    with pytest.raises(AlreadyUnderWay):
        disconnect(world, borrower)

    assert not unlinks(world)


def test_a_disconnection_whose_answer_was_lost_is_looked_up(world, borrower):
    world.sandbox.faults.add("lose_reply_after", match="PATCH .*")

    row = disconnect(world, borrower)

    assert row.status == "Unlinked"
    assert [one.verb for one in acts_of(row)] == ["connection.disconnected"]


def test_a_disconnection_that_did_not_happen_leaves_all_as_it_was(world, borrower):
    world.sandbox.faults.add("lose_reply_before", match="PATCH .*")
    with pytest.raises(CodatNoAnswer):
        disconnect(world, borrower)
    world.wire.is_reachable = False
    with pytest.raises(CodatUnavailable):
        disconnect(world, borrower)

    assert borrower.connection.status == "Linked"
    assert not acts_of(borrower.connection)


def test_after_a_disconnection_codat_is_asked_for_nothing_but_the_status(
    world, borrower
):
    written = borrower.record(borrower.loan(), "drawdown", "800")
    world.run()
    disconnect(world, borrower)
    number = len(world.sandbox.requests)
    event = borrower.record(borrower.loan(), "drawdown", "70")

    world.run(seconds=600, step=60)
    daily_check.check_all(client=world.client, now=world.clock.now)

    path = (
        f"/companies/{borrower.connection.codat_company_id}"
        f"/connections/{borrower.codat_connection}"
    )
    assert set(calls_since(world, number)) <= {f"GET {path}"}
    assert calls_since(world, number)
    assert state_of(written) == WRITTEN
    assert state_of(event) == "held not_linked"
    assert attempts_of(event) == 0


def test_an_unknown_entry_is_not_searched_for_behind_a_disconnection(world, borrower):
    world.sandbox.faults.add("lose_reply_before", match="transfers")
    event = borrower.record(borrower.loan(), "drawdown", "800")
    world.drain()
    assert state_of(event).startswith("unknown")
    disconnect(world, borrower)
    number = len(world.sandbox.requests)

    world.run(seconds=4 * 3_600, step=600)

    read = calls_since(world, number)
    assert not [one for one in read if "/data/" in one or one.startswith("POST")]
    assert state_of(event).startswith("unknown")
    world.sandbox.consent(borrower.codat_connection)
    world.run(seconds=4 * 3_600, step=60)
    assert state_of(event) == WRITTEN
    assert [one.amount for one in ours(borrower, "transfers")] == [800]


def test_what_waits_is_written_in_order_after_the_reconnection(world, borrower):
    disconnect(world, borrower)
    loan = borrower.loan()
    events = [
        borrower.record(loan, "drawdown", "800"),
        borrower.record(loan, "fee", "50"),
        borrower.record(loan, "invoice_payment", "1000"),
    ]
    world.run(seconds=60)
    assert {state_of(one) for one in events} == {"held not_linked"}

    link = onboarding.link_url(connection=borrower.connection, client=world.client)
    assert link
    world.sandbox.consent(borrower.codat_connection)
    world.run()

    assert [state_of(one) for one in events] == [WRITTEN] * 3
    assert [attempts_of(one) for one in events] == [2, 2, 2]
    assert_books_follow(borrower)


def test_each_click_gets_a_link_of_its_own_and_none_is_stored(world, borrower):
    row = disconnect(world, borrower)

    links = {onboarding.link_url(connection=row, client=world.client) for _ in range(2)}

    assert len(links) == 2
    stored = vars(borrower.connection).values()
    assert not [one for one in stored if "_sandbox/link" in str(one)]


# --- in Xero --------------------------------------------------------------------------


def test_access_withdrawn_in_xero_is_noticed_by_the_webhook(world, borrower):
    queued = borrower.record(borrower.loan(), "drawdown", "70")
    world.sandbox.set_connection_status(borrower.codat_connection, "Deauthorized")

    world.wait(1)
    inbox.read(now=world.clock.now)
    world.check_connections()
    assert state_of(queued) == "held not_linked"
    event = borrower.record(borrower.loan(), "drawdown", "800")
    world.drain()

    assert borrower.connection.status == "Deauthorized"
    assert state_of(event) == "held not_linked"
    assert attempts_of(event) == 0


def test_access_withdrawn_in_xero_is_noticed_by_the_daily_check(world, borrower):
    silently(world, borrower, "Deauthorized")

    for _ in range(2):
        checked = daily_check.check_all(client=world.client, now=world.clock.now)
        assert checked == (1, 0)

    assert borrower.connection.status == "Deauthorized"
    assert borrower.connection.checked_at == world.clock.now


def test_access_withdrawn_in_xero_is_noticed_by_the_first_refusal(world, borrower):
    silently(world, borrower, "Deauthorized")
    loan = borrower.loan()
    first = borrower.record(loan, "drawdown", "800")
    second = borrower.record(loan, "fee", "50")

    world.run(seconds=120)

    assert borrower.connection.status == "Deauthorized"
    assert len(pushes(world, "transfers")) == 1
    assert [state_of(one) for one in (first, second)] == ["held not_linked"] * 2
    world.sandbox.consent(borrower.codat_connection)
    world.run()
    assert [state_of(one) for one in (first, second)] == [WRITTEN] * 2
    assert len(pushes(world, "transfers")) == 2
    assert [(one.type, one.amount) for one in ours(borrower)] == [
        ("transfers", 800),
        ("directCosts", 50),
    ]


def test_a_403_is_looked_into_at_once(world, borrower):
    # The webhooks of the beginning are read and looked into before.
    world.run()
    world.sandbox.faults.add("webhook_lost", times=None)
    world.sandbox.faults.add("deauthorised", match="transfers", seconds=1e9)
    event = borrower.record(borrower.loan(), "drawdown", "800")

    world.run(seconds=30)

    assert borrower.connection.status == "Deauthorized"
    assert borrower.connection.access_problem == ""
    assert state_of(event) == "held not_linked"
    assert len(pushes(world, "transfers")) == 1


def test_a_403_of_a_linked_connection_is_not_hammered(world, borrower):
    world.sandbox.faults.add("status_403", match="transfers", times=None, problem="")
    event = borrower.record(borrower.loan(), "drawdown", "800")

    world.run(seconds=500, step=10)

    assert borrower.connection.status == "Linked"
    assert state_of(event) == "held access_denied"
    assert len(pushes(world, "transfers")) == 1


def test_a_push_that_fails_for_the_end_of_the_connection_waits_as_well(world, borrower):
    world.sandbox.settings.refuse_unlinked = False
    silently(world, borrower, "Deauthorized")
    event = borrower.record(borrower.loan(), "drawdown", "800")

    world.run(seconds=120)

    assert borrower.connection.status == "Deauthorized"
    assert state_of(event) == "held not_linked"
    world.sandbox.consent(borrower.codat_connection)
    world.run()
    assert state_of(event) == WRITTEN
    assert [one.amount for one in ours(borrower)] == [800]


def test_what_was_refused_before_stays_refused(world, borrower):
    world.sandbox.faults.add("push_fails", match="transfers", message="No.")
    event = borrower.record(borrower.loan(), "drawdown", "800")
    world.run(seconds=60)
    assert state_of(event) == "failed refused_by_xero"

    disconnect(world, borrower)
    world.run(seconds=60)

    assert state_of(event) == "failed refused_by_xero"


# --- several organisations of one borrower --------------------------------------------


def test_organisations_of_one_borrower_are_kept_apart(world):
    first = world.borrower(reference="north", borrower_reference="B7")
    second = world.borrower(reference="south", borrower_reference="B7")
    disconnect(world, first)
    waits = first.record(first.loan(), "drawdown", "800")
    goes = second.record(second.loan(), "drawdown", "70")

    world.run(seconds=120)

    assert (first.connection.status, second.connection.status) == ("Unlinked", "Linked")
    assert (state_of(waits), state_of(goes)) == ("held not_linked", WRITTEN)
    assert [one.amount for one in ours(second, "transfers")] == [70]
    assert ours(first, "transfers") == []
    assert not SyncRecord.objects.filter(company=first.company, state=WRITTEN).exists()
