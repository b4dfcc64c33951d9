"""Companies, their connections, and the organisations behind them."""

from datetime import UTC, date, datetime

import pytest
from responses import matchers

from tests.xero_sync.codat.builders import (
    BASE_URL,
    COMPANY,
    COMPANY_URL,
    CONNECTION,
    CONNECTION_URL,
    IDEMPOTENCY_KEY,
    page_json,
    read,
)
from xero_sync.codat.exceptions import CodatNoAnswer


def test_the_connections_of_a_company_are_listed():
    connections = read(
        f"{COMPANY_URL}/connections",
        page_json([{"id": CONNECTION, "status": "Linked"}]),
        lambda c: c.list_connections(COMPANY),
    )

    assert connections[0].id == CONNECTION


def test_a_company_comes_with_its_connections():
    company = read(
        f"{BASE_URL}/companies",
        {
            "id": COMPANY,
            "name": "Example Codat1",
            "redirect": "https://link.test/x",
            "tags": {"uid": "B7"},
            "created": "2026-06-01T09:00:00",
            "dataConnections": [
                {"id": CONNECTION, "status": "Linked", "integrationKey": "gbol"}
            ],
        },
        lambda c: c.create_company(
            "Example (Codat[1])",
            description="B7",
            tags={"uid": "B7"},
            idempotency_key=IDEMPOTENCY_KEY,
        ),
        method="POST",
        match=[
            matchers.json_params_matcher(
                {
                    "name": "Example (Codat[1])",
                    "description": "B7",
                    "tags": {"uid": "B7"},
                }
            ),
            matchers.header_matcher({"Idempotency-Key": str(IDEMPOTENCY_KEY)}),
        ],
    )

    assert (company.name, company.tags) == ("Example Codat1", {"uid": "B7"})
    assert company.connections[0].status == "Linked"
    assert company.created == datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
    assert "link.test" not in repr(company)


def test_companies_are_found_by_a_tag():
    companies = read(
        f"{BASE_URL}/companies",
        page_json([{"id": COMPANY, "tags": None}]),
        lambda c: c.list_companies(tags="uid=B7"),
        match=[
            matchers.query_param_matcher(
                {"pageSize": "1000", "page": "1", "tags": "uid=B7"}
            )
        ],
    )

    assert [company.id for company in companies] == [COMPANY]


def test_a_connection_is_created_for_xero():
    connection = read(
        f"{COMPANY_URL}/connections",
        {
            "id": CONNECTION,
            "status": "PendingAuth",
            "linkUrl": "https://link.test/once",
        },
        lambda c: c.create_connection(COMPANY),
        method="POST",
        match=[matchers.json_params_matcher({"platformKey": "gbol"})],
    )

    assert connection.link_url == "https://link.test/once"
    assert connection.status == "PendingAuth"
    assert "link.test" not in repr(connection)


def test_a_connection_shows_why_it_failed():
    connection = read(
        CONNECTION_URL,
        {
            "id": CONNECTION,
            "status": "Deauthorized",
            "dataConnectionErrors": [
                {
                    "statusCode": "403",
                    "statusText": "Forbidden",
                    "errorMessage": "User cancelled",
                    "erroredOnUtc": "2026-06-01T09:00:00Z",
                    "status": None,
                }
            ],
        },
        lambda c: c.get_connection(COMPANY, CONNECTION),
    )

    (problem,) = connection.problems
    assert (problem.status_code, problem.message) == ("403", "User cancelled")


def test_a_connection_is_unlinked_or_deleted():
    unlinked = read(
        CONNECTION_URL,
        {"id": CONNECTION, "status": "Unlinked"},
        lambda c: c.unlink_connection(COMPANY, CONNECTION),
        method="PATCH",
        match=[matchers.json_params_matcher({"status": "Unlinked"})],
    )
    deleted = read(
        CONNECTION_URL,
        "",
        lambda c: c.delete_connection(COMPANY, CONNECTION),
        method="DELETE",
    )

    assert unlinked.status == "Unlinked"
    assert deleted is None


def test_an_integration_says_whether_it_is_enabled():
    integration = read(
        f"{BASE_URL}/integrations/gbol",
        {"key": "gbol", "name": "Xero", "enabled": "False"},
        lambda c: c.get_integration(),
    )

    assert integration.enabled is False


def test_the_organisation_is_named_by_its_own_books():
    profile = read(
        f"{COMPANY_URL}/data/info",
        {
            "companyName": "Demo Company (UK)",
            "baseCurrency": "GBP",
            "ledgerLockDate": "2026-05-31T00:00:00Z",
            "financialYearStartDate": None,
        },
        lambda c: c.get_accounting_profile(COMPANY),
    )
    information = read(
        f"{CONNECTION_URL}/bankFeeds/info",
        {
            "companyName": "Demo Company (UK)",
            "multicurrencyEnabled": True,
            "currencies": ["GBP", None, "EUR"],
        },
        lambda c: c.get_company_information(COMPANY, CONNECTION),
    )

    assert profile.company_name == "Demo Company (UK)"
    assert profile.ledger_lock_date == date(2026, 5, 31)
    assert information.currencies == ("GBP", "EUR")
    assert information.multicurrency_enabled is True


def test_data_that_was_never_synced_is_not_there_yet():
    with pytest.raises(CodatNoAnswer) as caught:
        read(
            f"{COMPANY_URL}/data/info",
            {"error": "The data set has not been requested."},
            lambda c: c.get_accounting_profile(COMPANY),
            status=409,
        )

    assert caught.value.in_progress is True
