"""Writes of the lender's book: each one transaction, no clock, no network."""

from lending.services.events import (
    NewEvent,
    TakenMeanwhile,
    only,
    record_event,
    record_events,
    reverse_event,
)
from lending.services.loans import (
    close_loan,
    create_company,
    create_loan,
    update_loan_route,
)

__all__ = [
    "NewEvent",
    "TakenMeanwhile",
    "close_loan",
    "create_company",
    "create_loan",
    "only",
    "record_event",
    "record_events",
    "reverse_event",
    "update_loan_route",
]
