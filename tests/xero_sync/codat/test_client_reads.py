"""Reads: pages, exact amounts, dates, and records with anything missing."""

import random
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
import responses
from responses import matchers

from tests.xero_sync.codat.builders import (
    BASE_URL,
    COMPANY,
    CONNECTION,
    IDEMPOTENCY_KEY,
    make_client,
    page_json,
)
from xero_sync.codat.exceptions import CodatNoAnswer, CodatOutcomeUnknown

CONNECTION_URL = f"{BASE_URL}/companies/{COMPANY}/connections/{CONNECTION}"
COMPANY_URL = f"{BASE_URL}/companies/{COMPANY}"


def read(url, answer, call, *, method="GET", status=200, match=()):
    with responses.RequestsMock() as wire:
        body = answer if isinstance(answer, str) else None
        wire.add(
            method,
            url,
            status=status,
            body=body,
            json=None if body is not None else answer,
            match=match,
        )
        with make_client() as client:
            return call(client)


def read_raw(url, written, call):
    """Answer with JSON as it is written, digits and all."""
    return read(url, written, call)


LISTS = [
    (f"{CONNECTION_URL}/data/bankAccounts", lambda c: c.list_bank_accounts),
    (f"{CONNECTION_URL}/data/transfers", lambda c: c.list_transfers),
    (f"{CONNECTION_URL}/data/directCosts", lambda c: c.list_direct_costs),
    (f"{COMPANY_URL}/data/accounts", lambda c: c.list_accounts),
    (f"{COMPANY_URL}/data/suppliers", lambda c: c.list_suppliers),
    (f"{COMPANY_URL}/data/customers", lambda c: c.list_customers),
    (f"{COMPANY_URL}/data/invoices", lambda c: c.list_invoices),
    (f"{COMPANY_URL}/data/payments", lambda c: c.list_payments),
    (f"{COMPANY_URL}/data/taxRates", lambda c: c.list_tax_rates),
]


def ids_for(url):
    return (COMPANY, CONNECTION) if "connections" in url else (COMPANY,)


@pytest.mark.parametrize(("url", "operation"), LISTS)
def test_a_list_is_whole_and_can_be_filtered(url, operation):
    expected = {"pageSize": "1000", "query": "currency=GBP"}
    with responses.RequestsMock() as wire:
        for number, following in ((1, "/next"), (2, None)):
            wire.get(
                url,
                json=page_json([{"id": f"r{number}"}], following=following),
                match=[matchers.query_param_matcher({**expected, "page": str(number)})],
            )

        with make_client() as client:
            records = operation(client)(*ids_for(url), query="currency=GBP")

    assert [record.id for record in records] == ["r1", "r2"]


@pytest.mark.parametrize(("url", "operation"), LISTS)
def test_a_record_may_lack_everything(url, operation):
    nulls = dict.fromkeys(
        ["id", "metadata", "lines", "lineItems", "paymentAllocations", "from", "to"]
    )

    records = read(url, page_json([{}, nulls]), lambda c: operation(c)(*ids_for(url)))

    assert [record.id for record in records] == ["", ""]


def test_a_query_is_encoded_the_way_codat_reads_it():
    with responses.RequestsMock() as wire:
        wire.get(f"{COMPANY_URL}/data/accounts", json=page_json([]))

        with make_client() as client:
            client.list_accounts(COMPANY, "type=Expense&&isBankAccount!=true")

        assert "query=type%3DExpense%26%26isBankAccount%21%3Dtrue" in (
            wire.calls[0].request.url
        )


def test_an_empty_list_is_empty():
    assert (
        read(
            f"{COMPANY_URL}/data/suppliers",
            page_json([]),
            lambda c: c.list_suppliers(COMPANY),
        )
        == []
    )


@pytest.mark.parametrize("results", [[{"id": "same"}], []])
def test_a_list_that_repeats_its_page_is_not_followed_for_ever(results):
    with responses.RequestsMock() as wire:
        wire.get(
            f"{COMPANY_URL}/data/suppliers", json=page_json(results, following="/n")
        )

        with make_client() as client, pytest.raises(CodatOutcomeUnknown):
            client.list_suppliers(COMPANY)

        assert len(wire.calls) == 2


