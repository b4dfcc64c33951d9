"""Which organisation it is: the borrower's answer, and the choice among several."""

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from xero_sync.borrowers import sittings, tasks
from xero_sync.borrowers.wording import (
    Code,
    code_of,
    latest_connection,
    standing,
)
from xero_sync.codat.exceptions import WritebackBlocked
from xero_sync.models import BorrowerSitting
from xero_sync.organisations import changes
from xero_sync.portal.answers import SeeOther
from xero_sync.portal.sittings import in_a_sitting, show_to
from xero_sync.runtime.clock import database_now

SAME, ANOTHER = "same", "another"


@require_http_methods(["GET", "HEAD", "POST"])
@in_a_sitting(owner_only=True)
def answer(request: HttpRequest, sitting: BorrowerSitting) -> HttpResponse:
    """Take the borrower's word for which organisation their Xero leads to now."""
    connection = latest_connection(sitting.company)
    if connection is None or code_of(connection) != Code.ANOTHER_ORGANISATION:
        return SeeOther(reverse("customer-home"))
    given, mistake = request.POST.get("answer", ""), ""
    shown = request.POST.get("shown", connection.organisation_name)
    if request.method == "POST" and shown != connection.organisation_name:
        mistake = _("Your connection has changed once more. Look again.")
    elif request.method == "POST" and given not in {SAME, ANOTHER}:
        mistake = _("Say which of the two it is.")
    elif request.method == "POST":
        try:
            if given == SAME:
                changes.confirm_same(
                    connection=connection,
                    confirmed_by=sitting.actor,
                    now=database_now(),
                )
            else:
                changes.replace(
                    connection=connection,
                    replaced_by=sitting.actor,
                    now=database_now(),
                )
        except WritebackBlocked:
            # Somebody else has said so meanwhile.
            return SeeOther(reverse("customer-home"))
        return SeeOther(reverse("customer-home"))
    return show_to(
        request,
        sitting,
        "organisation",
        words=standing(connection),
        connection=connection,
        mistake=mistake,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@in_a_sitting(about_any=True)
def choose(request: HttpRequest, sitting: BorrowerSitting) -> HttpResponse:
    """Go on with another organisation of the same borrower."""
    if request.method == "POST":
        try:
            sittings.choose(
                sitting=sitting, reference=request.POST.get("reference", "")
            )
        except sittings.NotTheirs:
            return SeeOther(reverse("customer-organisations"))
        return SeeOther(reverse("customer-home"))
    offered = tasks.connections_of(sittings.companies(sitting))
    return show_to(request, sitting, "organisations", offered=offered)
