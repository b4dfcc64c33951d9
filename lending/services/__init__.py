"""Writes of the lender's book: each one transaction, no clock, no network."""

from lending.services.events import (
    NewEvent,
    TakenMeanwhile,
    record_event,
    record_events,
    record_in_transaction,
    reverse_event,
)
from lending.services.loans import (
    close_loan,
    create_company,
    create_loan,
    lock_loan_of,
    remove_company,
    update_company,
    update_loan_route,
)

__all__ = [
    "NewEvent",
    "TakenMeanwhile",
    "close_loan",
    "create_company",
    "create_loan",
    "lock_loan_of",
    "record_event",
    "record_events",
    "record_in_transaction",
    "remove_company",
    "reverse_event",
    "update_company",
    "update_loan_route",
]
