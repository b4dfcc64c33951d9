"""The lender's book: companies, loans and what happened on them."""

from lending.models.audit import AuditEntry
from lending.models.company import Company
from lending.models.event import EventKind, LoanEvent, LoanEventQuerySet
from lending.models.loan import (
    CollectionRoute,
    InvoicePaymentPosting,
    Loan,
    LoanQuerySet,
)
from lending.models.references import (
    REFERENCE_PATTERN,
    REFERENCE_RULE,
    RESERVED_REFERENCE,
    is_reference,
    validate_reference,
)
from lending.models.seal import Seal

__all__ = [
    "REFERENCE_PATTERN",
    "REFERENCE_RULE",
    "RESERVED_REFERENCE",
    "AuditEntry",
    "CollectionRoute",
    "Company",
    "EventKind",
    "InvoicePaymentPosting",
    "Loan",
    "LoanEvent",
    "LoanEventQuerySet",
    "LoanQuerySet",
    "Seal",
    "is_reference",
    "validate_reference",
]
