"""Who sits before a borrower's page: the cookie, and the views that need it."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from lending.audit.origin import acting_as
from xero_sync.borrowers import sittings
from xero_sync.models import BorrowerSitting
from xero_sync.portal.answers import AGAIN, View, private, show, speaking
from xero_sync.runtime.clock import database_now

NOT_OPEN, CONFLICT = 403, 409
# In each form of a visit: the company that its page was shown for.
ABOUT = "about"
# `view(request, sitting, …)`, in the language of the sitting and in its name.
SittingView = Callable[..., HttpResponse]


def cookie_name() -> str:
    """Return the cookie's name; with this prefix browsers bind it to the host."""
    return "__Host-customer" if _is_https() else "customer"


def current(request: HttpRequest) -> BorrowerSitting | None:
    """Return the sitting that a request belongs to, if it goes on."""
    secret = request.COOKIES.get(cookie_name(), "")
    if not secret:
        return None
    is_somebody = AGAIN not in request.GET or request.method == "POST"
    return sittings.find(secret, now=database_now(), is_somebody=is_somebody)


def hand_over(response: HttpResponse, secret: str) -> None:
    """Give the browser the cookie of a new sitting."""
    response.set_cookie(
        cookie_name(), secret, secure=_is_https(), httponly=True, samesite="Lax"
    )


def _is_https() -> bool:
    return bool(settings.PUBLIC_BASE_URL.startswith("https:"))


def in_a_sitting(
    *,
    owner_only: bool = False,
    leads_to_xero: bool = False,
    about_any: bool = False,
) -> Callable[[SittingView], View]:
    """Show a page only in an open sitting, which the view is given after the request.

    It speaks the sitting's language, in the company's time zone, and acts in its name.
    With `owner_only` an accountant is told who can do it instead. A form does nothing
    where its page was about another company than the visit is by now, as one in a
    second tab may be; `about_any` is for those that are about none.
    """

    def made(view: SittingView) -> View:
        @wraps(view)
        def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if any("\x00" in value for value in request.POST.values()):
                # No browser sends it, and PostgreSQL cannot store it.
                raise SuspiciousOperation("A form holds a NUL.")
            sitting = current(request)
            if sitting is None:
                with speaking(request):
                    return show(request, "sitting_over", status=NOT_OPEN)
            language = sitting.language or sitting.company.language
            with (
                speaking(request, default=language) as spoken,
                timezone.override(ZoneInfo(sitting.company.time_zone)),
                acting_as(sitting.actor),
            ):
                if "lang" in request.GET:
                    sittings.speak(sitting=sitting, language=spoken)
                if owner_only and not sitting.is_owner:
                    return show_to(request, sitting, "owner_only", status=NOT_OPEN)
                about = request.POST.get(ABOUT)
                is_sent = request.method == "POST" and not about_any
                if is_sent and about != sitting.company.reference:
                    return show_to(request, sitting, "another_company", status=CONFLICT)
                return view(request, sitting, *args, **kwargs)

        return private(answer, leads_to_xero=leads_to_xero)

    return made


def show_to(
    request: HttpRequest,
    sitting: BorrowerSitting,
    template: str,
    *,
    status: int = 200,
    **context: object,
) -> HttpResponse:
    """Render a page for who sits there."""
    return show(
        request,
        template,
        company=sitting.company,
        sitting=sitting,
        status=status,
        **context,
    )
