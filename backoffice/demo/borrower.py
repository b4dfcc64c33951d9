"""Takes a borrower on, ready for write-back, through the services of the product."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from django.contrib.auth import get_user_model
from django.utils.crypto import get_random_string

from backoffice.demo.sandbox import Sandbox
from lending import services
from lending.models import CollectionRoute, Company, InvoicePaymentPosting, Loan
from xero_sync.accounts import choice, options
from xero_sync.accounts.driving import drive, once_read
from xero_sync.codat.client import CodatClient
from xero_sync.connections import adopting, switches
from xero_sync.models import Connection
from xero_sync.runtime.clock import database_now
from xero_sync.webhooks import registration as webhook_registration
from xero_sync.xero_app import registration

DEBTOR = "Northgate Builders"
OPERATOR = "operator"
RECORDED_BY = f"user:{OPERATOR}"
DUE_AFTER = timedelta(days=60)


@dataclass(frozen=True)
class Borrower:
    """Whom to take on, and the number of the lender's account in their books."""

    reference: str
    name: str
    account_number: str


@dataclass(frozen=True)
class Login:
    """An operator's way in."""

    name: str
    password: str


def let_customers_consent() -> None:
    """Record where privacy policy and terms are; without them nobody can consent."""
    registration.save_links(
        privacy_url="https://lender.example/privacy",
        terms_url="https://lender.example/terms",
        changed_by=RECORDED_BY,
        now=database_now(),
    )


def operator_login() -> Login:
    """Let an operator in who may do everything, with a password of today."""
    password = get_random_string(12)
    operator, _ = get_user_model()._default_manager.get_or_create(
        username=OPERATOR,
        defaults={
            "email": "operator@example.com",
            "is_staff": True,
            "is_superuser": True,
        },
    )
    operator.set_password(password)
    operator.save()
    return Login(OPERATOR, password)


def take_on(borrower: Borrower, sandbox: Sandbox, client: CodatClient) -> Connection:
    """Take a borrower on: connection, feed, accounts, switch, webhook address."""
    let_customers_consent()
    webhook_registration.register(client=client)
    connection = _connect(borrower, sandbox, client)
    _choose_accounts(borrower, connection, client)
    return switches.switch_writeback(
        connection=connection, on=True, switched_by=RECORDED_BY, now=database_now()
    )


def _connect(borrower: Borrower, sandbox: Sandbox, client: CodatClient) -> Connection:
    company = services.create_company(
        reference=borrower.reference,
        legal_name=borrower.name,
        currency="GBP",
        country="GB",
        contact_email=f"accounts@{borrower.reference.lower()}.example",
    )
    remote = sandbox.arrange("companies", name=borrower.name)
    linked = sandbox.arrange("connections", companyId=remote["id"])
    connection = adopting.import_codat_company(
        company=company,
        codat_company_id=UUID(remote["id"]),
        codat_connection_id=UUID(linked["id"]),
        client=client,
        now=database_now(),
    )
    return switches.set_bank_feeds(
        connection=connection, on=True, now=database_now(), set_by=RECORDED_BY
    )


def _choose_accounts(
    borrower: Borrower, connection: Connection, client: CodatClient
) -> None:
    offered = once_read(lambda: options.choices(connection=connection, client=client))
    expense = next(one for one in offered.expense_accounts if one.name == "Bank Fees")
    begun = once_read(
        lambda: choice.begin(
            connection=connection,
            choice=choice.Choice(
                lender_account=choice.NewLenderAccount(
                    borrower.account_number, "200000"
                ),
                nominated_account_id=offered.bank_accounts[0].id,
                expense_account=expense.id,
            ),
            by=RECORDED_BY,
            now=database_now(),
            client=client,
        )
    )
    drive(begun, client=client)


def agree_loan(
    connection: Connection,
    sandbox: Sandbox,
    *,
    reference: str,
    invoice_number: str,
    invoice_amount: Decimal,
    agreed_on: date,
    route: CollectionRoute = CollectionRoute.LENDER,
) -> Loan:
    """Agree a loan against an invoice, which is put into the borrower's Xero."""
    loan = services.create_loan(
        company=connection.company,
        reference=reference,
        agreed_on=agreed_on,
        invoice_number=invoice_number,
        invoice_amount=invoice_amount,
        debtor_name=DEBTOR,
        collection_route=route,
        invoice_payment_posting=InvoicePaymentPosting.POST_ON_NOMINATED,
    )
    sandbox.arrange(
        "invoices",
        connectionId=str(connection.codat_connection_id),
        number=invoice_number,
        total=str(invoice_amount),
        customer=DEBTOR,
        issueDate=agreed_on.isoformat(),
        dueDate=(agreed_on + DUE_AFTER).isoformat(),
    )
    return loan


def today_of(company: Company) -> date:
    """Return the day it is for a company."""
    return company.today(database_now())
