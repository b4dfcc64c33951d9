"""Refreshes, models of writes, bank feeds and webhook consumers."""

from datetime import date
from decimal import Decimal

from responses import matchers

from tests.xero_sync.codat.builders import (
    BASE_URL,
    COMPANY,
    COMPANY_URL,
    CONNECTION,
    CONNECTION_URL,
    read,
)


def test_source_accounts_come_as_a_bare_list():
    (account,) = read(
        f"{CONNECTION_URL}/connectionInfo/bankFeedAccounts",
        [
            {
                "id": "sa-1",
                "accountName": "Lender",
                "accountType": "checking",
                "balance": 0,
                "status": "connected",
                "feedStartDate": "2026-06-01",
            }
        ],
        lambda c: c.list_source_accounts(COMPANY, CONNECTION),
    )

    assert account.status == "connected"
    assert account.feed_start_date == date(2026, 6, 1)


def test_webhook_consumers_are_listed_and_created():
    consumer = {
        "id": "w-1",
        "url": "https://us.test/webhooks/codat/",
        "disabled": None,
        "eventTypes": ["read.completed"],
        "companyTags": None,
    }

    listed = read(
        f"{BASE_URL}/webhooks",
        {"results": [consumer]},
        lambda c: c.list_webhook_consumers(),
    )
    created = read(
        f"{BASE_URL}/webhooks",
        consumer,
        lambda c: c.create_webhook_consumer(
            "https://us.test/webhooks/codat/", ("read.completed",)
        ),
        method="POST",
        status=201,
        match=[
            matchers.json_params_matcher(
                {
                    "url": "https://us.test/webhooks/codat/",
                    "eventTypes": ["read.completed"],
                }
            )
        ],
    )

    assert listed == [created]
    assert created.event_types == ("read.completed",)


def test_a_refresh_is_queued_for_one_connection_and_followed():
    pull = {
        "id": "p-1",
        "dataType": "payments",
        "status": "Complete",
        "progress": 100,
        "isCompleted": True,
        "isErrored": False,
        "requested": "2026-06-01T09:00:00Z",
        "completed": None,
    }

    queued = read(
        f"{COMPANY_URL}/data/queue/payments",
        {**pull, "status": "Queued", "progress": 0, "isCompleted": False},
        lambda c: c.refresh_data_type(COMPANY, "payments", CONNECTION),
        method="POST",
        match=[matchers.query_param_matcher({"connectionId": CONNECTION})],
    )
    finished = read(
        f"{COMPANY_URL}/data/history/p-1",
        pull,
        lambda c: c.get_pull_operation(COMPANY, "p-1"),
    )

    assert (queued.status, queued.is_usable) == ("Queued", False)
    assert finished.is_usable


def test_a_source_account_is_created_changed_and_deleted():
    url = f"{CONNECTION_URL}/connectionInfo/bankFeedAccounts"
    created = read(
        url,
        {"id": "sa/1", "status": "pending"},
        lambda c: c.create_source_account(
            COMPANY, CONNECTION, {"id": "sa/1", "balance": Decimal("0.00")}
        ),
        method="POST",
        match=[matchers.json_params_matcher({"id": "sa/1", "balance": 0.0})],
    )
    changed = read(
        f"{url}/sa%2F1",
        {"id": "sa/1", "status": "disconnected"},
        lambda c: c.update_source_account(
            COMPANY, CONNECTION, "sa/1", {"status": "disconnected"}
        ),
        method="PATCH",
        match=[matchers.json_params_matcher({"id": "sa/1", "status": "disconnected"})],
    )
    deleted = read(
        f"{url}/sa%2F1",
        "",
        lambda c: c.delete_source_account(COMPANY, CONNECTION, "sa/1"),
        method="DELETE",
        status=204,
    )

    assert (created.status, changed.status, deleted) == (
        "pending",
        "disconnected",
        None,
    )


def test_a_mapping_has_its_target_and_what_else_it_may_be():
    mappings = read(
        f"{CONNECTION_URL}/bankFeedAccounts/mapping",
        [
            {
                "sourceAccountId": "sa-1",
                "status": "connected",
                "targetAccountId": None,
                "targetAccountOptions": [{"id": "ta-9", "name": "Current"}],
            },
            {"sourceAccountId": "sa-2", "status": "connected", "targetAccountId": "ta"},
            {"sourceAccountId": "sa-3", "status": "connecting"},
        ],
        lambda c: c.get_bank_feed_mapping(COMPANY, CONNECTION),
    )

    assert [mapping.target_account_id for mapping in mappings] == ["", "ta", ""]
    assert mappings[0].options[0].id == "ta-9"


def test_a_mapping_request_keeps_the_error_a_success_may_carry():
    outcome = read(
        f"{CONNECTION_URL}/bankFeedAccounts/mapping",
        {
            "sourceAccountId": "sa-1",
            "targetAccountId": None,
            "status": None,
            "error": "The account feeds another company.",
        },
        lambda c: c.create_bank_feed_mapping(
            COMPANY,
            CONNECTION,
            source_account_id="sa-1",
            target_account_id="ta-1",
            feed_start_date=date(2026, 6, 1),
        ),
        method="POST",
        match=[
            matchers.json_params_matcher(
                {
                    "sourceAccountId": "sa-1",
                    "targetAccountId": "ta-1",
                    "feedStartDate": "2026-06-01T00:00:00",
                }
            )
        ],
    )

    assert outcome.error == "The account feeds another company."


def test_a_mapping_to_a_new_account_names_no_target():
    outcome = read(
        f"{CONNECTION_URL}/bankFeedAccounts/mapping",
        {"sourceAccountId": "sa-1", "targetAccountId": None, "status": "connecting"},
        lambda c: c.create_bank_feed_mapping(
            COMPANY, CONNECTION, source_account_id="sa-1"
        ),
        method="POST",
        match=[matchers.json_params_matcher({"sourceAccountId": "sa-1"})],
    )

    assert (outcome.target_account_id, outcome.status) == ("", "connecting")
