"""Which data types can be read, in which order, and what a query may name."""

from __future__ import annotations

# Codat fills paymentAllocations of invoices from payments it already has, hence the
# order in which a first synchronisation reads them.
SYNC_ORDER = (
    "company",
    "taxRates",
    "chartOfAccounts",
    "bankAccounts",
    "customers",
    "suppliers",
    "payments",
    "invoices",
    "transfers",
    "directCosts",
)


def _fields(names: str) -> frozenset[str]:
    return frozenset(f"id modifiedDate sourceModifiedDate metadata {names}".split())


FIELDS = {
    "chartOfAccounts": _fields(
        "nominalCode name description fullyQualifiedCategory fullyQualifiedName "
        "currency currentBalance type status isBankAccount"
    ),
    "bankAccounts": _fields(
        "accountName accountType nominalCode sortCode accountNumber iBan currency "
        "balance institution availableBalance overdraftLimit status"
    ),
    "suppliers": _fields(
        "supplierName contactName emailAddress phone registrationNumber taxNumber "
        "status defaultCurrency"
    ),
    "customers": _fields(
        "customerName contactName emailAddress phone registrationNumber taxNumber "
        "status defaultCurrency"
    ),
    "invoices": _fields(
        "invoiceNumber customerRef issueDate dueDate paidOnDate currency currencyRate "
        "totalDiscount subTotal totalTaxAmount totalAmount amountDue status note"
    ),
    "payments": _fields(
        "customerRef accountRef totalAmount currency currencyRate date note reference"
    ),
    "transfers": _fields("description contactRef date from to status"),
    "directCosts": _fields(
        "reference note contactRef issueDate currency currencyRate subTotal taxAmount "
        "totalAmount"
    ),
    "taxRates": _fields("name code effectiveTaxRate totalTaxRate status"),
}
