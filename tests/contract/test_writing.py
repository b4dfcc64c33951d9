"""What the official clients write into the stand-in."""

from datetime import UTC, datetime

import pytest

SOURCE_ACCOUNT = "lender-sa-1"


def supplier_of(setting):
    return setting.sandbox.add_supplier(setting.connection_id, "Lender Ltd").id


def transfer(setting):
    return {
        "date_": "2026-05-30T00:00:00",
        "from_": {"account_ref": {"id": setting.lender}, "amount": 800},
        "to": {
            "account_ref": {"id": setting.account("Business Current Account")},
            "amount": 800,
        },
    }


@pytest.mark.parametrize(
    ("group", "method"),
    [
        ("transfers", "get_create_model"),
        ("direct_costs", "get_create_model"),
        ("payments", "get_create_model"),
        ("accounts", "get_create_model"),
        ("suppliers", "get_create_update_model"),
        ("bank_accounts", "get_create_update_model"),
    ],
)
def test_options(setting, group, method):
    read = getattr(getattr(setting.lending.loan_writeback, group), method)

    option = read(request=setting.ids)

    assert option.type.value == "Object"
    assert option.properties


def test_options_by_data_type(setting):
    option = setting.platform.push_data.get_model_options(
        request={**setting.ids, "data_type": "transfers"}
    )

    assert set(option.properties) == {"date", "from", "to"}


def test_a_transfer_of_the_official_model_fails_for_want_of_a_status(setting):
    accepted = setting.lending.loan_writeback.transfers.create(
        request={**setting.ids, "accounting_transfer": transfer(setting)}
    )

    done = setting.outcome(accepted)

    complaints = {it.message for it in done.validation.errors}
    assert done.status.value == "Failed"
    assert complaints == {
        "from.status must be provided.",
        "to.status must be provided.",
    }
    assert setting.books.entries_of("transfers") == []


def test_a_direct_cost(setting):
    bank = {"account_ref": {"id": setting.lender}, "currency": "GBP"}
    body = {
        "issue_date": "2026-05-30T00:00:00",
        "reference": "FEE-1",
        "currency": "GBP",
        "sub_total": 50,
        "tax_amount": 0,
        "total_amount": 50,
        "contact_ref": {"id": supplier_of(setting), "data_type": "suppliers"},
        "line_items": [
            {
                "description": "Fee",
                "quantity": 1,
                "unit_amount": 50,
                "tax_amount": 0,
                "total_amount": 50,
                "account_ref": {"id": setting.account("Bank Fees")},
                "tax_rate_ref": {"id": "NONE"},
            }
        ],
        "payment_allocations": [{"payment": bank, "allocation": {"total_amount": 50}}],
    }

    accepted = setting.lending.loan_writeback.direct_costs.create(
        request={**setting.ids, "direct_cost_prototype": body}
    )
    done = setting.outcome(accepted)

    assert done.status.value == "Success", done.validation
    assert done.changes[0].record_ref.data_type.value == "directCosts"
    assert setting.books.balance(setting.lender) == -50


def test_a_payment(setting):
    link = {"type": "Invoice", "id": setting.invoice.id, "amount": -1000}
    body = {
        "customer_ref": {"id": setting.invoice.contact_id},
        "account_ref": {"id": setting.lender},
        "total_amount": 1000,
        "currency": "GBP",
        "date_": "2026-05-30T00:00:00",
        "reference": "INV-1",
        "lines": [{"amount": 1000, "links": [link]}],
    }

    accepted = setting.lending.loan_writeback.payments.create(
        request={**setting.ids, "accounting_payment": body}
    )
    done = setting.outcome(accepted)

    assert done.status.value == "Success", done.validation
    assert done.changes[0].record_ref.id
    assert setting.books.receivable(setting.invoice.id) == 0


def test_an_account(setting):
    body = {
        "nominal_code": "4041",
        "name": "Invoice finance fees",
        "fully_qualified_category": "Expense.Overhead",
    }

    accepted = setting.lending.loan_writeback.accounts.create(
        request={**setting.ids, "account_prototype": body}
    )
    done = setting.outcome(accepted)

    assert done.status.value == "Success", done.validation
    assert done.data_type.value == "chartOfAccounts"
    assert setting.books.account("Invoice finance fees")


