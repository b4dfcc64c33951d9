"""What a person may say about the organisation behind a connection."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from xero_sync.admin.connections.actions import ConnectionAction
from xero_sync.connections import switches
from xero_sync.models import Connection
from xero_sync.organisations import changes as organisations
from xero_sync.runtime.clock import database_now

MOST_CHARACTERS = 500


class ReasonForm(forms.Form):
    """Why it is done, if that is to be kept."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        required=False,
        max_length=MOST_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 3, "cols": 60}),
        help_text=gettext_lazy("It stays on record with your name."),
    )


class ConfirmOrganisation(ConnectionAction):
    """Take a person's word that the organisation is the same."""

    name = "confirm-organisation"
    label = gettext_lazy("Same organisation")
    explanation = gettext_lazy(
        "Say that this is the same organisation under another name. What was held "
        "for it is sent. If it is another organisation, do not confirm."
    )
    done = gettext_lazy("The organisation was confirmed.")
    form_class = ReasonForm

    def is_offered(self, obj: Connection) -> bool:
        """Offer it where the connection brought another name."""
        return super().is_offered(obj) and obj.organisation_changed

    def form_for(self, obj: Connection, data: Any = None) -> forms.Form:
        """Show both names."""
        form = self.form_class(data)
        names = _("It was called “%(before)s” and is called “%(name)s” now.") % {
            "before": obj.previous_organisation_name or "–",
            "name": obj.organisation_name,
        }
        reason = form.fields["reason"]
        reason.help_text = f"{names} {reason.help_text}"
        return form

    def perform(self, obj: Connection, values: dict[str, Any], author: str) -> None:
        """Confirm it."""
        organisations.confirm_same(
            connection=obj, confirmed_by=author, now=database_now(), **values
        )


class ReplaceOrganisation(ConfirmOrganisation):
    """Take a person's word that the organisation is another one, and wanted."""

    name = "replace-organisation"
    label = gettext_lazy("Another organisation: choose accounts anew")
    explanation = gettext_lazy(
        "Say that this is another organisation, and the one that is wanted. The "
        "accounts chosen before are never used again: nothing is sent until accounts "
        "are chosen anew, and loans that began in the other organisation stay held. If "
        "the borrower connected it by mistake, disconnect it instead, and have them "
        "connect the right one."
    )
    done = gettext_lazy("Now choose the accounts of this organisation.")

    def perform(self, obj: Connection, values: dict[str, Any], author: str) -> None:
        """Give the accounts up that were chosen before."""
        organisations.replace(
            connection=obj, replaced_by=author, now=database_now(), **values
        )


class MarkDemo(ConnectionAction):
    """Say that it is a demo company."""

    name = "mark-demo"
    label = gettext_lazy("Mark as demo company")
    explanation = gettext_lazy(
        "Say that this connection leads to a demo company of Xero's. It takes no place "
        "of Xero's limit."
    )
    done = gettext_lazy("It is marked as a demo company.")
    form_class = ReasonForm
    is_demo = True

    def is_offered(self, obj: Connection) -> bool:
        """Offer it where it changes something."""
        return super().is_offered(obj) and obj.marked_demo is not self.is_demo

    def perform(self, obj: Connection, values: dict[str, Any], author: str) -> None:
        """Store the mark."""
        switches.mark_demo(
            connection=obj,
            is_demo=self.is_demo,
            marked_by=author,
            now=database_now(),
            **values,
        )


class UnmarkDemo(MarkDemo):
    """Take the mark back."""

    name = "unmark-demo"
    label = gettext_lazy("No demo company")
    explanation = gettext_lazy(
        "Take the mark back. What Xero says itself of its demo company still counts."
    )
    done = gettext_lazy("It is no longer marked as a demo company.")
    is_demo = False
