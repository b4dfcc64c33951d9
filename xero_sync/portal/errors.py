"""Error pages for everybody who is no operator and no program, in both languages.

They rest on nothing: no database, no session, no sitting. A page that goes wrong may be
the one that says what to do.
"""

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import cache

from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.db import Error as DatabaseError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from xero_sync.portal.answers import (
    THE_SITE_ALONE,
    WITHIN_OUR_SITE,
    others,
    private,
    speaking,
)
from xero_sync.portal.sittings import current

logger = logging.getLogger(__name__)

Handler = Callable[[HttpRequest], HttpResponse]
BAD, FORBIDDEN, NOT_FOUND, NOT_SO, BROKEN, BUSY = 400, 403, 404, 405, 500, 503
OURS = frozenset({BAD, FORBIDDEN, NOT_FOUND, NOT_SO, BROKEN})
# Those who work here, programs and probes get theirs as they are.
NOT_FOR_CUSTOMERS = (
    "/admin/",
    "/api/",
    "/webhooks/",
    "/healthz",
    "/readyz",
    "/static/",
)
# What `private` marks a page with.
MARK = "X-Robots-Tag"
# Below it an address holds no token.
VISIT = "/c/my/"


class CustomerErrorsMiddleware:
    """Dress the refusals and failures that Django answers with."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        is_theirs = not request.path.startswith(NOT_FOR_CUSTOMERS)
        if settings.DEBUG and response.content:
            # A developer's own pages say more.
            return response
        if is_theirs and response.status_code in OURS and MARK not in response.headers:
            dress(request, response)
        return response


def dress(request: HttpRequest, response: HttpResponse) -> None:
    """Put our page into an answer that is an error; what fails here changes nothing."""
    try:
        with _speaking(request, response.status_code) as language:
            shown = _page(request, response.status_code, language)
            response.headers["Content-Language"] = language
    except Exception:
        logger.exception("No page for the error %s", response.status_code)
        return
    holds_token = request.path.startswith("/c/") and not _is_in_visit(request)
    referrer = THE_SITE_ALONE if holds_token else WITHIN_OUR_SITE
    response.content = shown
    # It was counted already, on the way out.
    response.headers["Content-Length"] = str(len(response.content))
    response.headers["Content-Type"] = "text/html; charset=utf-8"
    private(lambda _request: response, referrer=referrer)(request)


@private
def busy(request: HttpRequest) -> HttpResponse:
    """Answer that there are too many just now, in the browser's language."""
    language = translation.get_language_from_request(request)
    response = HttpResponse(_page_when_busy(language), status=BUSY)
    response.headers["Content-Language"] = language
    return response


@cache
def _page_when_busy(language: str) -> str:
    """Make the page once: it is shown when there is no time for it."""
    with translation.override(language):
        return render_to_string(
            "customer/error.html",
            {
                "language": language,
                "lender": settings.LENDER_NAME,
                "contact": settings.LENDER_CONTACT_EMAIL,
                "title": _("Too many people are here at the moment"),
                "sentences": [
                    _("What you sent was not taken, and nothing has changed."),
                    _("Wait a few seconds, then try again."),
                ],
                "button": _("Try again"),
                "address": "?",
            },
        )


def _speaking(request: HttpRequest, status: int) -> AbstractContextManager[str]:
    """Speak the language of the visit; without a database that of the browser."""
    language = translation.get_language_from_request(request)
    if status != BROKEN:
        try:
            sitting = current(request)
        except (DatabaseError, SuspiciousOperation):
            sitting = None
        if sitting is not None:
            language = sitting.language or sitting.company.language
    return speaking(request, default=language)


def _page(request: HttpRequest, status: int, language: str) -> str:
    title, sentences, button = _words(status)
    visit = _is_in_visit(request)
    anew = reverse("customer-home" if visit else "customer-entry")
    return render_to_string(
        "customer/error.html",
        {
            "language": language,
            "other_languages": others(request, language),
            "lender": settings.LENDER_NAME,
            "contact": settings.LENDER_CONTACT_EMAIL,
            "title": title,
            "sentences": sentences,
            "button": button,
            "address": "?" if status == FORBIDDEN and not visit else anew,
        },
    )


def _is_in_visit(request: HttpRequest) -> bool:
    return request.path.startswith(VISIT)


def _words(status: int) -> tuple[str, tuple[str, ...], str]:
    """Return title, sentences and the button's word."""
    if status == FORBIDDEN:
        # The one refusal that Django makes by itself: the form's token is missing.
        return (
            _("This page was open for too long"),
            (
                _("For your safety we did not take what you sent."),
                _("Nothing has changed. Load the page again, then send it once more."),
                _("If that does not help, let your browser accept cookies from us."),
            ),
            _("Load the page again"),
        )
    if status == BROKEN:
        return (
            _("Something went wrong on our side"),
            (
                _("It is not your fault, and what you saved is kept."),
                _("Try again in a few minutes. If it goes on, contact us."),
            ),
            _("Try again"),
        )
    if status == BAD:
        return (
            _("We could not read this request"),
            (_("Nothing has changed. Open the page again and try once more."),),
            _("Open the page"),
        )
    return (
        _("This page does not exist"),
        (
            _("Perhaps the address was cut off or mistyped."),
            _("Your link leads to all pages that there are."),
        ),
        _("Go on"),
    )
