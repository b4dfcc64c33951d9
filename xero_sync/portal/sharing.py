"""A link of their own for the borrower's accountant, and its end."""

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from xero_sync.borrowers import link_requests, links, sittings
from xero_sync.models import BorrowerLink, BorrowerSitting
from xero_sync.models.links import LinkRole
from xero_sync.portal.answers import SeeOther
from xero_sync.portal.entry import EMAIL_LENGTH, MailboxField
from xero_sync.portal.sittings import in_a_sitting, show_to
from xero_sync.runtime import throttles
from xero_sync.runtime.clock import database_now

A_MINUTE = 5


class ShareForm(forms.Form):
    """To whom a link is mailed."""

    email = MailboxField(
        max_length=EMAIL_LENGTH,
        error_messages={"required": _("Enter an email address.")},
        label=_("Your accountant's email address"),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, data: object = None) -> None:
        super().__init__(data, label_suffix="")  # type: ignore[arg-type]


@require_http_methods(["GET", "HEAD", "POST"])
@in_a_sitting(owner_only=True)
def share(request: HttpRequest, sitting: BorrowerSitting) -> HttpResponse:
    """Mail a link to an accountant, or withdraw one."""
    now = database_now()
    # One that was sent for one organisation opens all of them.
    companies = sittings.companies(sitting)
    given = BorrowerLink.objects.filter(company__in=companies, role=LinkRole.ACCOUNTANT)
    given = given.open(now).order_by("made_at")
    if "withdraw" in request.POST:
        for link in given:
            if str(link.pk) == request.POST["withdraw"]:
                links.revoke(link=link, by=sitting.actor, now=now)
        return SeeOther(reverse("customer-share"))
    form = ShareForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        if throttles.may("share", who=sitting.company.pk, a_minute=A_MINUTE):
            link_requests.share(
                sitting=sitting, email=form.cleaned_data["email"], now=now
            )
            return SeeOther(reverse("customer-share"))
        form.add_error("email", str(_("Wait a minute before you send another link.")))
    return show_to(
        request,
        sitting,
        "share",
        form=form,
        given=given,
        has_several=len(companies) > 1,
    )
