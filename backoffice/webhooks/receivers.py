"""Where outgoing webhooks listen to the other apps."""

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from django.dispatch import receiver

from backoffice.webhooks import collecting, messages, nudging, payloads
from lending.models import LoanEvent
from lending.signals import loan_event_recorded
from xero_sync.models import Connection
from xero_sync.runtime.clock import database_now
from xero_sync.signals import connection_changed, drain_stored
from xero_sync.writeback import planner


@receiver(connection_changed, dispatch_uid="backoffice.webhooks.connection")
def tell_of_connection(
    connection: Connection, changed: Sequence[str], **_: Any
) -> None:
    """Store the message in the transaction that changes the connection."""
    if not messages.is_anybody_listening():
        return
    now = database_now()
    draft = payloads.connection_changed(
        connection=connection, changed=changed, occasion=str(uuid4()), at=now
    )
    messages.store([draft], now=now)
    nudging.deliver_soon()


@receiver(loan_event_recorded, dispatch_uid="backoffice.webhooks.settled")
def tell_of_settled_loans(events: Sequence[LoanEvent], **_: Any) -> None:
    """Tell which loans are settled by an event that needs no entry in Xero."""
    # Of the others the entries will tell, when they stand.
    loans = {one.loan for one in events if not planner.steps_of(one)}
    if not loans or not messages.is_anybody_listening():
        return
    now = database_now()
    drafts = [collecting.settled_message(loan, now) for loan in loans]
    if any(drafts):
        messages.store([draft for draft in drafts if draft], now=now)
        nudging.deliver_soon()


@receiver(drain_stored, dispatch_uid="backoffice.webhooks.nudge")
def deliver_soon(**_: Any) -> None:
    """Ask for a delivery after a drain that has changed something."""
    if messages.is_anybody_listening():
        nudging.deliver_soon()
