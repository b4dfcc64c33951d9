"""How a person looks at a connection at Codat, and ends it."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from xero_sync.admin.connections.actions import ConnectionAction
from xero_sync.admin.connections.organisation import ReasonForm
from xero_sync.connections import offboarding
from xero_sync.connections import status as connection_status
from xero_sync.models import Connection
from xero_sync.models.choices import ConnectionStatus
from xero_sync.runtime.clock import database_now
from xero_sync.writeback.paced_client import paced_client


class ReadNow(ConnectionAction):
    """Look at the connection at Codat."""

    name = "read-now"
    label = gettext_lazy("Read at Codat now")
    explanation = gettext_lazy(
        "Its status, the organisation's name and its bank feeds are read at Codat. "
        "What waited for it goes on, and what depends on it is held."
    )
    done = gettext_lazy("The connection was read at Codat.")

    def perform(self, obj: Connection, values: dict[str, Any], author: str) -> None:  # noqa: ARG002
        """Read it."""
        with paced_client() as client:
            connection_status.refresh(connection=obj, client=client, now=database_now())


class Disconnect(ConnectionAction):
    """Cut the connection until the borrower links it again."""

    name = "disconnect"
    label = gettext_lazy("Disconnect from Xero")
    explanation = gettext_lazy(
        "Nothing is read from the borrower's Xero or written to it any more. Entries "
        "that wait are kept. The borrower can reconnect at any time; then they are "
        "written in order."
    )
    done = gettext_lazy("The connection was cut at Codat.")
    form_class = ReasonForm

    def is_offered(self, obj: Connection) -> bool:
        """Offer it where it is linked."""
        return super().is_offered(obj) and obj.status == ConnectionStatus.LINKED

    def perform(self, obj: Connection, values: dict[str, Any], author: str) -> None:
        """Cut it."""
        with paced_client() as client:
            offboarding.disconnect(
                connection=obj,
                client=client,
                disconnected_by=author,
                now=database_now(),
                **values,
            )


class OffBoardForm(ReasonForm):
    """The company's reference, and what becomes of entries that wait."""

    confirmation = forms.CharField(label=gettext_lazy("Company"), max_length=64)
    leave_out = forms.BooleanField(
        label=gettext_lazy("Leave out what waits"), required=False
    )
    field_order = ("confirmation", "leave_out", "reason")

    def __init__(self, *args: Any, reference: str, waiting: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["confirmation"].help_text = _(
            "Type %(reference)s to confirm. It cannot be taken back."
        ) % {"reference": reference}
        if not waiting:
            del self.fields["leave_out"]
            return
        self.fields["leave_out"].help_text = ngettext(
            "%(count)d entry waits. Settle it first; or tick this and give a reason: "
            "it is cancelled and never written.",
            "%(count)d entries wait. Settle them first; or tick this and give a "
            "reason: they are cancelled and never written.",
            waiting,
        ) % {"count": waiting}


class OffBoard(ConnectionAction):
    """Delete the connection for good."""

    name = "off-board"
    label = gettext_lazy("Let the borrower go")
    explanation = gettext_lazy(
        "The connection is deleted at Codat, with its source accounts and their "
        "mappings, and our access to the borrower's data ends. Our own history stays. "
        "To pause, disconnect instead."
    )
    done = gettext_lazy("The connection was deleted at Codat.")
    permission = "off_board"

    def is_offered(self, obj: Connection) -> bool:
        """Offer it until somebody has done it."""
        return obj.off_boarded_at is None

    def form_for(self, obj: Connection, data: Any = None) -> forms.Form:
        """Ask for the reference, and about the entries that wait."""
        return OffBoardForm(
            data,
            reference=obj.company.reference,
            waiting=offboarding.waiting_entries(obj).count(),
        )

    def perform(self, obj: Connection, values: dict[str, Any], author: str) -> None:
        """Delete it."""
        with paced_client() as client:
            offboarding.off_board(
                connection=obj,
                client=client,
                off_boarded_by=author,
                now=database_now(),
                **values,
            )
