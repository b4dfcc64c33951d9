"""What is booked in the borrower's Xero: invoices, payments, transfers, costs.

Read from Codat's cache, which does not know what was just written: refresh the data
type first. An invoice carries its allocations only if payments were refreshed before
invoices.
"""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from xero_sync.codat import values
from xero_sync.codat.calls import Calls, Fields, an_object, path


@dataclass(frozen=True, slots=True)
class Allocation:
    """What one payment paid of an invoice, and into which account."""

    payment_id: str
    account_id: str
    amount: Decimal | None
    currency: str
    date: dt.date | None
    reference: str


@dataclass(frozen=True, slots=True)
class Invoice:
    """A sales invoice; nothing due does not prove that cash came in."""

    id: str
    number: str
    customer_id: str
    currency: str
    total_amount: Decimal | None
    amount_due: Decimal | None
    status: str
    allocations: tuple[Allocation, ...]
    is_deleted: bool


@dataclass(frozen=True, slots=True)
class PaymentLink:
    """The record a payment is for; what it takes off an invoice is negative."""

    type: str
    id: str
    amount: Decimal | None


@dataclass(frozen=True, slots=True)
class Payment:
    """Money received for invoices."""

    id: str
    customer_id: str
    account_id: str
    total_amount: Decimal | None
    currency: str
    date: dt.date | None
    reference: str
    links: tuple[PaymentLink, ...]
    is_deleted: bool


@dataclass(frozen=True, slots=True)
class Transfer:
    """Money moved between two accounts; amount is what left the first one."""

    id: str
    from_account_id: str
    to_account_id: str
    amount: Decimal | None
    date: dt.date | None
    is_deleted: bool


@dataclass(frozen=True, slots=True)
class DirectCost:
    """Money spent without a bill; account_id is the account it was paid from."""

    id: str
    reference: str
    supplier_id: str
    currency: str
    date: dt.date | None
    total_amount: Decimal | None
    account_id: str
    is_deleted: bool


class LedgerOperations(Calls):
    """Read bookings. A list is whole, over all its pages."""

    def list_invoices(
        self, company_id: str | UUID, query: str | None = None
    ) -> list[Invoice]:
        """Return the sales invoices, deleted ones included."""
        return self._all(
            path("companies", company_id, "data", "invoices"), _invoice, query=query
        )

    def get_invoice(self, company_id: str | UUID, invoice_id: str) -> Invoice:
        """Return one sales invoice."""
        target = path("companies", company_id, "data", "invoices", invoice_id)
        return _invoice(an_object(self._get(target)))

    def list_payments(
        self, company_id: str | UUID, query: str | None = None
    ) -> list[Payment]:
        """Return the payments received, deleted ones included."""
        return self._all(
            path("companies", company_id, "data", "payments"), _payment, query=query
        )

    def list_transfers(
        self,
        company_id: str | UUID,
        connection_id: str | UUID,
        query: str | None = None,
    ) -> list[Transfer]:
        """Return the transfers behind a connection."""
        target = _connection_data(company_id, connection_id, "transfers")
        return self._all(target, _transfer, query=query)

    def list_direct_costs(
        self,
        company_id: str | UUID,
        connection_id: str | UUID,
        query: str | None = None,
    ) -> list[DirectCost]:
        """Return the direct costs behind a connection."""
        target = _connection_data(company_id, connection_id, "directCosts")
        return self._all(target, _direct_cost, query=query)


def _connection_data(
    company_id: str | UUID, connection_id: str | UUID, data_type: str
) -> str:
    return path(
        "companies", company_id, "connections", connection_id, "data", data_type
    )


def _invoice(source: Fields) -> Invoice:
    return Invoice(
        id=values.text(source, "id"),
        number=values.text(source, "invoiceNumber"),
        customer_id=values.text(source, "customerRef", "id"),
        currency=values.text(source, "currency"),
        total_amount=values.money(source, "totalAmount"),
        amount_due=values.money(source, "amountDue"),
        status=values.text(source, "status"),
        allocations=values.records(source, "paymentAllocations", _allocation),
        is_deleted=values.is_deleted(source),
    )


def _allocation(source: Fields) -> Allocation:
    payment = values.child(source, "payment")
    allocation = values.child(source, "allocation")
    amount = values.money(allocation, "totalAmount")
    return Allocation(
        payment_id=values.text(payment, "id"),
        account_id=values.text(payment, "accountRef", "id"),
        amount=values.money(payment, "totalAmount") if amount is None else amount,
        currency=values.text(allocation, "currency")
        or values.text(payment, "currency"),
        date=values.day(payment, "paidOnDate")
        or values.day(allocation, "allocatedOnDate"),
        reference=values.text(payment, "reference"),
    )


def _payment(source: Fields) -> Payment:
    lines = values.records(
        source, "lines", lambda line: values.records(line, "links", _payment_link)
    )
    return Payment(
        id=values.text(source, "id"),
        customer_id=values.text(source, "customerRef", "id"),
        account_id=values.text(source, "accountRef", "id"),
        total_amount=values.money(source, "totalAmount"),
        currency=values.text(source, "currency"),
        date=values.day(source, "date"),
        reference=values.text(source, "reference"),
        links=tuple(link for links in lines for link in links),
        is_deleted=values.is_deleted(source),
    )


def _payment_link(source: Fields) -> PaymentLink:
    return PaymentLink(
        type=values.text(source, "type"),
        id=values.text(source, "id"),
        amount=values.money(source, "amount"),
    )


def _transfer(source: Fields) -> Transfer:
    return Transfer(
        id=values.text(source, "id"),
        from_account_id=values.text(source, "from", "accountRef", "id"),
        to_account_id=values.text(source, "to", "accountRef", "id"),
        amount=values.money(source, "from", "amount"),
        date=values.day(source, "date"),
        is_deleted=values.is_deleted(source),
    )


def _direct_cost(source: Fields) -> DirectCost:
    paid_from = values.records(
        source,
        "paymentAllocations",
        lambda item: values.text(item, "payment", "accountRef", "id"),
    )
    return DirectCost(
        id=values.text(source, "id"),
        reference=values.text(source, "reference"),
        supplier_id=values.text(source, "contactRef", "id"),
        currency=values.text(source, "currency"),
        date=values.day(source, "issueDate"),
        total_amount=values.money(source, "totalAmount"),
        account_id=next(iter(paid_from), ""),
        is_deleted=values.is_deleted(source),
    )
