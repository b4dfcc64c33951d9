"""What goes out for a write, and what is read from the push operation."""

from datetime import UTC, datetime

import pytest
import responses

from tests.xero_sync.codat.builders import (
    API_KEY,
    BASE_URL,
    COMPANY,
    CONNECTION,
    IDEMPOTENCY_KEY,
    PUSH_KEY,
    PUSH_PATH,
    TOKEN,
    make_client,
    page_json,
    push_json,
)
from xero_sync.codat.client import PushStatus, push_path

BODY = b'{"amount":800.00}'


def sent_with(answer, headers=None):
    with responses.RequestsMock() as wire:
        wire.post(BASE_URL + PUSH_PATH, json=answer, headers=headers)
        with make_client(connect_timeout=1.5, read_timeout=9.0) as client:
            operation = client.send_push(
                path=PUSH_PATH, body=BODY, idempotency_key=IDEMPOTENCY_KEY
            )
        return operation, wire.calls[0].request


def test_the_key_the_bytes_and_the_time_outs_go_out_with_a_write():
    _, request = sent_with(push_json())

    assert request.headers["Authorization"] == f"Basic {TOKEN}"
    assert request.headers["Idempotency-Key"] == str(IDEMPOTENCY_KEY)
    assert request.headers["Content-Type"] == "application/json"
    assert request.headers["User-Agent"].startswith("invoice-finance-writeback/")
    assert request.body == BODY
    assert request.url == BASE_URL + PUSH_PATH
    assert request.req_kwargs["timeout"] == (1.5, 9.0)


def test_a_write_taken_in_is_pending_and_has_no_record_yet():
    operation, _ = sent_with(push_json())

    assert operation.key == PUSH_KEY
    assert operation.status is PushStatus.PENDING
    assert operation.company_id == COMPANY
    assert operation.connection_id == CONNECTION
    assert operation.data_type == "transfers"
    assert operation.requested_on == datetime(2026, 6, 1, 9, 0, 0, 123456, tzinfo=UTC)
    assert operation.record_id == ""
    assert operation.meta.status_code == 200
    assert operation.meta.rate_limit is None
    assert str(PUSH_KEY) in operation.meta.body_text


def test_a_success_names_the_record_that_was_created():
    changes = [
        {"type": "Modified", "recordRef": {"id": "other", "dataType": "accounts"}},
        {"type": "Created", "recordRef": {"id": "new", "dataType": "directIncomes"}},
    ]

    operation, _ = sent_with(push_json(status="Success", changes=changes))

    assert operation.status is PushStatus.SUCCESS
    assert operation.record_id == "new"


@pytest.mark.parametrize(
    "change",
    [
        {"type": "Created"},
        {"type": "Created", "recordRef": None},
        {"type": "Created", "recordRef": {"dataType": "transfers"}},
        {"type": "Unknown", "recordRef": {"id": "new"}},
        None,
    ],
)
def test_a_success_without_a_record_id_is_read_all_the_same(change):
    operation, _ = sent_with(push_json(status="Success", changes=[change]))

    assert operation.record_id == ""


def test_a_write_can_fail_in_its_very_first_answer():
    validation = {
        "errors": [{"itemId": "To.Amount", "message": "Must be equal."}],
        "warnings": [{"message": "Check the sign.", "validatorName": "Sign"}],
    }

    operation, _ = sent_with(
        push_json(status="Failed", errorMessage="Refused.", validation=validation)
    )

    assert operation.status is PushStatus.FAILED
    assert operation.error_message == "Refused."
    assert operation.errors[0].message == "Must be equal."


def test_an_operation_may_lack_everything_but_its_key_and_status():
    operation, _ = sent_with(
        {"pushOperationKey": str(PUSH_KEY), "status": "TimedOut", "validation": None}
    )

    assert operation.status is PushStatus.TIMED_OUT
    assert operation.errors == ()
    assert operation.requested_on is None


def test_the_quota_is_read_from_a_successful_answer():
    operation, _ = sent_with(
        push_json(),
        headers={"X-Rate-Limit-Limit": "4000", "X-Rate-Limit-Remaining": "7"},
    )

    assert operation.meta.rate_limit.remaining == 7


