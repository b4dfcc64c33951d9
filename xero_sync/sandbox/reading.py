"""How the records of an organisation look when Codat has read them."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from xero_sync.sandbox.organisation import (
    Account,
    Contact,
    Invoice,
    Organisation,
    TaxRate,
)
from xero_sync.sandbox.wire import JsonObject, day, stamp

ONE, NONE = Decimal(1), Decimal(0)


def read(
    organisation: Organisation, data_type: str, payments: list[JsonObject] | None
) -> list[JsonObject]:
    """The records of a data type, as they are now.

    Args:
        payments: those which Codat has already read, for the invoices.
    """
    if data_type == "invoices":
        return [
            _invoice(organisation, it, payments or [])
            for it in organisation.invoices.values()
        ]
    return _READERS[data_type](organisation)


def _dated(record: JsonObject, modified: Any) -> JsonObject:
    text = stamp(modified)
    return {
        **{name: value for name, value in record.items() if value is not None},
        "modifiedDate": text,
        "sourceModifiedDate": text[:19],
        "metadata": {"isDeleted": False},
    }


def _company(organisation: Organisation) -> list[JsonObject]:
    locked = organisation.lock_date
    profile: JsonObject = {
        "companyName": organisation.name,
        "companyLegalName": organisation.name,
        "accountingPlatformRef": organisation.id,
        "baseCurrency": organisation.base_currency,
        "ledgerLockDate": day(locked) if locked else None,
        "addresses": [],
        "phoneNumbers": [],
        "webLinks": [],
        "sourceUrls": {},
        "createdDate": stamp(organisation.created)[:19],
    }
    return [{name: value for name, value in profile.items() if value is not None}]


def _accounts(organisation: Organisation) -> list[JsonObject]:
    return [_account(organisation, it) for it in organisation.accounts.values()]


def _account(organisation: Organisation, account: Account) -> JsonObject:
    links = [
        "DirectCost.LineItems.AccountRef.Id",
        "DirectIncome.LineItems.AccountRef.Id",
    ]
    if account.takes_payments:
        links = ["Payment.AccountRef.Id", "BillPayment.AccountRef.Id", *links]
    balance = None if account.is_bank else organisation.ledger.balance(account.id)
    return _dated(
        {
            "id": account.id,
            "nominalCode": account.code,
            "name": account.name,
            "description": account.description,
            "fullyQualifiedCategory": account.category,
            "fullyQualifiedName": f"{account.category}.{account.name}",
            "currency": account.currency,
            "currentBalance": balance,
            "type": account.category.split(".")[0],
            "status": account.status,
            "isBankAccount": account.is_bank,
            "validDatatypeLinks": [{"property": "Id", "links": links}],
        },
        account.modified,
    )


def _bank_accounts(organisation: Organisation) -> list[JsonObject]:
    # Codat's Xero page: the balance of a bank account is not filled.
    return [
        _dated(
            {
                "id": it.id,
                "nominalCode": it.code,
                "accountName": it.name,
                "accountType": it.account_type,
                "sortCode": it.sort_code,
                "accountNumber": it.account_number,
                "currency": it.currency,
                "status": it.status,
            },
            it.modified,
        )
        for it in organisation.accounts.values()
        if it.is_bank
    ]


def _suppliers(organisation: Organisation) -> list[JsonObject]:
    return [_contact(it, "supplierName") for it in organisation.contacts.values()]


def _customers(organisation: Organisation) -> list[JsonObject]:
    return [
        {**_contact(it, "customerName"), "contacts": []}
        for it in organisation.contacts.values()
    ]


def _contact(contact: Contact, name: str) -> JsonObject:
    return _dated(
        {
            "id": contact.id,
            name: contact.name,
            "emailAddress": "",
            "addresses": [],
            **contact.details,
            "status": contact.status,
        },
        contact.modified,
    )


def _invoice(
    organisation: Organisation, invoice: Invoice, payments: list[JsonObject]
) -> JsonObject:
    contact = organisation.contacts[invoice.contact_id]
    paid_on, due = invoice.paid_on, invoice.due_date
    net = invoice.total - invoice.tax
    line = {
        "description": f"Invoice {invoice.number}",
        "unitAmount": net,
        "quantity": ONE,
        "discountAmount": NONE,
        "subTotal": net,
        "taxAmount": invoice.tax,
        "totalAmount": invoice.total,
        "accountRef": {"id": organisation.sales_id, "name": "Sales"},
    }
    return _dated(
        {
            "id": invoice.id,
            "invoiceNumber": invoice.number,
            "customerRef": {"id": contact.id, "companyName": contact.name},
            "issueDate": day(invoice.issue_date),
            "dueDate": day(due) if due else None,
            "paidOnDate": day(paid_on) if paid_on else None,
            "currency": invoice.currency,
            "currencyRate": ONE,
            "lineItems": [line],
            "paymentAllocations": _allocations(invoice, payments),
            "withholdingTax": [],
            "totalDiscount": NONE,
            "subTotal": net,
            "additionalTaxAmount": NONE,
            "additionalTaxPercentage": NONE,
            "totalTaxAmount": invoice.tax,
            "totalAmount": invoice.total,
            "amountDue": invoice.amount_due,
            "status": invoice.status,
        },
        invoice.modified,
    )


def _allocations(invoice: Invoice, payments: list[JsonObject]) -> list[JsonObject]:
    return [
        {
            "payment": {
                "id": payment["id"],
                "accountRef": payment["accountRef"],
                "currency": payment["currency"],
                "currencyRate": payment["currencyRate"],
                "paidOnDate": payment["date"],
                "totalAmount": payment["totalAmount"],
                "reference": payment["reference"],
            },
            "allocation": {
                "currency": payment["currency"],
                "currencyRate": payment["currencyRate"],
                "allocatedOnDate": payment["date"],
                "totalAmount": link["amount"],
            },
        }
        for payment in payments
        for line in payment["lines"]
        for link in line["links"]
        if link["id"] == invoice.id
    ]


def _uses(rate: TaxRate) -> list[str]:
    """What Codat's published example of Xero's rates links them to; no direct costs."""
    sales, purchases = ("Invoice", "CreditNote"), ("Bill", "BillCreditNote")
    kinds = [
        *(sales if rate.on_sales else ()),
        *(purchases if rate.on_purchases else ()),
    ]
    return [f"{kind}.LineItems.TaxRateRef.Id" for kind in kinds]


def _tax_rates(organisation: Organisation) -> list[JsonObject]:
    return [
        {
            "id": rate.id,
            "name": rate.name,
            "code": rate.id,
            "effectiveTaxRate": rate.percent,
            "totalTaxRate": rate.percent,
            "status": rate.status,
            "components": [],
            "validDatatypeLinks": [{"property": "Id", "links": _uses(rate)}],
            "metadata": {"isDeleted": False},
        }
        for rate in organisation.tax_rates.values()
    ]


def _posted(attribute: str) -> Callable[[Organisation], list[JsonObject]]:
    def reader(organisation: Organisation) -> list[JsonObject]:
        posted = {
            entry.record_id: entry.posted_at for entry in organisation.ledger.entries
        }
        return [
            _dated(record, posted[record["id"]])
            for record in getattr(organisation, attribute)
        ]

    return reader


_READERS: dict[str, Callable[[Organisation], list[JsonObject]]] = {
    "company": _company,
    "taxRates": _tax_rates,
    "chartOfAccounts": _accounts,
    "bankAccounts": _bank_accounts,
    "suppliers": _suppliers,
    "customers": _customers,
    "payments": _posted("payments"),
    "transfers": _posted("transfers"),
    "directCosts": _posted("direct_costs"),
}
