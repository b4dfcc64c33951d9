"""The public entry, for a borrower who starts in Xero's list of banks.

Nobody learns here who our customers are: whatever is entered, the answer is the same,
and the link only goes to the address on file.
"""

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from lending.audit.origin import current
from lending.mailboxes import is_mailable
from xero_sync.borrowers import link_requests
from xero_sync.portal.answers import SeeOther, private, show, speaking
from xero_sync.runtime import throttles
from xero_sync.runtime.clock import database_now

TOO_MANY = 429
# What a mail server takes at most, and our columns hold.
EMAIL_LENGTH = 254
# From one address; behind a proxy that may be everybody's.
A_MINUTE = 30


class MailboxField(forms.EmailField):
    """An address to which a mail can go."""

    default_error_messages = {
        "invalid": _("Enter a whole email address, such as name@example.com."),
        "max_length": _("Enter a whole email address, such as name@example.com."),
    }

    def clean(self, value: object) -> str:
        """Return the address, as it was entered."""
        email = str(super().clean(value))
        if not is_mailable(email):
            raise forms.ValidationError(self.error_messages["invalid"])
        return email


class AskForm(forms.Form):
    """What a borrower knows of themself."""

    reference = forms.CharField(
        label=_("Your reference with us"),
        max_length=64,
        help_text=_("It is in our messages and on your contract."),
        error_messages={"required": _("Enter your reference.")},
    )
    email = MailboxField(
        max_length=EMAIL_LENGTH,
        error_messages={"required": _("Enter your email address.")},
        label=_("Your email address"),
        help_text=_("The one at which you get our messages."),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )

    def __init__(self, data: object = None) -> None:
        super().__init__(data, label_suffix="")  # type: ignore[arg-type]
        for name in self.errors if self.is_bound else ():
            # A person who cannot see the page is led to the first mistake.
            self.fields[name].widget.attrs["autofocus"] = True
            break


@require_http_methods(["GET", "HEAD", "POST"])
@private
def entry(request: HttpRequest) -> HttpResponse:
    """Ask who somebody is, and mail the link if we know them."""
    with speaking(request) as language:
        if request.GET.get("sent"):
            return show(request, "link_sent")
        form = AskForm(request.POST if request.method == "POST" else None)
        if not form.is_valid():
            return show(request, "entry", form=form)
        if not throttles.may("entry", who=current().address, a_minute=A_MINUTE):
            response = show(request, "too_many", status=TOO_MANY)
            response.headers["Retry-After"] = str(throttles.MINUTE)
            return response
        link_requests.ask(**form.cleaned_data, now=database_now())
        query = urlencode({"sent": "1", "lang": language})
        return SeeOther(f"{reverse('customer-entry')}?{query}")