def test_a_path_cannot_lead_to_another_host():
    with make_client() as client, pytest.raises(ValueError, match="slash"):
        client.send_push(
            path=".elsewhere.test/x", body=BODY, idempotency_key=IDEMPOTENCY_KEY
        )


def test_a_call_can_be_stopped_before_it_starts():
    class NoPermit(Exception):
        pass

    told = []

    def refuse(method, path):
        told.append((method, path))
        raise NoPermit

    with responses.RequestsMock():
        with make_client(before_call=refuse) as client, pytest.raises(NoPermit):
            client.get_company(COMPANY)

    assert told == [("GET", f"/companies/{COMPANY}")]


def test_a_client_shows_no_key():
    with make_client() as client:
        shown = repr(client) + repr(vars(client))

    assert API_KEY not in shown
    assert TOKEN not in shown


@pytest.mark.parametrize(
    "data_type",
    ["transfers", "directCosts", "payments", "suppliers", "accounts", "bankAccounts"],
)
def test_each_data_type_has_its_path(data_type):
    assert (
        push_path("c", "x", data_type) == f"/companies/c/connections/x/push/{data_type}"
    )


def test_statement_lines_are_written_to_their_source_account():
    path = push_path("c", "x", "bankTransactions", "loan/7 ä")

    assert path == (
        "/companies/c/connections/x/push/bankAccounts/loan%2F7%20%C3%A4/bankTransactions"
    )


@pytest.mark.parametrize(
    ("pieces", "account_id"),
    [
        (("c", "x", "bankTransactions"), None),
        (("c", "x", "bankTransactions"), ".."),
        (("c", "x", "transfers"), "sa-1"),
        (("c", "x", "chartOfAccounts"), None),
        (("c", "", "transfers"), None),
        (("..", "x", "transfers"), None),
    ],
)
def test_a_path_with_a_wrong_piece_is_refused(pieces, account_id):
    with pytest.raises(ValueError, match=r"piece|written"):
        push_path(*pieces, account_id)


def test_an_encoded_source_account_arrives_as_one_piece():
    path = push_path(COMPANY, CONNECTION, "bankTransactions", "loan/7")
    with responses.RequestsMock() as wire:
        wire.post(BASE_URL + path, json=push_json(dataType="bankTransactions"))

        with make_client() as client:
            client.send_push(path=path, body=BODY, idempotency_key=IDEMPOTENCY_KEY)

        assert "loan%2F7/bankTransactions" in wire.calls[0].request.url


def test_one_write_is_looked_up_by_its_key():
    with responses.RequestsMock() as wire:
        wire.get(
            f"{BASE_URL}/companies/{COMPANY}/push/{PUSH_KEY}",
            json=push_json(status="Success"),
        )

        with make_client() as client:
            operation = client.get_push_operation(COMPANY, PUSH_KEY)

    assert operation.status is PushStatus.SUCCESS


def numbered(number, **overrides):
    key = f"00000000-0000-4000-8000-{number:012d}"
    return push_json(pushOperationKey=key, **overrides)


def test_all_writes_are_listed_newest_first_and_each_once():
    url = f"{BASE_URL}/companies/{COMPANY}/push"
    with responses.RequestsMock() as wire:
        wire.get(url, json=page_json([numbered(3), numbered(2)], following="/more"))
        wire.get(url, json=page_json([numbered(2), numbered(1)]))

        with make_client() as client:
            operations = list(
                client.list_push_operations(COMPANY, query="dataType=transfers")
            )

        first, second = (call.request.params for call in wire.calls)

    assert [operation.key.int % 16 for operation in operations] == [3, 2, 1]
    assert first == {
        "pageSize": "100",
        "query": "dataType=transfers",
        "orderBy": "-requestedOnUtc",
        "page": "1",
    }
    assert second["page"] == "2"


def test_a_write_in_an_unknown_state_is_listed_as_such():
    url = f"{BASE_URL}/companies/{COMPANY}/push"
    with responses.RequestsMock() as wire:
        wire.get(url, json=page_json([numbered(1), numbered(2, status="Odd")]))

        with make_client() as client:
            found = list(client.list_push_operations(COMPANY))

    assert [operation.status for operation in found] == ["Pending", "Unknown"]
