"""What the pages of webhook endpoints ask for."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from backoffice.models import WebhookEndpoint
from backoffice.models.webhooks import CHOOSABLE, MessageType
from backoffice.webhooks import services
from lending.admin.forms import ServiceForm
from xero_sync.runtime.clock import database_now


class EndpointForm(ServiceForm):
    """Makes an endpoint, or changes it."""

    secret = ""
    events = forms.MultipleChoiceField(
        label=_("Messages"),
        choices=[(one, f"{one} – {MessageType(one).label}") for one in CHOOSABLE],
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=_("None chosen: all of them."),
    )

    class Meta:
        model = WebhookEndpoint
        fields = ("url", "description", "events")
        widgets = {"url": forms.URLInput(attrs={"class": "vURLField"})}
        help_texts = {
            "url": _(
                "An https address on the public internet, such as "
                "https://hooks.example.com/finance."
            )
        }

    def call_service(self, values: dict[str, Any]) -> WebhookEndpoint:
        """Make the endpoint, or store what was changed."""
        endpoint: WebhookEndpoint = self.instance
        if not endpoint._state.adding:
            return services.update_endpoint(endpoint=endpoint, **values)
        made, self.secret = services.create_endpoint(
            **values, created_by=self.author, now=database_now()
        )
        return made


class TimeForm(forms.Form):
    """From when until when."""

    since = forms.SplitDateTimeField(
        label=_("Since"),
        widget=forms.SplitDateTimeWidget(
            date_attrs={"type": "date"}, time_attrs={"type": "time"}
        ),
    )
    until = forms.SplitDateTimeField(
        label=_("Until"),
        widget=forms.SplitDateTimeWidget(
            date_attrs={"type": "date"}, time_attrs={"type": "time"}
        ),
        help_text=_("What was told before this moment."),
    )