def test_a_list_that_never_ends_is_given_up():
    class Endless:
        def __init__(self):
            self.page = 0

        def __call__(self, _request):
            self.page += 1
            body = f'{{"results":[{{"id":"{self.page}"}}],"_links":{{"next":{{"href":"/n"}}}}}}'
            return 200, {}, body

    endless = Endless()
    with responses.RequestsMock() as wire:
        wire.add_callback("GET", f"{COMPANY_URL}/data/suppliers", endless)

        with make_client() as client, pytest.raises(CodatOutcomeUnknown):
            client.list_suppliers(COMPANY)

    assert endless.page == 1_000


@pytest.mark.parametrize(
    "answer", [[], {}, {"results": None}, {"results": [1]}, {"results": {"id": "x"}}]
)
def test_a_list_in_another_shape_is_not_taken_for_an_empty_one(answer):
    with pytest.raises(CodatOutcomeUnknown):
        read(
            f"{COMPANY_URL}/data/suppliers",
            answer,
            lambda c: c.list_suppliers(COMPANY),
        )


@pytest.mark.parametrize("size", [0, 99, 1001])
def test_a_page_size_codat_does_not_promise_is_refused(size):
    with make_client() as client, pytest.raises(ValueError, match="page size"):
        list(client.list_push_operations(COMPANY, page_size=size))


def test_a_query_too_long_for_codat_is_refused():
    with make_client() as client, pytest.raises(ValueError, match="2048"):
        client.list_invoices(COMPANY, query="=" * 700)


@pytest.mark.parametrize(
    "written", ["0.3", "0.30", "1234567890.12", "-0.01", "1e3", "9007199254740993", "0"]
)
def test_an_amount_is_read_digit_by_digit(written):
    account = read_raw(
        f"{CONNECTION_URL}/data/bankAccounts",
        f'{{"results":[{{"id":"b","balance":{written}}}],"_links":{{}}}}',
        lambda c: c.list_bank_accounts(COMPANY, CONNECTION),
    )[0]

    assert isinstance(account.balance, Decimal)
    assert account.balance == Decimal(written)


def test_amounts_add_up_where_floats_would_not():
    chance = random.Random(20260601)
    amounts = [Decimal(chance.randrange(1, 10**12)).scaleb(-2) for _ in range(500)]
    items = ",".join(
        f'{{"id":"{n}","totalAmount":{amount}}}' for n, amount in enumerate(amounts)
    )

    payments = read_raw(
        f"{COMPANY_URL}/data/payments",
        f'{{"results":[{items}],"_links":{{}}}}',
        lambda c: c.list_payments(COMPANY),
    )

    assert sum(p.total_amount for p in payments) == sum(amounts)


@pytest.mark.parametrize("written", ["null", '"free"', "true", "[]", "{}", '"NaN"'])
def test_what_is_not_an_amount_is_none(written):
    account = read_raw(
        f"{CONNECTION_URL}/data/bankAccounts",
        f'{{"results":[{{"id":"b","balance":{written}}}],"_links":{{}}}}',
        lambda c: c.list_bank_accounts(COMPANY, CONNECTION),
    )[0]

    assert account.balance is None


