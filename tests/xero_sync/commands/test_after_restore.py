"""`manage.py after_restore`."""

import pytest

from lending import formats
from tests.strays import hold_for
from tests.xero_sync.commands.worlds import record_drawdown, record_of, refusal, run


@pytest.fixture
def connection(codat):
    return codat.ready()


@pytest.fixture
def record(connection):
    return record_of(record_drawdown(connection.company))


@pytest.fixture
def push(connection, record):
    return hold_for(connection, record)


def test_it_shows_what_the_pushes_wrote_and_what_they_look_like(push, record):
    shown = run("after_restore")

    lender = push.connection.lender_accounts.get().name
    assert "harbour: Codat lists 1 push on this connection" in shown
    assert f"{push.push_operation_key}  transfers" in shown
    day = formats.day(record.value_date)
    assert f"£800.00 · {day} · {lender} → Business Current Account" in shown
    assert f"looks like Bank transfer · {record.event.external_id}" in shown
    assert str(record.pk) in shown


def test_a_push_is_linked_to_an_entry(push, record):
    shown = run(
        *("after_restore", "harbour", "ours", "--reason=Seen"),
        *(f"--push={push.push_operation_key}", f"--entry={record.pk}"),
    )

    record.refresh_from_db()
    assert (record.state, record.xero_record_id) == ("linked_by_hand", "made-in-xero")
    assert shown == "harbour goes on.\n"


def test_each_transfer_is_linked_as_proposed(push, record):
    run("after_restore", "harbour", "as-proposed", "--reason=Seen")

    record.refresh_from_db()
    push.refresh_from_db()
    assert record.push_operation_key == push.push_operation_key
    assert push.settled_by.startswith("command:")


def test_what_is_another_systems_is_named(connection, push, record):
    second = hold_for(connection, record, wrote={})

    shown = run(
        *("after_restore", "harbour", "anothers", "--reason=Payroll"),
        f"--push={push.push_operation_key}",
    )

    assert shown == "harbour is still held: 1 pushes are left.\n"
    assert "what it wrote cannot be read; look in Xero" not in shown
    run("after_restore", "harbour", "anothers", "--reason=Payroll")
    second.refresh_from_db()
    assert second.verdict == "anothers"
    record.refresh_from_db()
    assert record.state == "queued"


def test_a_company_is_let_go(push, record):
    assert "Give a reason" in refusal("after_restore", "harbour", "go-on")

    assert (
        run("after_restore", "harbour", "go-on", "--reason=x") == "harbour goes on.\n"
    )

    record.refresh_from_db()
    assert record.state == "queued"


def test_it_refuses_what_is_not_there(connection, push):
    assert "--push" in refusal(
        *("after_restore", "harbour", "anothers", "--reason=x"),
        f"--push={connection.pk}",
    )
    assert "--entry" in refusal(
        *("after_restore", "harbour", "ours", "--reason=x"), f"--entry={connection.pk}"
    )


def test_who_is_not_held_needs_nothing(connection):
    assert run("after_restore") == ""
    assert "is not held" in run("after_restore", "harbour")
    assert "not held" in refusal("after_restore", "harbour", "go-on", "--reason=x")
