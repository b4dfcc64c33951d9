"""What the acts on the partner programme ask for."""

from collections.abc import Sequence
from typing import Any, cast

from django import forms
from django.utils.timezone import localdate
from django.utils.translation import gettext_lazy as _

from lending.admin.base import Text, date_field
from xero_sync.models.programme import CheckpointStatus, PartnerType
from xero_sync.runtime.clock import database_now


def _words(**options: Any) -> forms.CharField:
    """Ask for a few lines."""
    return forms.CharField(widget=forms.Textarea(attrs={"rows": 3}), **options)


def _note() -> forms.CharField:
    return _words(label=_("Note"), required=False)


def _reason() -> forms.CharField:
    return _words(label=_("Reason"), help_text=_("It is kept with your name."))


def _day() -> forms.DateField:
    return date_field(label=_("On"), initial=lambda: localdate(database_now()))


class ChoosingForm(forms.Form):
    """A form with one field that offers what is possible at this moment."""

    chosen: str

    def __init__(
        self, data: Any = None, *, choices: Sequence[tuple[str, Text]], **kwargs: Any
    ) -> None:
        super().__init__(data, **kwargs)
        cast(forms.ChoiceField, self.fields[self.chosen]).choices = choices


class TypeForm(forms.Form):
    """Which of Xero's two kinds."""

    partner_type = forms.ChoiceField(
        label=_("Type of partner"),
        choices=PartnerType.choices,
        widget=forms.RadioSelect,
        help_text=_("Lending and bank feeds are financial services."),
    )
    note = _note()


class NoteForm(forms.Form):
    """A note, if there is anything to say."""

    note = _note()


class PrepareForm(ChoosingForm):
    """What was prepared, and when."""

    chosen = "item"
    item = forms.ChoiceField(label=_("Item"))
    on = _day()
    note = _note()


class ReopenForm(ChoosingForm):
    """What is open again, and why."""

    chosen = "item"
    item = forms.ChoiceField(label=_("Item"))
    reason = _reason()


class StepForm(ChoosingForm):
    """When the next step was taken."""

    chosen = "step"
    step = forms.ChoiceField(label=_("Step"))
    on = _day()
    note = _note()


class SubmitForm(StepForm):
    """The same, with a reason to go on although something is open."""

    override_reason = _words(
        label=_("Submitted with open items, because"),
        required=False,
        help_text=_(
            "Only if something in the preparation is open. It is kept with your name."
        ),
    )


class WithdrawForm(ChoosingForm):
    """Which step is taken back, when and why."""

    chosen = "step"
    step = forms.ChoiceField(label=_("Step"))
    on = _day()
    reason = _reason()


class EligibilityForm(forms.Form):
    """When Xero said so, and why."""

    on = _day()
    reason = _reason()


class ReviewForm(ChoosingForm):
    """A person's word on a checkpoint."""

    chosen = "checkpoint"
    checkpoint = forms.ChoiceField(label=_("Checkpoint"))
    status = forms.ChoiceField(
        label=_("Status"), choices=CheckpointStatus.choices, widget=forms.RadioSelect
    )
    evidence = _words(
        label=_("Evidence"),
        required=False,
        help_text=_("What shows it: where it was looked at, and by whom."),
    )
    evidence_url = forms.CharField(
        label=_("Link"),
        required=False,
        widget=forms.URLInput(attrs={"class": "vURLField"}),
        help_text=_("An https address, such as a recording or a ticket."),
    )


class ScopesForm(ChoosingForm):
    """What changed, and when."""

    chosen = "added"
    changed_at = forms.SplitDateTimeField(
        label=_("Changed"),
        widget=forms.SplitDateTimeWidget(
            date_attrs={"type": "date"}, time_attrs={"type": "time"}
        ),
        help_text=_("When Codat changed it; whoever consented before is listed."),
    )
    added = forms.MultipleChoiceField(
        label=_("Added"), required=False, widget=forms.CheckboxSelectMultiple
    )
    removed = forms.CharField(
        label=_("Removed"),
        required=False,
        help_text=_(
            "Such as accounting.transactions, when the app moves to the newer, "
            "narrower scopes; several with spaces between them."
        ),
    )
    note = _note()

    def clean_removed(self) -> list[str]:
        """Take the names apart."""
        return str(self.cleaned_data["removed"]).replace(",", " ").split()
