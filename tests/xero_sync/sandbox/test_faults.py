import pytest

from tests.xero_sync.sandbox.builders import Borrower, messages, new_key
from xero_sync.sandbox import LostReply


def transfers(borrower):
    return borrower.books.entries_of("transfers")


def test_an_unknown_fault_is_a_mistake():
    with pytest.raises(ValueError, match="no such fault"):
        Borrower().sandbox.faults.add("lose_everything")


def test_a_reply_is_lost_before_anything_happened():
    borrower = Borrower()
    borrower.sandbox.faults.add("lose_reply_before", match="transfers")

    with pytest.raises(LostReply):
        borrower.push("transfers", borrower.transfer())

    assert transfers(borrower) == []
    assert borrower.sandbox.requests[-1].status is None


def test_a_fault_meets_only_its_data_type_and_only_so_often():
    borrower = Borrower()
    borrower.sandbox.faults.add("error_before", match="transfers", times=2)

    statuses = [
        borrower.push(kind, body).status
        for kind, body in [
            ("payments", borrower.payment("1.00")),
            ("transfers", borrower.transfer()),
            ("transfers", borrower.transfer()),
            ("transfers", borrower.transfer()),
        ]
    ]

    assert statuses == [200, 500, 500, 200]


def test_a_fault_can_meet_any_call_by_its_line():
    borrower = Borrower()
    borrower.sandbox.faults.add(
        "error_before", match=r"^GET .*/data/invoices$", status=503
    )

    assert borrower.get(f"{borrower.path}/data/accounts").status == 200
    assert borrower.get(f"{borrower.path}/data/invoices").status == 503


def test_a_fault_without_an_end_lasts_until_it_is_cleared():
    borrower = Borrower()
    borrower.sandbox.faults.add("unauthorised", times=None)

    before = [borrower.get(borrower.path).status for _ in "12"]
    borrower.sandbox.faults.clear()

    assert before == [401, 401]
    assert borrower.get(borrower.path).status == 200


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("unauthorised", 401),
        ("payment_required", 402),
        ("deauthorised", 403),
        ("in_progress", 409),
        ("busy", 429),
    ],
)
def test_a_call_is_refused_on_request(kind, status):
    borrower = Borrower()
    borrower.sandbox.faults.add(kind, match="transfers")

    reply = borrower.push("transfers", borrower.transfer())

    assert reply.status == status
    assert transfers(borrower) == []


def test_the_code_in_the_body_is_not_to_be_trusted():
    borrower = Borrower()
    borrower.sandbox.faults.add("payment_required")

    assert borrower.get(borrower.path).json()["statusCode"] == 429


def test_a_forbidden_answer_has_xeros_shape():
    borrower = Borrower()
    borrower.sandbox.faults.add(
        "status_403", match="transfers", problem="invalid-feed-connection"
    )

    reply = borrower.push("transfers", borrower.transfer())

    assert (reply.status, reply.json()["type"]) == (403, "invalid-feed-connection")
    assert transfers(borrower) == []


def test_garbage_may_follow_a_write_that_happened():
    borrower = Borrower()
    borrower.sandbox.faults.add("bad_json", match="transfers")
    key = new_key()

    reply = borrower.push("transfers", borrower.transfer(), key=key)
    again = borrower.push("transfers", borrower.transfer(), key=key)

    assert (reply.status, reply.body[:6]) == (200, b"<html>")
    assert borrower.operation(again)["status"] == "Success"
    assert len(transfers(borrower)) == 1


def test_a_push_can_fail_with_a_message():
    borrower = Borrower()
    borrower.sandbox.faults.add("push_fails", match="transfers", message="Broken.")

    done = borrower.write("transfers", borrower.transfer())

    assert (done["status"], messages(done)) == ("Failed", "Broken.")
    assert done["errorMessage"] == "Broken."
    assert transfers(borrower) == []


def test_a_push_can_time_out_unwritten():
    borrower = Borrower()
    borrower.sandbox.faults.add("push_times_out", match="transfers")

    done = borrower.write("transfers", borrower.transfer())

    assert done["status"] == "TimedOut"
    assert transfers(borrower) == []


def test_a_push_can_time_out_and_be_written_all_the_same():
    borrower = Borrower()
    borrower.sandbox.faults.add(
        "push_times_out_but_written", match="transfers", seconds=600
    )

    done = borrower.write("transfers", borrower.transfer())
    before = len(transfers(borrower))
    borrower.clock.forward(seconds=601)

    assert (done["status"], before) == ("TimedOut", 0)
    assert len(transfers(borrower)) == 1
    path = f"{borrower.path}/push/{done['pushOperationKey']}"
    assert borrower.get(path).json()["status"] == "TimedOut"


def test_a_slow_push_stays_pending():
    borrower = Borrower()
    borrower.sandbox.faults.add("push_slow", match="transfers", seconds=7200)

    reply = borrower.push("transfers", borrower.transfer())
    borrower.clock.forward(seconds=7199)
    before = borrower.operation(reply)["status"]
    borrower.clock.forward(seconds=1)

    assert before == "Pending"
    assert borrower.operation(reply)["status"] == "Success"


def test_a_timeout_changes_the_status_only():
    borrower = Borrower(push_seconds=600)

    reply = borrower.push("transfers", borrower.transfer(), query="?timeoutInMinutes=5")
    borrower.clock.forward(minutes=5)
    after_five = borrower.operation(reply)
    borrower.clock.forward(minutes=5)

    assert (after_five["status"], after_five["timeoutInMinutes"]) == ("TimedOut", 5)
    assert borrower.operation(reply)["status"] == "TimedOut"
    assert len(transfers(borrower)) == 1


def test_a_timeout_is_a_number():
    borrower = Borrower()

    reply = borrower.push("transfers", borrower.transfer(), query="?timeoutInMinutes=x")

    assert reply.status == 400


def test_a_success_may_name_no_record():
    borrower = Borrower()
    borrower.sandbox.faults.add("push_success_without_record_id", match="transfers")

    done = borrower.write("transfers", borrower.transfer())

    assert done["changes"][0]["recordRef"] == {"dataType": "transfers"}
    assert len(transfers(borrower)) == 1


def test_a_connection_cut_meanwhile_fails_the_push():
    borrower = Borrower(push_seconds=60)

    reply = borrower.push("transfers", borrower.transfer())
    borrower.sandbox.set_connection_status(borrower.connection.id, "Deauthorized")
    borrower.clock.forward(seconds=61)

    assert borrower.operation(reply)["status"] == "Failed"


def test_push_operations_are_listed_newest_first_and_found_by_query():
    borrower = Borrower()
    borrower.write("transfers", borrower.transfer())
    borrower.clock.forward(minutes=1)
    borrower.write("payments", borrower.payment())

    everything = borrower.get(f"{borrower.path}/push").json()["results"]
    found = borrower.get(
        f"{borrower.path}/push",
        query=f"dataType=transfers&&dataConnectionKey={borrower.connection.id}"
        "&&requestedOnUtc>=2026-06-01T08:59:00Z&&status=Success",
    ).json()["results"]

    assert [it["dataType"] for it in everything] == ["payments", "transfers"]
    assert [it["dataType"] for it in found] == ["transfers"]
    assert borrower.get(f"{borrower.path}/push/{new_key()}").status == 404
