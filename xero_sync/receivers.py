"""Where the write-back listens to the lender's book."""

from collections.abc import Sequence
from typing import Any

from django.dispatch import receiver

from lending.models import LoanEvent
from lending.signals import loan_event_recorded
from xero_sync.borrowers import notices
from xero_sync.models import Connection, WritebackSwitch
from xero_sync.models.borrowers import NoticeKind
from xero_sync.models.choices import ConnectionStatus
from xero_sync.runtime.clock import database_now
from xero_sync.signals import connection_changed, writeback_switched
from xero_sync.writeback import planner


@receiver(loan_event_recorded, dispatch_uid="xero_sync.plan")
def plan_writeback(events: Sequence[LoanEvent], **_: Any) -> None:
    """Plan the entries of recorded events, in the transaction that records them."""
    planner.plan(events=events, now=database_now())


@receiver(connection_changed, dispatch_uid="xero_sync.notice_of_withdrawal")
def tell_of_withdrawal(
    connection: Connection, changed: Sequence[str], **_: Any
) -> None:
    """Owe the borrower a mail when Xero has let us out, however we learned of it.

    The signal comes once for each change of the status, not for each look at it.
    """
    if "status" not in changed or connection.status != ConnectionStatus.DEAUTHORIZED:
        return
    now = database_now()
    notices.tell(
        company=connection.company,
        kind=NoticeKind.ACCESS_WITHDRAWN,
        subject=f"{connection.pk} {now.isoformat()}",
        now=now,
    )


@receiver(writeback_switched, dispatch_uid="xero_sync.receipt_of_posting")
def give_receipt(switch: WritebackSwitch, **_: Any) -> None:
    """Owe the borrower a receipt for each time that posting was switched."""
    notices.tell(
        company=switch.connection.company,
        kind=NoticeKind.POSTING_ON if switch.on else NoticeKind.POSTING_OFF,
        subject=f"{switch.pk}",
        now=switch.switched_at,
    )