def test_a_supplier(setting):
    accepted = setting.lending.loan_writeback.suppliers.create(
        request={
            **setting.ids,
            "accounting_supplier": {
                "supplier_name": "New Lender Ltd",
                "status": "Active",
            },
        }
    )

    done = setting.outcome(accepted)

    assert done.status.value == "Success", done.validation


def test_a_bank_account(setting):
    body = {
        "account_name": "Lender plain",
        "account_type": "Debit",
        "sort_code": "090129",
        "account_number": "12345678",
        "currency": "GBP",
        "status": "Active",
    }

    accepted = setting.lending.loan_writeback.bank_accounts.create(
        request={**setting.ids, "accounting_bank_account": body}
    )
    done = setting.outcome(accepted)

    assert done.status.value == "Success", done.validation
    assert setting.books.account("Lender plain").is_bank


def open_feed(setting):
    body = {
        "id": SOURCE_ACCOUNT,
        "account_name": "Lender feed",
        "account_type": "checking",
        "account_number": "12345678",
        "sort_code": "090129",
        "currency": "GBP",
        "balance": 0,
    }
    return setting.feeds.source_accounts.create(
        request={**setting.ids, "request_body": body}
    )


def map_feed(setting):
    return setting.feeds.account_mapping.create(
        request={
            **setting.ids,
            "bank_feed_account_mapping": {"source_account_id": SOURCE_ACCOUNT},
        }
    )


def test_a_source_account_and_its_mapping(setting):
    open_feed(setting)
    accounts = setting.feeds.source_accounts

    listed = accounts.list(request=setting.ids)
    posted = map_feed(setting)
    mapping = setting.feeds.account_mapping.get(request=setting.ids)[0]
    accounts.delete(request={**setting.ids, "account_id": SOURCE_ACCOUNT})

    assert [it.id for it in listed] == [SOURCE_ACCOUNT]
    assert (posted.target_account_id, posted.status) == (None, "connecting")
    assert mapping.status == "connected"
    assert mapping.target_account_id == setting.account("Lender feed")
    assert accounts.list(request=setting.ids) == []


def test_the_mapping_is_read_by_the_lending_client_too(setting):
    open_feed(setting)
    map_feed(setting)

    mapping = setting.lending.loan_writeback.source_accounts.list_mappings(
        request=setting.ids
    )

    assert mapping[0].source_account_id == SOURCE_ACCOUNT


def test_bank_transactions(setting):
    open_feed(setting)
    map_feed(setting)
    setting.feeds.account_mapping.get(request=setting.ids)
    ids = {**setting.ids, "account_id": SOURCE_ACCOUNT}
    line = {
        "id": "event-1",
        "date_": f"{datetime.now(UTC):%Y-%m-%d}T00:00:00",
        "description": "Advance",
        "amount": -800,
        "balance": -800,
        "transaction_type": "Debit",
    }

    option = setting.feeds.transactions.get_create_model(request=ids)
    accepted = setting.feeds.transactions.create(
        request={
            **ids,
            "create_bank_transactions": {
                "account_id": SOURCE_ACCOUNT,
                "transactions": [line],
            },
        }
    )
    done = setting.feeds.transactions.get_create_operation(
        request={
            "company_id": setting.company_id,
            "push_operation_key": accepted.push_operation_key,
        }
    )

    assert option.properties
    assert done.status.value == "Success", done.validation
    assert setting.books.statement_balance(SOURCE_ACCOUNT) == -800


def test_push_operations_are_listed(setting):
    setting.lending.loan_writeback.transfers.create(
        request={**setting.ids, "accounting_transfer": transfer(setting)}
    )
    request = {"company_id": setting.company_id, "query": "dataType=transfers"}

    for listed in (
        setting.lending.loan_writeback.create_operations.list(request=request),
        setting.platform.push_data.list_operations(request=request),
        setting.feeds.transactions.list_create_operations(request=request),
    ):
        assert listed.total_results == 1
        assert listed.results[0].data_type.value == "transfers"
        assert listed.results[0].data_connection_key == setting.connection_id


def test_what_was_written_is_read_after_a_refresh(setting):
    test_a_direct_cost(setting)
    setting.sandbox.sync(setting.connection_id)

    listed = setting.lending.transactions.direct_costs.list(
        request={**setting.ids, "page": 1, "page_size": 100}
    )

    assert listed.results[0].total_amount == 50
    assert listed.results[0].contact_ref.data_type.value == "suppliers"
