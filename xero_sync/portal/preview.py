"""What will be posted, in the names of the borrower's own accounts."""

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from xero_sync.borrowers import foreseeing
from xero_sync.borrowers.wording import Code, code_of, latest_connection
from xero_sync.codat.exceptions import SameAccountTwice
from xero_sync.entries import forecast_wording
from xero_sync.models import BorrowerSitting
from xero_sync.portal.answers import SeeOther
from xero_sync.portal.sittings import in_a_sitting, show_to
from xero_sync.runtime.clock import database_now

# In the address: by the answers that are not saved.
UNSAVED = "unsaved"


@require_safe
@in_a_sitting()
def preview(request: HttpRequest, sitting: BorrowerSitting) -> HttpResponse:
    """Show what will be posted by the accounts in force, or by answers not saved."""
    connection = latest_connection(sitting.company)
    if connection is None or code_of(connection) != Code.CONNECTED:
        return SeeOther(reverse("customer-connect"))
    try:
        foreseen = foreseeing.foresee(
            connection=connection, unsaved=UNSAVED in request.GET, now=database_now()
        )
    except SameAccountTwice:
        # There it is said, and changed.
        return SeeOther(reverse("customer-check"))
    if foreseen is None:
        return SeeOther(reverse("customer-accounts"))
    return show_to(
        request,
        sitting,
        "preview",
        shown=forecast_wording.shown(foreseen.forecast),
        foreseen=foreseen,
        is_on=connection.writeback_on,
    )
