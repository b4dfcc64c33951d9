"""What a person may do about a connection."""

from datetime import date
from typing import Any

from django import forms
from django.utils.html import format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lending.admin.base import ObjectAction, date_field
from xero_sync.codat.exceptions import CodatError, WritebackBlocked
from xero_sync.connections import backfill, backfill_wording, switches
from xero_sync.models import Connection
from xero_sync.models.choices import HeldEvents
from xero_sync.runtime.clock import database_now


class ConnectionAction(ObjectAction):
    """An act on a connection."""

    refusals = (WritebackBlocked, CodatError)

    def is_offered(self, obj: Connection) -> bool:
        """Offer it for a connection that is not deleted."""
        return obj.deleted_at is None


class HeldEventsForm(forms.Form):
    """What becomes of the loans that were held while write-back was off.

    What a choice does is shown before it can be made: one that was not, such as a day
    that was just typed in, or that would do something else now, is shown first.
    """

    held_events = forms.ChoiceField(
        choices=HeldEvents.choices, widget=forms.RadioSelect
    )
    publish_from = date_field(
        label=gettext_lazy("Begun from"),
        required=False,
        help_text=gettext_lazy(
            "Only for publishing: loans begun earlier are left out. Empty: all of them."
        ),
    )
    # The fingerprints of what is on the page.
    shown = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, data: Any, *, held: backfill.Held) -> None:
        super().__init__(data)
        self.held = held
        effects = held.effects(self._posted_day())
        self.now_shown = " ".join(one.fingerprint for one in effects)
        self.initial["shown"] = self.now_shown
        field = self.fields["held_events"]
        field.label = backfill_wording.summary(held)
        field.help_text = format_html_join(
            "",
            "<p><strong>{}</strong> {}</p>",
            (
                (
                    backfill_wording.choice(one),
                    " ".join(backfill_wording.consequences(one)),
                )
                for one in effects
            ),
        )

    def _posted_day(self) -> date | None:
        posted = self.data.get("publish_from")
        try:
            day: date | None = forms.DateField(required=False).clean(posted)
        except forms.ValidationError:
            return None
        return day

    def clean(self) -> dict[str, Any]:
        """Refuse what was not shown, and show it."""
        values = super().clean() or {}
        if self.errors:
            return values
        since, choice = values["publish_from"], values["held_events"]
        if since and choice != HeldEvents.PUBLISH:
            self.add_error("publish_from", _("Only publishing needs a day."))
            return values
        fingerprint = self.held.effect(choice, since).fingerprint
        if fingerprint not in values.pop("shown").split():
            self.data = {**self.data, "shown": self.now_shown}
            words = _("Look at what this does now, then confirm it.")
            self.add_error("held_events", words)
        return {**values, "fingerprint": fingerprint}


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
        """Ask what becomes of held loans, if there are any."""
        held = backfill.held(connection=obj, now=database_now())
        return HeldEventsForm(data, held=held) if held.loans else forms.Form(data)

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
