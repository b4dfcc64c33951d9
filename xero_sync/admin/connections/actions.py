"""What a person may do about a connection."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy, ngettext

from lending.admin.base import ObjectAction, date_field
from xero_sync.codat.exceptions import CodatError, WritebackBlocked
from xero_sync.connections import switches
from xero_sync.models import Connection, SyncRecord
from xero_sync.models.choices import HeldEvents, Reason, State
from xero_sync.runtime.clock import database_now


class ConnectionAction(ObjectAction):
    """An act on a connection."""

    refusals = (WritebackBlocked, CodatError)

    def is_offered(self, obj: Connection) -> bool:
        """Offer it for a connection that is not deleted."""
        return obj.deleted_at is None


class HeldEventsForm(forms.Form):
    """What becomes of the entries that were held while write-back was off."""

    held_events = forms.ChoiceField(
        label=gettext_lazy("Held entries"),
        choices=HeldEvents.choices,
        widget=forms.RadioSelect,
        help_text=gettext_lazy("What is left out is cancelled and never written."),
    )
    publish_from = date_field(
        label=gettext_lazy("Publish from"),
        required=False,
        help_text=gettext_lazy(
            "Entries with an earlier value date are left out. Only for publishing."
        ),
    )

    def __init__(self, *args: Any, held: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["held_events"].label = ngettext(
            "%(count)d held entry", "%(count)d held entries", held
        ) % {"count": held}


class SwitchOn(ConnectionAction):
    """Switch write-back on."""

    name = "switch-on"
    label = gettext_lazy("Switch write-back on")
    explanation = gettext_lazy(
        "From now on recorded loan events are written into the borrower's Xero."
    )
    done = gettext_lazy("Write-back was switched on.")

    def is_offered(self, obj: Connection) -> bool:
        """Offer it where it is off."""
        return super().is_offered(obj) and not obj.writeback_on

    def form_for(self, obj: Connection, data: Any = None) -> forms.Form:
        """Ask what becomes of held entries, if there are any."""
        held = SyncRecord.objects.filter(
            company=obj.company_id, state=State.HELD, reason=Reason.WRITEBACK_OFF
        ).count()
        return HeldEventsForm(data, held=held) if held else forms.Form(data)

    def perform(self, obj: Connection, values: dict[str, Any], author: str) -> None:
        """Switch it on."""
        switches.switch_writeback(
            connection=obj, on=True, switched_by=author, now=database_now(), **values
        )


class SwitchOff(ConnectionAction):
    """Switch write-back off."""

    name = "switch-off"
    label = gettext_lazy("Switch write-back off")
    explanation = gettext_lazy(
        "Nothing more is sent; what is under way is still followed to its end. "
        "What is in Xero stays there."
    )
    done = gettext_lazy("Write-back was switched off.")

    def is_offered(self, obj: Connection) -> bool:
        """Offer it where it is on."""
        return super().is_offered(obj) and obj.writeback_on

    def perform(self, obj: Connection, values: dict[str, Any], author: str) -> None:  # noqa: ARG002
        """Switch it off."""
        switches.switch_writeback(
            connection=obj, on=False, switched_by=author, now=database_now()
        )


class FeedsOn(ConnectionAction):
    """Say that Xero takes statement lines."""

    name = "feeds-on"
    label = gettext_lazy("Bank feeds on")
    explanation = gettext_lazy(
        "Say that Xero has enabled bank feeds for us and this organisation. Waiting "
        "statement lines are sent in order; what Xero refused is tried once more."
    )
    done = gettext_lazy("Bank feeds are on.")
    on = True

    def is_offered(self, obj: Connection) -> bool:
        """Offer it where it changes something."""
        return super().is_offered(obj) and obj.bank_feeds is not self.on

    def perform(self, obj: Connection, values: dict[str, Any], author: str) -> None:  # noqa: ARG002
        """Store it."""
        switches.set_bank_feeds(
            connection=obj, on=self.on, now=database_now(), set_by=author
        )


class FeedsOff(FeedsOn):
    """Say that Xero takes no statement lines."""

    name = "feeds-off"
    label = gettext_lazy("Bank feeds off")
    explanation = gettext_lazy("Statement lines are held until bank feeds are on.")
    done = gettext_lazy("Bank feeds are off.")
    on = False
