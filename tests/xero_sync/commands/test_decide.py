"""`manage.py decide`."""

from uuid import uuid4

from lending import formats
from tests.xero_sync.commands.worlds import record_drawdown, record_of, refusal, run


def test_it_tells_what_to_look_for_in_xero(codat):
    connection = codat.ready()
    record = record_of(record_drawdown(connection.company))

    shown = run("decide", record.pk)

    lender = connection.lender_accounts.get()
    assert "amount        £800.00" in shown
    assert f"date          {formats.day(record.value_date)}" in shown
    assert f"from          {lender.name} ({lender.target_account_id})" in shown
    assert "to            Business Current Account" in shown
    assert "Queued · the event was recorded · user:anna" in shown


def test_a_statement_line_is_looked_for_by_its_id(codat):
    connection = codat.ready()
    record = record_of(record_drawdown(connection.company), "statement_line")

    shown = run("decide", record.pk)

    assert f"line id       {record.pk}" in shown
    assert "direction     −" in shown


def test_an_entry_is_linked_by_hand(codat):
    connection = codat.ready()
    record = record_of(record_drawdown(connection.company))

    shown = run(
        "decide", record.pk, "link", "--reason=Booked it myself", "--xero-id=X1"
    )

    record.refresh_from_db()
    assert (record.state, record.xero_record_id) == ("linked_by_hand", "X1")
    assert record.changes.latest("pk").actor.startswith("command:")
    assert f"{record.pk} is now: Linked by hand" in shown


def test_an_entry_is_cancelled(codat):
    connection = codat.ready()
    record = record_of(record_drawdown(connection.company))

    run("decide", record.pk, "cancel", "--reason=Not wanted")

    record.refresh_from_db()
    assert record.state == "cancelled"


def test_a_decision_needs_a_reason(codat):
    connection = codat.ready()
    record = record_of(record_drawdown(connection.company))

    message = refusal("decide", record.pk, "cancel")

    record.refresh_from_db()
    assert "Give a reason" in message
    assert record.state == "queued"


def test_a_decision_that_does_not_fit_is_refused(codat):
    connection = codat.ready()
    record = record_of(record_drawdown(connection.company))

    again = refusal("decide", record.pk, "send-again", "--reason=Mended")
    absent = refusal("decide", record.pk, "absent", "--reason=Looked")

    assert "can be sent again" in again
    assert "needs this answer" in absent


def test_only_a_link_takes_an_id_of_xero(codat):
    connection = codat.ready()
    record = record_of(record_drawdown(connection.company))

    message = refusal("decide", record.pk, "cancel", "--reason=x", "--xero-id=X1")

    assert message == "--xero-id: only the decision link takes one."


def test_an_unknown_entry_is_refused(codat):
    number = uuid4()

    assert f"there is no entry {number}" in refusal("decide", number)
