"""The form that a key of the API is made with."""

from collections.abc import Collection, Sequence
from datetime import datetime, time
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelectMultiple
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.api_keys import services as api_keys
from backoffice.models import ApiClient, ApiKey, KeyScope
from lending.admin.base import date_field, show_refusal
from lending.models import Company

ALL, CHOSEN = "all", "chosen"


class Autocompletes(AutocompleteSelectMultiple):
    """Django's autocomplete; shown again with what is no choice, it shows none."""

    def optgroups(
        self, name: str, value: Sequence[str], attr: dict[str, Any] | None = None
    ) -> Any:
        """Leave out what nobody could have chosen: Django would look it up."""
        known = [one for one in value if one.isascii() and one.isdigit()]
        return super().optgroups(name, known, attr)


class KeyForm(forms.Form):
    """What a key is to be."""

    client = forms.ModelChoiceField(
        ApiClient.objects.filter(is_active=True).order_by("name"),
        label=gettext_lazy("Client"),
        required=False,
        empty_label=gettext_lazy("A new one"),
    )
    new_client = forms.CharField(
        label=gettext_lazy("New client"),
        required=False,
        max_length=100,
        help_text=gettext_lazy("The service that will call, such as loan-system."),
    )
    name = forms.CharField(
        label=gettext_lazy("Name of the key"),
        required=False,
        max_length=api_keys.NAME_CHARACTERS,
        help_text=gettext_lazy("Tells it from the client's next key."),
    )
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("It may"),
        choices=KeyScope.choices,
        widget=forms.CheckboxSelectMultiple,
    )
    which = forms.ChoiceField(
        label=gettext_lazy("For"),
        choices=[
            (ALL, gettext_lazy("All companies, also later ones")),
            (CHOSEN, gettext_lazy("Only the companies chosen below")),
        ],
        initial=ALL,
        widget=forms.RadioSelect,
    )
    companies = forms.ModelMultipleChoiceField(
        Company.objects.all(),
        label=gettext_lazy("Companies"),
        required=False,
        widget=Autocompletes(ApiKey._meta.get_field("companies"), admin.site),
    )
    expires = date_field(
        label=gettext_lazy("Refused from"),
        required=False,
        help_text=gettext_lazy("Leave it empty for a key that does not expire."),
    )
    requests_per_minute = forms.IntegerField(
        label=gettext_lazy("Requests a minute"), initial=1_200, min_value=1
    )

    def __init__(self, *args: Any, may_give: Collection[str], **options: Any) -> None:
        """Offer the scopes that whoever makes the key may give."""
        super().__init__(*args, **options)
        scopes: Any = self.fields["scopes"]
        scopes.choices = [one for one in KeyScope.choices if one[0] in may_give]

    def clean(self) -> dict[str, Any]:
        """Ask for one client, and for companies only where they count."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        if bool(values.get("client")) == bool(values.get("new_client")):
            self.add_error("client", _("Choose a client, or name a new one."))
        if values.get("which") == ALL and values.get("companies"):
            words = _("Say that the key is only for these, or choose none.")
            self.add_error("companies", words)
        return values

    def make(self, created_by: str) -> tuple[ApiKey, str] | None:
        """Make the key; what is refused becomes an error of the form."""
        values = self.cleaned_data
        day = values["expires"]
        try:
            return api_keys.create_key(
                client_name=str(values["client"] or values["new_client"]),
                name=values["name"],
                scopes=values["scopes"],
                companies=values["companies"] if values["which"] == CHOSEN else None,
                expires_at=day and timezone.make_aware(datetime.combine(day, time.min)),
                requests_per_minute=values["requests_per_minute"],
                created_by=created_by,
                now=timezone.now(),
            )
        except api_keys.KeyRefused as refusal:
            if refusal.field == "client" and values["new_client"]:
                refusal.field = "new_client"
            show_refusal(self, refusal)
            return None