def test_an_invoice_is_read_with_its_allocations():
    invoice = read(
        f"{COMPANY_URL}/data/invoices/inv-1",
        {
            "id": "inv-1",
            "invoiceNumber": "INV-0001",
            "customerRef": {"id": "cus-1", "companyName": "Ridgeway"},
            "issueDate": "2026-05-01T00:00:00",
            "dueDate": "2026-06-30T00:00:00+01:00",
            "paidOnDate": "0001-01-01T00:00:00",
            "currency": "GBP",
            "totalAmount": 1000,
            "amountDue": 400.5,
            "status": "PartiallyPaid",
            "paymentAllocations": [
                {
                    "payment": {
                        "id": "pay-1",
                        "accountRef": {"id": "acc-1"},
                        "paidOnDate": "2026-05-20T00:00:00",
                        "totalAmount": 700,
                        "reference": "BACS",
                    },
                    "allocation": {"totalAmount": 599.5, "currency": "GBP"},
                }
            ],
            "metadata": {"isDeleted": False},
            "modifiedDate": "2026-05-21T10:00:00.1234567Z",
        },
        lambda c: c.get_invoice(COMPANY, "inv-1"),
    )

    (allocation,) = invoice.allocations
    assert (invoice.number, invoice.customer_id) == ("INV-0001", "cus-1")
    assert (invoice.total_amount, invoice.amount_due) == (1000, Decimal("400.5"))
    assert invoice.due_date == date(2026, 6, 30)
    assert invoice.paid_on is None
    assert invoice.modified_on == datetime(2026, 5, 21, 10, 0, 0, 123456, tzinfo=UTC)
    assert invoice.is_deleted is False
    assert (allocation.amount, allocation.date) == (Decimal("599.5"), date(2026, 5, 20))
    assert (allocation.account_id, allocation.payment_id) == ("acc-1", "pay-1")


def test_a_payment_names_the_invoices_it_pays():
    (payment,) = read(
        f"{COMPANY_URL}/data/payments",
        page_json(
            [
                {
                    "id": "pay-1",
                    "customerRef": {"id": "cus-1"},
                    "accountRef": {"id": "acc-1"},
                    "totalAmount": 4200,
                    "currency": "GBP",
                    "date": "2022-02-17T00:00:00",
                    "reference": "INV-1",
                    "lines": [
                        {
                            "amount": 4200,
                            "links": [
                                {"type": "Invoice", "id": "inv-1", "amount": -4200}
                            ],
                        },
                        {"amount": 0, "links": None},
                    ],
                    "metadata": {"isDeleted": True},
                }
            ]
        ),
        lambda c: c.list_payments(COMPANY),
    )

    (link,) = payment.links
    assert (payment.account_id, payment.date) == ("acc-1", date(2022, 2, 17))
    assert (link.id, link.amount) == ("inv-1", Decimal(-4200))
    assert payment.is_deleted is True


def test_a_transfer_and_a_direct_cost_are_read():
    (transfer,) = read(
        f"{CONNECTION_URL}/data/transfers",
        page_json(
            [
                {
                    "id": "t-1",
                    "date": "2026-06-01T23:59:99",
                    "from": {"accountRef": {"id": "L"}, "amount": 800.00},
                    "to": {"accountRef": {"id": "N"}, "amount": 800.00},
                }
            ]
        ),
        lambda c: c.list_transfers(COMPANY, CONNECTION),
    )
    (cost,) = read(
        f"{CONNECTION_URL}/data/directCosts",
        page_json(
            [
                {
                    "id": "d-1",
                    "reference": "FEE-1",
                    "contactRef": {"id": "sup", "dataType": "suppliers"},
                    "issueDate": "2026-06-30",
                    "currency": "GBP",
                    "lineItems": [{"accountRef": {"id": "E"}}],
                    "paymentAllocations": [{"payment": {"accountRef": {"id": "L"}}}],
                    "subTotal": 41.67,
                    "taxAmount": 8.33,
                    "totalAmount": 50,
                }
            ]
        ),
        lambda c: c.list_direct_costs(COMPANY, CONNECTION),
    )

    assert (transfer.from_account_id, transfer.to_account_id) == ("L", "N")
    assert (transfer.amount, transfer.date) == (800, date(2026, 6, 1))
    assert (cost.reference, cost.supplier_id, cost.account_id) == ("FEE-1", "sup", "L")
    assert cost.net_amount + cost.tax_amount == cost.total_amount
    assert cost.expense_account_ids == ("E",)


