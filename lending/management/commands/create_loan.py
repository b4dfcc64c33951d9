"""Agree a loan against one invoice."""

from typing import Any

from django.core.management.base import CommandParser

from lending import formats, money, services
from lending.management.base import PlainCommand, a_date, company_named
from lending.models import CollectionRoute, InvoicePaymentPosting


class Command(PlainCommand):
    """`manage.py create_loan`."""

    help = "Agree a loan against one invoice of a company."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("reference", help="Your name for the loan.")
        parser.add_argument("--company", required=True, help="Its reference.")
        parser.add_argument(
            "--agreed-on", required=True, type=a_date, metavar="YYYY-MM-DD"
        )
        parser.add_argument("--invoice-number", required=True)
        parser.add_argument("--invoice-amount", required=True, metavar="AMOUNT")
        parser.add_argument("--debtor", required=True, help="Who pays the invoice.")
        parser.add_argument(
            "--route",
            choices=CollectionRoute.values,
            default=CollectionRoute.LENDER.value,
            help="Whom the debtor pays (default: %(default)s).",
        )
        parser.add_argument(
            "--posting",
            choices=InvoicePaymentPosting.values,
            default=InvoicePaymentPosting.LEAVE_TO_BORROWER.value,
            help="On the route borrower: who books the invoice payment.",
        )
        parser.add_argument(
            "--invoice-id", default="", help="The invoice's id in the borrower's books."
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        """Agree the loan and name it."""
        company = company_named(options["company"])
        loan = services.create_loan(
            company=company,
            reference=options["reference"],
            agreed_on=options["agreed_on"],
            invoice_number=options["invoice_number"],
            invoice_amount=money.parse_amount(
                options["invoice_amount"], company.currency, field="invoice_amount"
            ),
            debtor_name=options["debtor"],
            invoice_external_id=options["invoice_id"],
            collection_route=options["route"],
            invoice_payment_posting=options["posting"],
        )
        amount = formats.money(loan.invoice_amount, company.currency)
        self.say(
            f"Loan {loan.reference} is agreed with {company} against invoice "
            f"{loan.invoice_number} of {amount}; route {loan.collection_route}."
        )
