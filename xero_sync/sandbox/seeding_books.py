"""What the borrower does in Xero itself: accounts, contacts, invoices, payments."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from threading import RLock

from xero_sync.sandbox.organisation import Account, Contact, Invoice, Organisation
from xero_sync.sandbox.posting import Posting
from xero_sync.sandbox.posting_payments import book_payment
from xero_sync.sandbox.state import World

FIXED = frozenset({"Draft", "Void", "Unknown"})
ZERO = Decimal(0)


class BookSeeding:
    """Changes to the books which do not come through the API."""

    _world: World
    _lock: RLock

    def _organisation(self, connection_id: str) -> Organisation:
        connection = self._world.connections[connection_id]
        if connection.organisation_id is None and connection.offered_id is not None:
            return self._world.organisations[connection.offered_id]
        return self._world.organisation_of(connection)

    def add_supplier(
        self, connection_id: str, name: str, *, status: str = "Active"
    ) -> Contact:
        """Add a contact: both a supplier and a customer."""
        with self._lock:
            tenant = self._organisation(connection_id)
            contact = Contact(name=name, modified=self._world.now, status=status)
            tenant.contacts[contact.id] = contact
            return contact

    def add_account(
        self,
        connection_id: str,
        *,
        name: str,
        category: str = "Expense.Overhead",
        code: str | None = None,
        currency: str | None = None,
        tax_rate: str = "NONE",
        payments_enabled: bool = False,
        account_type: str = "Debit",
        sort_code: str | None = None,
        account_number: str | None = None,
    ) -> Account:
        """Add an account; `Asset.Bank` makes it a bank account."""
        with self._lock:
            tenant = self._organisation(connection_id)
            return tenant.add_account(
                Account(
                    name=name,
                    category=category,
                    currency=currency or tenant.base_currency,
                    modified=self._world.now,
                    code=code,
                    tax_rate=tax_rate,
                    payments_enabled=payments_enabled,
                    account_type=account_type,
                    sort_code=sort_code,
                    account_number=account_number,
                )
            )

    def archive_account(self, connection_id: str, account_id: str) -> None:
        """Archive an account."""
        with self._lock:
            account = self._organisation(connection_id).accounts[account_id]
            account.status = "Archived"
            account.modified = self._world.now

    def archive_supplier(self, connection_id: str, contact_id: str) -> None:
        """Archive a contact."""
        with self._lock:
            contact = self._organisation(connection_id).contacts[contact_id]
            contact.status = "Archived"
            contact.modified = self._world.now

    def archive_tax_rate(self, connection_id: str, rate_id: str) -> None:
        """Archive a tax rate: Xero keeps it, and takes it on no new entry."""
        with self._lock:
            rates = self._organisation(connection_id).tax_rates
            rates[rate_id] = replace(rates[rate_id], status="Archived")

    def delete_tax_rate(self, connection_id: str, rate_id: str) -> None:
        """Take a tax rate away, as Xero does with one that nothing was entered by."""
        with self._lock:
            del self._organisation(connection_id).tax_rates[rate_id]

    def set_ledger_lock_date(self, connection_id: str, locked: dt.date | None) -> None:
        """Close the books up to and including a day."""
        with self._lock:
            self._organisation(connection_id).lock_date = locked

    def add_invoice(
        self,
        connection_id: str,
        *,
        number: str | None,
        total: Decimal,
        issue_date: dt.date,
        due_date: dt.date | None = None,
        customer: str = "Ridgeway Stores",
        currency: str = "GBP",
        status: str = "Submitted",
        tax: Decimal = ZERO,
        amount_due: Decimal | None = None,
    ) -> Invoice:
        """Add a sales invoice, and book the sale unless it is a draft or void.

        `amount_due` below the total stands for a credit note.
        """
        with self._lock:
            tenant = self._organisation(connection_id)
            contact = tenant.contact_named(customer)
            if contact is None:
                contact = self.add_supplier(connection_id, customer)
            invoice = Invoice(
                number=number,
                contact_id=contact.id,
                currency=currency,
                issue_date=issue_date,
                due_date=due_date,
                total=Decimal(total),
                tax=Decimal(tax),
                modified=self._world.now,
                fixed_status=status if status in FIXED else None,
            )
            tenant.invoices[invoice.id] = invoice
            if status in FIXED:
                invoice.amount_due = ZERO if status == "Void" else invoice.total
                return invoice
            self._sell(tenant, invoice)
            left = ZERO if status == "Paid" else amount_due
            if left is not None and left < invoice.total:
                self.credit_invoice(connection_id, invoice.id, invoice.total - left)
            return invoice

    def _sell(self, tenant: Organisation, invoice: Invoice) -> None:
        invoice.amount_due = invoice.total
        net = invoice.total - invoice.tax
        Posting(tenant, {}, self._world.now).post(
            "invoices",
            invoice.issue_date,
            invoice.total,
            [
                (tenant.receivables_id, invoice.total),
                (tenant.sales_id, -net),
                (tenant.tax_id, -invoice.tax),
            ],
            currency=invoice.currency,
            record_id=invoice.id,
            reference=invoice.number,
            contact_id=invoice.contact_id,
            invoice_id=invoice.id,
        )

    def credit_invoice(
        self, connection_id: str, invoice_id: str, amount: Decimal
    ) -> None:
        """A credit note takes something off an invoice."""
        with self._lock:
            tenant = self._organisation(connection_id)
            invoice = tenant.invoices[invoice_id]
            Posting(tenant, {}, self._world.now).post(
                "creditNotes",
                self._world.now.date(),
                amount,
                [(tenant.sales_id, amount), (tenant.receivables_id, -amount)],
                currency=invoice.currency,
                contact_id=invoice.contact_id,
                invoice_id=invoice.id,
            )
            invoice.amount_due -= amount
            invoice.modified = self._world.now

    def pay_by_hand(
        self,
        connection_id: str,
        invoice_id: str,
        amount: Decimal,
        account_id: str,
        date: dt.date,
    ) -> str:
        """The borrower marks an invoice as paid; return the id of the payment."""
        with self._lock:
            tenant = self._organisation(connection_id)
            return book_payment(
                Posting(tenant, {}, self._world.now),
                tenant.invoices[invoice_id],
                tenant.accounts[account_id],
                Decimal(amount),
                date,
                "By hand",
            )