def test_an_account_tells_what_it_may_be_used_for():
    (account,) = read(
        f"{COMPANY_URL}/data/accounts",
        page_json(
            [
                {
                    "id": "E",
                    "nominalCode": "404",
                    "name": "Bank Fees",
                    "fullyQualifiedCategory": "Expense.Overhead",
                    "type": "Expense",
                    "status": "Active",
                    "isBankAccount": False,
                    "validDatatypeLinks": [
                        {
                            "property": "Id",
                            "links": ["DirectCost.LineItems.AccountRef.Id"],
                        },
                        {"property": "Id", "links": None},
                    ],
                }
            ]
        ),
        lambda c: c.list_accounts(COMPANY, "type=Expense"),
    )

    assert account.valid_links == {"DirectCost.LineItems.AccountRef.Id"}
    assert (account.type, account.nominal_code) == ("Expense", "404")
    assert account.is_bank_account is False


def test_bank_details_are_not_printed():
    (account,) = read(
        f"{CONNECTION_URL}/data/bankAccounts",
        page_json(
            [
                {
                    "id": "b",
                    "sortCode": "112233",
                    "accountNumber": "44556677",
                    "iBan": "G1",
                }
            ]
        ),
        lambda c: c.list_bank_accounts(COMPANY, CONNECTION),
    )

    assert account.sort_code == "112233"
    assert "112233" not in repr(account)
    assert "44556677" not in repr(account)


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
    assert company.connections[0].is_linked
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
    assert connection.is_linked is False
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


def test_the_connections_of_a_company_are_listed():
    connections = read(
        f"{COMPANY_URL}/connections",
        page_json([{"id": CONNECTION, "status": "Linked"}]),
        lambda c: c.list_connections(COMPANY),
    )

    assert connections[0].id == CONNECTION


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
    assert profile.financial_year_start is None
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

    assert (queued.status, queued.is_usable, queued.progress) == ("Queued", False, 0)
    assert (finished.is_usable, finished.progress) == (True, 100)


def test_the_freshness_of_each_data_type_is_known():
    statuses = read(
        f"{COMPANY_URL}/dataStatus",
        {
            "payments": {
                "dataType": "payments",
                "currentStatus": "Complete",
                "lastSuccessfulSync": "2026-06-01T10:00:00+01:00",
            },
            "invoices": {"currentStatus": "SomethingNew"},
            "odd": None,
        },
        lambda c: c.get_data_status(COMPANY),
    )

    assert set(statuses) == {"payments", "invoices"}
    assert statuses["payments"].last_successful_sync == datetime(
        2026, 6, 1, 9, 0, tzinfo=UTC
    )
    assert statuses["invoices"].current_status == "SomethingNew"


@pytest.mark.parametrize(
    ("account_id", "tail"),
    [(None, "bankTransactions"), ("sa-1", "bankAccounts/sa-1/bankTransactions")],
)
def test_the_model_of_a_write_is_read_down_to_its_leaves(account_id, tail):
    model = read(
        f"{CONNECTION_URL}/options/{tail}",
        {
            "type": "Object",
            "displayName": "Lines",
            "required": True,
            "properties": {
                "status": {
                    "type": "String",
                    "required": True,
                    "options": [{"value": "Unreconciled"}, {"value": "Reconciled"}],
                    "validation": {
                        "warnings": [{"field": "Status", "details": "Be careful."}],
                        "information": None,
                    },
                },
                "odd": None,
            },
            "options": None,
        },
        lambda c: c.get_create_model(
            COMPANY, CONNECTION, "bankTransactions", account_id
        ),
    )

    status = model.properties["status"]
    assert list(model.properties) == ["status"]
    assert status.choices == ("Unreconciled", "Reconciled")
    assert status.notes == ("Be careful.",)


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

    assert account.is_connected
    assert account.feed_start_date == date(2026, 6, 1)


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


def test_a_mapping_is_connected_only_with_its_target():
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

    assert [mapping.is_connected for mapping in mappings] == [False, True, False]
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


def test_webhook_consumers_are_listed_created_and_deleted():
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
    deleted = read(
        f"{BASE_URL}/webhooks/w-1",
        "",
        lambda c: c.delete_webhook_consumer("w-1"),
        method="DELETE",
        status=204,
    )

    assert listed == [created]
    assert created.event_types == ("read.completed",)
    assert deleted is None
