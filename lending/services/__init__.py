"""Writes of the lender's book: each one transaction, no clock, no network."""

from lending.services.events import record_event, reverse_event
from lending.services.loans import (
    close_loan,
    create_company,
    create_loan,
    update_loan_route,
)

__all__ = [
    "close_loan",
    "create_company",
    "create_loan",
    "record_event",
    "reverse_event",
    "update_loan_route",
]
