"""Where the write-back listens to the lender's book."""

from collections.abc import Sequence
from typing import Any

from django.dispatch import receiver

from lending.models import LoanEvent
from lending.signals import loan_event_recorded
from xero_sync.clock import database_now
from xero_sync.writeback import planner


@receiver(loan_event_recorded, dispatch_uid="xero_sync.plan")
def plan_writeback(events: Sequence[LoanEvent], **_: Any) -> None:
    """Plan the entries of recorded events, in the transaction that records them."""
    planner.plan(events=events, now=database_now())
