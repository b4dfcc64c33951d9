"""Home: the four tasks, at most one matter that needs the borrower, and the way out."""

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from xero_sync.borrowers import remarks, sittings, tasks
from xero_sync.borrowers.wording import latest_connection
from xero_sync.models import BorrowerSitting
from xero_sync.portal.answers import SeeOther
from xero_sync.portal.sittings import cookie_name, in_a_sitting, show_to
from xero_sync.runtime.clock import database_now

# What a browser forgets of us when somebody leaves, beside the cookie.
CLEARED = '"cache", "storage"'


@require_safe
@in_a_sitting()
def home(request: HttpRequest, sitting: BorrowerSitting) -> HttpResponse:
    """Show how far the borrower is and the one next step."""
    company = sitting.company
    found = tasks.of(company)
    matters = remarks.of_company(company, latest_connection(company))
    return show_to(
        request,
        sitting,
        "home",
        tasks=found,
        next_task=next((one for one in found if one.is_open), None),
        remark=next(iter(matters), None),
        has_several=len(sittings.companies(sitting)) > 1,
    )


@require_POST
@in_a_sitting(about_any=True)
def leave(request: HttpRequest, sitting: BorrowerSitting) -> HttpResponse:  # noqa: ARG001
    """End the sitting in this browser."""
    sittings.end(sitting=sitting, now=database_now())
    answer = SeeOther(reverse("customer-entry"))
    answer.delete_cookie(cookie_name())
    answer.headers["Clear-Site-Data"] = CLEARED
    return answer
