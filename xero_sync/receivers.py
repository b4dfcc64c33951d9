"""Where the write-back listens to the lender's book."""

from collections.abc import Sequence
from typing import Any

from django.db.models.signals import post_save
from django.dispatch import receiver

from lending.models import AuditEntry, Company, LoanEvent
from lending.signals import contact_changed, loan_event_recorded
from xero_sync.borrowers import notices
from xero_sync.models import AccountMapping, Connection, WritebackSwitch
from xero_sync.models.borrowers import NoticeKind
from xero_sync.models.choices import ConnectionStatus
from xero_sync.models.links import is_borrowers
from xero_sync.runtime.clock import database_now
from xero_sync.signals import connection_changed, writeback_switched
from xero_sync.writeback import planner


@receiver(loan_event_recorded, dispatch_uid="xero_sync.plan")
def plan_writeback(events: Sequence[LoanEvent], **_: Any) -> None:
    """Plan the entries of recorded events, in the transaction that records them."""
    planner.plan(events=events, now=database_now())


@receiver(contact_changed, dispatch_uid="xero_sync.notice_of_new_address")
def tell_of_new_address(company: Company, entry: AuditEntry, **_: Any) -> None:
    """Owe the old address a mail: whoever changed it may not be who they seem."""
    if entry.before["contact_email"]:
        notices.tell(
            company=company,
            kind=NoticeKind.ADDRESS_CHANGED,
            subject=str(entry.pk),
            now=database_now(),
        )


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


@receiver(post_save, sender=AccountMapping, dispatch_uid="xero_sync.receipt")
def send_receipt(instance: AccountMapping, created: bool, **_: Any) -> None:  # noqa: FBT001
    """Owe the borrower a receipt for accounts that they or their accountant chose.

    In the transaction that stores the version, whoever completes it.
    """
    if created and is_borrowers(instance.chosen_by):
        notices.tell(
            company=instance.connection.company,
            kind=NoticeKind.ACCOUNTS_CHOSEN,
            subject=f"{instance.pk}",
            now=instance.created_at,
        )
