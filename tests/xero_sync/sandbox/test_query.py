from decimal import Decimal

import pytest

from tests.xero_sync.sandbox.builders import Borrower
from xero_sync.sandbox.query import compile_query
from xero_sync.sandbox.wire import ApiError

FIELDS = frozenset({"name", "amount", "date", "status", "customerRef", "isBank"})
RECORD = {
    "name": "Bank Fees & Charges",
    "amount": Decimal("10.50"),
    "date": "2026-06-01T09:00:00.1234567Z",
    "status": "Active",
    "customerRef": {"id": "c-1"},
    "isBank": False,
}


@pytest.mark.parametrize(
    "text",
    [
        "status=Active",
        "status!=Void",
        "name~fees &",
        "amount>10",
        "amount<=10.5",
        "date>=2026-06-01",
        "date<2026-06-02T00:00:00",
        "customerRef.id=c-1",
        "isBank!=true",
        "missing.thing!=1".replace("missing", "customerRef"),
        "status=Void||amount=10.5",
        "{status=Void||status=Active}&&amount>0",
        "status=Void&&amount=1||name~bank",
    ],
)
def test_a_query_finds_the_record(text):
    assert compile_query(text, name="Record", fields=FIELDS)(RECORD)


@pytest.mark.parametrize(
    "text",
    [
        "status=active",
        "amount>10.5",
        "customerRef.name=x",
        "{status=Void||status=Active}&&amount>100",
    ],
)
def test_a_query_passes_the_record_over(text):
    assert not compile_query(text, name="Record", fields=FIELDS)(RECORD)


@pytest.mark.parametrize(
    "text",
    ["", "status", "status=", "=Active", "status=a&&", "{status=a", "status=a}", "x=1"],
)
def test_a_bad_query_is_refused(text):
    with pytest.raises(ApiError, match="Error parsing query"):
        compile_query(text, name="Record", fields=FIELDS)


@pytest.mark.parametrize("text", ["amount>much", "status>Active"])
def test_an_operator_that_does_not_apply_is_refused(text):
    test = compile_query(text, name="Record", fields=FIELDS)

    with pytest.raises(ApiError, match="Error parsing query"):
        test(RECORD)


def test_a_query_is_shorter_than_2048_characters():
    with pytest.raises(ApiError, match="too long"):
        compile_query("name=" + "x" * 2048, name="Record", fields=FIELDS)


def test_a_list_is_ordered_and_paged():
    borrower = Borrower()
    path = f"{borrower.path}/data/accounts"

    first = borrower.get(path, query="type=Expense", orderBy="-name", pageSize=2).json()
    second = borrower.call("GET", first["_links"]["next"]["href"]).json()

    names = [it["name"] for it in first["results"] + second["results"]]
    assert names == sorted(names, reverse=True)
    assert first["totalResults"] == 4
    assert second["pageNumber"] == 2
    assert "next" not in second["_links"]
    assert "previous" in second["_links"]


@pytest.mark.parametrize(
    "query", [{"page": 0}, {"pageSize": 5001}, {"page": "x"}, {"orderBy": "colour"}]
)
def test_a_bad_page_or_order_is_refused(query):
    borrower = Borrower()

    reply = borrower.get(f"{borrower.path}/data/accounts", **query)

    assert reply.status == 400
