"""The demo's borrower and its two loans, through the services that everybody uses."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from django.contrib.auth import get_user_model
from django.utils.crypto import get_random_string

from backoffice.demo.sandbox import Sandbox
from lending import services
from lending.models import CollectionRoute, Company, InvoicePaymentPosting, Loan
from xero_sync import connections, lender_accounts, mapping, offers, webhook_setup
from xero_sync.clock import database_now
from xero_sync.codat.client import CodatClient
from xero_sync.models import Connection

BORROWER = "Harbour Joinery Ltd"
DEBTOR = "Northgate Builders"
OPERATOR = "operator"
RECORDED_BY = f"user:{OPERATOR}"
INVOICE_AMOUNT = Decimal(1_000)
DAYS_DRAWN, DAYS_PAID = 30, 1

# Reference, route, and what happens: the kind, the amount, how many days ago.
LOANS = (
    (
        "loan-a",
        CollectionRoute.LENDER,
        (
            ("drawdown", 800, DAYS_DRAWN),
            ("invoice_payment", 1_000, DAYS_PAID),
            ("fee", 50, DAYS_PAID),
            ("residual_release", 150, DAYS_PAID),
        ),
    ),
    (
        "loan-b",
        CollectionRoute.BORROWER,
        (
            ("drawdown", 800, DAYS_DRAWN),
            ("invoice_payment", 1_000, DAYS_PAID),
            ("fee", 50, DAYS_PAID),
            ("final_payment", 850, DAYS_PAID),
        ),
    ),
)


@dataclass(frozen=True)
class Login:
    """An operator's way in."""

    name: str
    password: str


def create_operator() -> Login:
    """Create an operator who may do everything, with a password of today."""
    password = get_random_string(12)
    get_user_model()._default_manager.create_superuser(
        OPERATOR, "operator@example.com", password
    )
    return Login(OPERATOR, password)


def set_up(sandbox: Sandbox, client: CodatClient) -> Connection:
    """Take the borrower on: connection, feed, accounts, switch, webhook address."""
    webhook_setup.register(client=client)
    connection = _connect(sandbox, client)
    _choose_accounts(connection, client)
    return connections.switch_writeback(
        connection=connection, on=True, switched_by=RECORDED_BY, now=database_now()
    )


def _connect(sandbox: Sandbox, client: CodatClient) -> Connection:
    company = services.create_company(
        reference="harbour-joinery",
        legal_name=BORROWER,
        currency="GBP",
        country="GB",
        contact_email="accounts@harbour-joinery.example",
    )
    remote = sandbox.arrange("companies", name=BORROWER)
    linked = sandbox.arrange("connections", companyId=remote["id"])
    connection = connections.import_codat_company(
        company=company,
        codat_company_id=UUID(remote["id"]),
        codat_connection_id=UUID(linked["id"]),
        client=client,
        now=database_now(),
    )
    return connections.set_bank_feeds(
        connection=connection, on=True, now=database_now()
    )


def _choose_accounts(connection: Connection, client: CodatClient) -> None:
    account = lender_accounts.create(
        connection=connection,
        account_number="00801850",
        sort_code="200000",
        client=client,
    )
    supplier = mapping.ensure_supplier(connection=connection, client=client)
    offered = offers.choices(connection=connection, client=client)
    expense = next(one for one in offered.expense_accounts if one.name == "Bank Fees")
    mapping.choose_accounts(
        connection=connection,
        lender_account=account,
        nominated_account_id=offered.bank_accounts[0].id,
        expense_account_id=expense.id,
        supplier_id=supplier.id,
        client=client,
        chosen_by=RECORDED_BY,
        now=database_now(),
    )


def agree_loans(connection: Connection, sandbox: Sandbox) -> list[Loan]:
    """Agree a loan of each route; the borrower's invoices are in his Xero."""
    agreed_on = _today(connection.company) - timedelta(days=DAYS_DRAWN + 1)
    return [
        _agree(connection, sandbox, reference, route, agreed_on)
        for reference, route, _ in LOANS
    ]


def _agree(
    connection: Connection,
    sandbox: Sandbox,
    reference: str,
    route: CollectionRoute,
    agreed_on: date,
) -> Loan:
    number = f"INV-{reference[-1].upper()}"
    loan = services.create_loan(
        company=connection.company,
        reference=reference,
        agreed_on=agreed_on,
        invoice_number=number,
        invoice_amount=INVOICE_AMOUNT,
        debtor_name=DEBTOR,
        collection_route=route,
        invoice_payment_posting=InvoicePaymentPosting.POST_ON_NOMINATED,
    )
    sandbox.arrange(
        "invoices",
        connectionId=str(connection.codat_connection_id),
        number=number,
        total=str(INVOICE_AMOUNT),
        customer=DEBTOR,
        issueDate=agreed_on.isoformat(),
        dueDate=(agreed_on + timedelta(days=60)).isoformat(),
    )
    return loan


def record_lives(loans: list[Loan]) -> Iterator[str]:
    """Record all that happens on the loans; yield each event in words."""
    for loan, (_, _, events) in zip(loans, LOANS, strict=True):
        today = _today(loan.company)
        for number, (kind, amount, days_ago) in enumerate(events, start=1):
            event, _ = services.record_event(
                loan=loan,
                kind=kind,
                amount=Decimal(amount),
                value_date=today - timedelta(days=days_ago),
                recorded_by=RECORDED_BY,
                today=today,
                external_id=f"{loan.reference}-{number}",
            )
            yield f"{event.external_id} {kind} {event.amount} on {event.value_date}"


def _today(company: Company) -> date:
    return company.today(database_now())
