"""Lists: whole, filtered, and never endless."""

import json

import pytest
import responses
from responses import matchers

from tests.xero_sync.codat.builders import (
    COMPANY,
    COMPANY_URL,
    CONNECTION,
    CONNECTION_URL,
    make_client,
    page_json,
    read,
)
from xero_sync.codat.exceptions import CodatOutcomeUnknown

LISTS = [
    (f"{CONNECTION_URL}/data/bankAccounts", lambda c: c.list_bank_accounts),
    (f"{CONNECTION_URL}/data/transfers", lambda c: c.list_transfers),
    (f"{CONNECTION_URL}/data/directCosts", lambda c: c.list_direct_costs),
    (f"{COMPANY_URL}/data/accounts", lambda c: c.list_accounts),
    (f"{COMPANY_URL}/data/suppliers", lambda c: c.list_suppliers),
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
            page = page_json([{"id": self.page}], following="/more")
            return 200, {}, json.dumps(page)

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
