"""What the pages of the lender's Xero app ask for."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from lending.admin.base import date_field
from xero_sync.models import XeroApp
from xero_sync.xero_app import keys, registration
from xero_sync.xero_app.exceptions import XeroAppRefused

NOW, LATER = "now", "later"


def complains(check: Callable[[str], None]) -> Callable[[str], None]:
    """Let a field say itself what a service would refuse, beside the other fields."""

    def validate(value: str) -> None:
        try:
            check(value)
        except XeroAppRefused as refusal:
            raise ValidationError(str(refusal)) from refusal

    return validate


def https(field: str) -> Callable[[str], None]:
    """Return the check of an address."""
    return complains(lambda url: registration.check_https(url, field=field))


class KeyInput(forms.Textarea):
    """Takes a key as it was pasted: a one-line input would swallow line breaks."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        plain = {"rows": 2, "autocomplete": "off", "spellcheck": "false"}
        super().__init__(plain | {"autocapitalize": "off"} | (attrs or {}))


class SecretInput(KeyInput):
    """Takes a secret; whatever was typed is never shown again."""

    def __init__(self) -> None:
        super().__init__({"class": "vLargeTextField secret-input"})

    def format_value(self, value: Any) -> None:
        """Show nothing."""


class RegistrationForm(forms.Form):
    """What was entered in Xero's dialog "Add a new app"."""

    name = forms.CharField(
        label=_("App name"),
        max_length=100,
        validators=[complains(registration.check_name)],
        help_text=_(
            "Borrowers see it when they share their data: the name they know you by. "
            "It must not contain “Xero”."
        ),
    )
    company_url = forms.CharField(
        label=_("Company or application URL"),
        max_length=200,
        validators=[https("company_url")],
        widget=forms.URLInput(attrs={"class": "vURLField"}),
        help_text=_("Such as https://www.example.com."),
    )
    app_email = forms.CharField(
        label=_("App e-mail"),
        required=False,
        max_length=254,
        validators=[complains(registration.check_email)],
        widget=forms.EmailInput(attrs={"class": "vTextField"}),
        help_text=_("A mailbox that several people read, such as apps@example.com."),
    )


class LinksForm(forms.Form):
    """The links that an application to become a partner needs."""

    privacy_url = forms.CharField(
        label=_("Privacy policy"),
        required=False,
        max_length=200,
        validators=[https("privacy_url")],
        widget=forms.URLInput(attrs={"class": "vURLField"}),
    )
    terms_url = forms.CharField(
        label=_("Terms and conditions"),
        required=False,
        max_length=200,
        validators=[https("terms_url")],
        widget=forms.URLInput(attrs={"class": "vURLField"}),
    )


class KeysForm(forms.Form):
    """The keys of the app, exactly as they were copied."""

    client_id = forms.CharField(
        label=_("Client id"),
        max_length=200,
        strip=False,
        validators=[complains(lambda key: keys.check_key(key, field="client_id"))],
        widget=KeyInput(attrs={"class": "vLargeTextField"}),
    )
    client_secret = forms.CharField(
        label=_("Client secret"),
        max_length=500,
        strip=False,
        validators=[complains(keys.check_secret)],
        widget=SecretInput,
    )

    def __init__(self, *args: Any, app: XeroApp, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if app.secret_ending:
            secret = self.fields["client_secret"]
            secret.required = False
            secret.help_text = _(
                "Leave it empty to keep the one that ends in %(ending)s. If that one "
                "is lost, generate a new one in Xero and enter it here."
            ) % {"ending": app.secret_ending}


class AskedAnew:
    """A field that a refused form shows as it stands now, not as it was sent."""

    def bound_data(self, data: Any, initial: Any) -> Any:  # noqa: ARG002
        """Show what stands."""
        return initial


class AskedAnewBox(AskedAnew, forms.BooleanField):
    """A box that has to be ticked again."""


class AskedAnewText(AskedAnew, forms.CharField):
    """A text of the page's own."""


class PastedForm(forms.Form):
    """Says that Codat has the keys.

    Where another secret was recorded meanwhile, it is said anew of that one.
    """

    pasted = AskedAnewBox(
        label=_("Both keys are pasted into the Codat portal, and it confirmed that.")
    )
    ending = AskedAnewText(widget=forms.HiddenInput)


class WhenForm(forms.Form):
    """Now or later."""

    when = forms.ChoiceField(
        label=_("Enable Xero"),
        choices=[
            (NOW, _("Now: borrowers may be sent to Xero")),
            (LATER, _("Later: nobody can connect until it is switched on")),
        ],
        widget=forms.RadioSelect,
    )


class ApprovalForm(forms.Form):
    """When Xero approved."""

    approved_on = date_field(
        label=_("Enabled by Xero on"), help_text=_("The date of Xero's confirmation.")
    )
