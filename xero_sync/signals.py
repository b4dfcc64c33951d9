"""What the rest of the product may hear from the write-back."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.dispatch import Signal

from xero_sync.models import Connection

# Sent with `send`, inside the transaction that changes a connection, so that a receiver
# that raises takes the change back. Arguments: sender=Connection, connection, changed
# (the names of the fields that have another value now).
connection_changed = Signal()
# Sent with `send`, inside the transaction in which a person switched write-back.
# Arguments: sender=WritebackSwitch, switch.
writeback_switched = Signal()
# Sent with `send_robust` after a slice of a drain that stored something.
drain_stored = Signal()

# What others see of a connection.
VISIBLE = (
    "status",
    "writeback_on",
    "bank_feeds",
    "organisation_name",
    "organisation_changed",
)


@contextmanager
def notify_changes(connection: Connection) -> Iterator[None]:
    """Tell of what has become of a connection in the block, if anybody can see it."""
    before = [getattr(connection, name) for name in VISIBLE]
    yield
    changed = [
        name
        for name, value in zip(VISIBLE, before, strict=True)
        if getattr(connection, name) != value
    ]
    if changed:
        connection_changed.send(
            sender=Connection, connection=connection, changed=changed
        )
