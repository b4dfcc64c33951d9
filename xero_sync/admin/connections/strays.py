"""What a person may say of pushes that no request of ours made."""

from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lending import formats
from lending.admin.base import Section
from xero_sync.admin.connections.actions import ConnectionAction
from xero_sync.admin.connections.organisation import MOST_CHARACTERS
from xero_sync.connections import stray_wording
from xero_sync.models import Connection, StrayPush, SyncRecord
from xero_sync.runtime.clock import database_now
from xero_sync.writeback import stray_decisions, stray_marks

# More than a page has to show; the command lists them all.
MOST_ROWS = 200


def strays_of(connection: Connection) -> list[Section]:
    """Show the pushes of unknown origin, those first of which nobody has spoken."""
    pushes = connection.stray_pushes.select_related("connection__company")
    if not pushes.exists():
        return []
    proposed = stray_marks.proposals(connection)
    accounts = stray_wording.account_names(connection)
    ordered = pushes.order_by("-verdict", "requested_on", "pk")
    unsettled = pushes.unsettled().order_by("requested_on", "pk")
    shown = [*unsettled[:MOST_ROWS], *ordered.exclude(verdict="")[:MOST_ROWS]]
    return [
        Section(
            title=_("Pushes of unknown origin"),
            columns=(
                _("Push operation"),
                _("Type"),
                _("Taken in at Codat"),
                _("Codat's word"),
                _("What it wrote"),
                _("Record in Xero"),
                _("Whose it is"),
            ),
            rows=[
                (
                    push.push_operation_key,
                    push.data_type or "–",
                    formats.moment(push.requested_on),
                    push.status,
                    " · ".join(stray_wording.what_it_wrote(push, accounts)),
                    push.xero_record_id or "–",
                    _whose(push, proposed.get(push)),
                )
                for push in shown
            ],
        )
    ]


def _whose(push: StrayPush, proposed: SyncRecord | None) -> str:
    if push.verdict:
        by = f", {push.settled_by}" if push.settled_by else ""
        return f"{push.get_verdict_display()}{by}"
    if proposed is not None:
        return _("Looks like %(entry)s") % {"entry": proposed.event.external_id}
    return _("Not known yet")


class StrayForm(forms.Form):
    """Pushes, and why they are whose they are said to be."""

    pushes = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Pushes"), coerce=int, widget=forms.CheckboxSelectMultiple
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=MOST_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 3, "cols": 60}),
        help_text=gettext_lazy("It stays on record with your name."),
    )

    def __init__(self, data: Any, *, connection: Connection) -> None:
        super().__init__(data)
        found = connection.stray_pushes.unsettled().order_by("requested_on", "pk")
        self.found = {
            one.pk: one for one in found.select_related("connection__company")
        }
        accounts = stray_wording.account_names(connection)
        field: Any = self.fields["pushes"]
        field.choices = [
            (pk, stray_wording.name(it, accounts)) for pk, it in self.found.items()
        ]

    def clean_pushes(self) -> list[StrayPush]:
        """Return the pushes themselves."""
        return [self.found[pk] for pk in self.cleaned_data["pushes"]]


class OursForm(StrayForm):
    """Which entries of ours they are; none: those that they look like."""

    records = forms.MultipleChoiceField(
        label=gettext_lazy("Entries"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy(
            "One for one push; of statement lines, all that the chosen pushes brought. "
            "With neither pushes nor entries each transfer is linked to the one entry "
            "that it looks like, as the connection's page shows."
        ),
    )
    field_order = ("pushes", "records", "reason")

    def __init__(self, data: Any, *, connection: Connection) -> None:
        super().__init__(data, connection=connection)
        self.fields["pushes"].required = False
        self.entries = {str(it.pk): it for it in stray_marks.unsent(connection)}
        field: Any = self.fields["records"]
        field.choices = [
            (pk, stray_wording.entry(it)) for pk, it in self.entries.items()
        ]

    def clean_records(self) -> list[SyncRecord]:
        """Return the entries themselves."""
        return [self.entries[pk] for pk in self.cleaned_data["records"]]


class StrayAction(ConnectionAction):
    """An act on a connection that is held for such pushes."""

    form: type[StrayForm] = StrayForm

    def is_offered(self, obj: Connection) -> bool:
        """Offer it where the company is held for them."""
        is_held = obj.held_after_restore_since is not None
        return super().is_offered(obj) and is_held

    def form_for(self, obj: Connection, data: Any = None) -> forms.Form:
        """Show the pushes of which nobody has spoken yet."""
        return self.form(data, connection=obj)


class NameOurs(StrayAction):
    """Link pushes to entries of ours."""

    name = "pushes-ours"
    label: str | Promise = gettext_lazy("These pushes are ours")
    explanation = gettext_lazy(
        "Say which entries of ours these pushes wrote, after a look in Xero. The "
        "entries are linked and not sent again. Record first again what was lost since "
        "the backup."
    )
    done = gettext_lazy("The entries were linked.")
    form = OursForm

    def perform(self, obj: Connection, values: dict[str, Any], author: str) -> None:
        """Link them."""
        given: dict[str, Any] = {
            "connection": obj,
            "decided_by": author,
            "now": database_now(),
        }
        if values["pushes"] or values["records"]:
            stray_decisions.name_ours(**given, **values)
        else:
            stray_decisions.name_proposed(**given, reason=values["reason"])


class NameAnothers(StrayAction):
    """Say that pushes are another system's."""

    name = "pushes-anothers"
    label = gettext_lazy("These pushes are another system's")
    explanation = gettext_lazy(
        "Say that another system of yours wrote this through the same connection. It "
        "is remembered, and holds nothing again."
    )
    done = gettext_lazy("It is remembered.")

    def perform(self, obj: Connection, values: dict[str, Any], author: str) -> None:
        """Remember it."""
        stray_decisions.name_anothers(
            connection=obj, decided_by=author, now=database_now(), **values
        )


class LetGoForm(StrayForm):
    """Only why: it is about all that is left."""

    def __init__(self, data: Any, *, connection: Connection) -> None:
        super().__init__(data, connection=connection)
        del self.fields["pushes"]


class LetGoOn(StrayAction):
    """Let the company go on, whatever the rest is."""

    name = "let-go-on"
    label = gettext_lazy("Let the company go on")
    explanation = gettext_lazy(
        "What bears our mark is adopted first. Whatever else of our entries stands in "
        "Xero already, and was not linked, is written once more: look there before."
    )
    done = gettext_lazy("The company goes on.")
    form = LetGoForm

    def perform(self, obj: Connection, values: dict[str, Any], author: str) -> None:
        """Let it."""
        stray_decisions.let_go(
            connection=obj, decided_by=author, now=database_now(), **values
        )
