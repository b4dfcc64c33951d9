"""What the official clients read from the stand-in."""

from datetime import date
from decimal import Decimal

import pytest
from codat_lending.models.errors import ErrorMessage

PAGE = {"page": 1, "page_size": 100}


def test_companies(setting):
    clients = (setting.lending, setting.platform, setting.feeds)

    for client in clients:
        listed = client.companies.list(request=PAGE)
        company = client.companies.get(request={"company_id": setting.company_id})
        assert setting.company_id in {it.id for it in listed.results}
        assert company.name == "Harbour Bakery Ltd"
        assert company.data_connections[0].id == setting.connection_id


def test_a_company_from_cradle_to_grave(setting):
    companies = setting.platform.companies

    made = companies.create(request={"name": "New Borrower Ltd"})
    ids = {"company_id": made.id}
    updated = companies.update(
        request={**ids, "company_update_request": {"description": "Borrower 7"}}
    )
    token = companies.get_access_token(request=ids)
    settings = companies.get_company_sync_settings(request=ids)
    companies.delete(request=ids)

    assert updated.description == "Borrower 7"
    assert token.token_type == "Bearer"
    assert settings.settings
    assert made.id not in {it.id for it in setting.sandbox.companies}


def test_connections(setting):
    for client in (setting.lending, setting.platform, setting.feeds):
        listed = client.connections.list(
            request={"company_id": setting.company_id, **PAGE}
        )
        connection = client.connections.get(request=setting.ids)
        assert [it.id for it in listed.results] == [setting.connection_id]
        assert connection.status.value == "Linked"
        assert connection.source_type.value == "Accounting"


def test_a_connection_from_cradle_to_grave(setting):
    connections = setting.platform.connections
    company = {"company_id": setting.company_id}

    made = connections.create(
        request={**company, "request_body": {"platform_key": "gbol"}}
    )
    setting.sandbox.consent(made.id)
    ids = {**company, "connection_id": made.id}
    unlinked = connections.unlink(
        request={**ids, "update_connection_status": {"status": "Unlinked"}}
    )
    connections.delete(request=ids)

    assert made.status.value == "PendingAuth"
    assert unlinked.status.value == "Unlinked"


def test_integrations(setting):
    integrations = setting.platform.integrations

    listed = integrations.list(request=PAGE)
    xero = integrations.get(request={"platform_key": "gbol"})
    branding = integrations.get_branding(request={"platform_key": "gbol"})

    assert "gbol" in {it.key for it in listed.results}
    assert (xero.name, xero.enabled) == ("Xero", True)
    assert branding.logo.full.image.src


def test_the_organisation(setting):
    profile = setting.lending.company_info.get_accounting_profile(
        request={"company_id": setting.company_id}
    )
    info = setting.feeds.company_information.get(request=setting.ids)

    assert profile.company_name == info.company_name
    assert (profile.base_currency, info.base_currency) == ("GBP", "GBP")


def test_expense_accounts(setting):
    accounts = setting.lending.financial_statements.accounts
    company = {"company_id": setting.company_id}

    listed = accounts.list(
        request={**company, **PAGE, "query": "type=Expense", "order_by": "name"}
    )
    one = accounts.get(request={**company, "account_id": listed.results[0].id})

    assert {it.type.value for it in listed.results} == {"Expense"}
    assert one.name == listed.results[0].name


def test_bank_accounts_have_no_balance(setting):
    listed = setting.feeds.bank_accounts.list(request={**setting.ids, **PAGE})

    names = {it.account_name: it for it in listed.results}
    assert names["Lender account"].id == setting.lender
    assert not names["Business Current Account"].balance


def test_contacts(setting):
    company = {"company_id": setting.company_id}

    suppliers = setting.lending.accounts_payable.suppliers.list(
        request={**company, **PAGE}
    )
    customers = setting.lending.accounts_receivable.customers.list(
        request={**company, **PAGE}
    )

    assert {it.id for it in suppliers.results} == {it.id for it in customers.results}
    assert suppliers.results[0].status.value == "Active"


def test_invoices(setting):
    invoices = setting.lending.accounts_receivable.invoices
    company = {"company_id": setting.company_id}

    listed = invoices.list(
        request={**company, **PAGE, "query": "amountDue>0&&status!=Void"}
    )
    one = invoices.get(request={**company, "invoice_id": setting.invoice.id})

    assert [it.id for it in listed.results] == [setting.invoice.id]
    assert (one.status.value, one.amount_due) == ("Submitted", 1000)


def test_what_was_paid_by_hand(setting):
    setting.sandbox.pay_by_hand(
        setting.connection_id,
        setting.invoice.id,
        Decimal("400.00"),
        setting.account("Business Current Account"),
        date(2026, 5, 30),
    )
    setting.sandbox.sync(setting.connection_id)
    receivable = setting.lending.accounts_receivable
    company = {"company_id": setting.company_id}

    payments = receivable.payments.list(request={**company, **PAGE})
    invoice = receivable.invoices.get(
        request={**company, "invoice_id": setting.invoice.id}
    )

    assert payments.results[0].total_amount == 400
    assert invoice.status.value == "PartiallyPaid"
    assert invoice.payment_allocations[0].allocation.total_amount == -400


def test_a_refresh(setting):
    refresh = setting.platform.refresh_data
    company = {"company_id": setting.company_id}

    pull = refresh.by_data_type(
        request={
            **company,
            "data_type": "invoices",
            "connection_id": setting.connection_id,
        }
    )
    refresh.all(request=company)
    again = refresh.get_pull_operation(request={**company, "dataset_id": pull.id})
    listed = refresh.list_pull_operations(request={**company, **PAGE})
    status = refresh.get(request=company)
    checked = setting.platform.read_data.get_validation_results(
        request={**company, "dataset_id": pull.id}
    )

    assert pull.status.value == "Queued"
    assert again.status.value == "Complete"
    assert pull.id in {it.id for it in listed.results}
    assert status.invoices.current_status.value == "Complete"
    assert checked.errors == []


def test_webhook_consumers(setting):
    webhooks = setting.platform.webhooks

    made = webhooks.create_consumer(
        request={
            "url": "https://lender.example/hooks",
            "event_types": ["transfers.write.successful"],
        }
    )
    listed = webhooks.list_consumers()
    webhooks.delete_consumer(request={"webhook_id": made.id})

    assert made.id in {it.id for it in listed.results}
    assert webhooks.list_consumers().results == []


def test_an_error_is_understood(setting):
    with pytest.raises(ErrorMessage) as caught:
        setting.lending.companies.get(
            request={"company_id": "8a156a5a-39cb-4f9d-856e-76ef9b9a9607"}
        )

    assert caught.value.data.status_code == 404
    assert "No company was found" in caught.value.data.error
