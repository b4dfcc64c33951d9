"""What will be posted, in the names of the borrower's own accounts."""

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from xero_sync.borrowers.wording import Code, code_of, latest_connection
from xero_sync.entries import forecast, forecast_wording
from xero_sync.entries.forecast import Forecast
from xero_sync.models import BorrowerSitting
from xero_sync.portal.answers import SeeOther
from xero_sync.portal.sittings import in_a_sitting, show_to
from xero_sync.runtime.clock import database_now
from xero_sync.writeback import readiness


@require_safe
@in_a_sitting()
def preview(request: HttpRequest, sitting: BorrowerSitting) -> HttpResponse:
    """Show what will be posted by the accounts that are in force."""
    connection = latest_connection(sitting.company)
    if connection is None or code_of(connection) != Code.CONNECTED:
        return SeeOther(reverse("customer-connect"))
    mapping = readiness.latest_mapping(connection)
    if mapping is None or mapping.lender_account.void_since is not None:
        return SeeOther(reverse("customer-accounts"))
    foreseen = forecast.of_mapping(mapping=mapping, now=database_now())
    return show_forecast(
        request, sitting, foreseen, is_on=connection.writeback_on, is_saved=True
    )


def show_forecast(
    request: HttpRequest,
    sitting: BorrowerSitting,
    foreseen: Forecast,
    *,
    is_on: bool,
    is_saved: bool,
) -> HttpResponse:
    """Render a forecast, be it by accounts that are saved or not."""
    return show_to(
        request,
        sitting,
        "preview",
        shown=forecast_wording.shown(foreseen),
        is_on=is_on,
        is_saved=is_saved,
    )
