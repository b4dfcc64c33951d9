"""The bodies that create accounts and contacts."""

from decimal import Decimal

import pytest

from xero_sync.codat import payloads


def make_source_account(**overrides):
    return payloads.source_account(
        **{
            "account_id": "loan-7",
            "name": "Lender Ltd",
            "account_number": "44556677",
            "sort_code": "11-22-33",
            "currency": "GBP",
            **overrides,
        }
    )


def test_a_fee_account_follows_xeros_model():
    body = payloads.account(
        name="Invoice finance fees",
        nominal_code="IFFEES",
        category="Expense.Overhead",
        description="Fees of the lender",
    )

    assert body == {
        "nominalCode": "IFFEES",
        "name": "Invoice finance fees",
        "fullyQualifiedCategory": "Expense.Overhead",
        "description": "Fees of the lender",
    }


@pytest.mark.parametrize(
    "wrong",
    [
        {"nominal_code": "12345678901"},
        {"nominal_code": ""},
        {"name": " "},
        {"category": "Expense.Fees"},
        {"category": ""},
    ],
)
def test_an_account_xero_would_refuse_is_refused(wrong):
    valid = {"name": "Fees", "nominal_code": "404", "category": "Expense.Expense"}

    with pytest.raises(ValueError, match=r"nominal code|name|category"):
        payloads.account(**{**valid, **wrong})


def test_a_supplier_has_a_name_and_perhaps_an_address():
    assert payloads.supplier(name="Lender Ltd") == {"supplierName": "Lender Ltd"}
    assert payloads.supplier(name="Lender Ltd", email="a@lender.test") == {
        "supplierName": "Lender Ltd",
        "emailAddress": "a@lender.test",
    }
    with pytest.raises(ValueError, match="name"):
        payloads.supplier(name="")


def test_a_source_account_starts_at_nothing():
    body = make_source_account()

    assert body == {
        "id": "loan-7",
        "accountName": "Lender Ltd",
        "accountType": "checking",
        "accountNumber": "44556677",
        "currency": "GBP",
        "balance": Decimal(0),
        "sortCode": "112233",
    }


def test_the_name_of_a_source_account_is_cut_to_what_reaches_xero():
    assert len(make_source_account(name="x" * 40)["accountName"]) == 30


def test_only_a_pound_account_needs_a_sort_code():
    body = make_source_account(currency="EUR", sort_code="")

    assert "sortCode" not in body
    with pytest.raises(ValueError, match="sort code"):
        make_source_account(sort_code="")


@pytest.mark.parametrize(
    "wrong",
    [
        {"account_id": "x" * 51},
        {"account_id": ""},
        {"account_number": "1" * 41},
        {"sort_code": "12345"},
        {"sort_code": "12345٣"},
        {"account_type": "Debit"},
        {"currency": "pounds"},
    ],
)
def test_a_source_account_codat_would_refuse_is_refused(wrong):
    with pytest.raises(ValueError, match=r"account|sort code|currency"):
        make_source_account(**wrong)


def test_a_plain_bank_account_is_active_and_for_money_in():
    body = payloads.bank_account(
        name="Lender Ltd", account_number="44556677", sort_code="112233", currency="GBP"
    )

    assert body == {
        "accountName": "Lender Ltd",
        "accountType": "Debit",
        "accountNumber": "44556677",
        "currency": "GBP",
        "status": "Active",
        "sortCode": "112233",
    }


def test_a_plain_credit_card_is_of_its_type_and_nothing_else_is():
    given = {"name": "Lender Ltd", "account_number": "4321", "currency": "GBP"}

    body = payloads.bank_account(**given, account_type="Credit")

    assert (body["accountType"], body["accountNumber"]) == ("Credit", "4321")
    assert "sortCode" not in body
    with pytest.raises(ValueError, match="account type"):
        payloads.bank_account(**given, account_type="Loan")
