"""Error pages: what an operator sees of one, and what even a developer must not.

Those of programs and of customers are made of Django's plain answers, by
`ApiMiddleware` and `CustomerErrorsMiddleware`.
"""

import logging

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views import csrf, defaults
from django.views.debug import SafeExceptionReporterFilter

logger = logging.getLogger(__name__)

OPERATORS = "/admin/"
BROKEN = 500


class HidesAlways(SafeExceptionReporterFilter):
    """Hides what a view declares sensitive in development as well.

    Django shows it there, and a real secret may be tried on a developer's machine.
    """

    def is_active(self, request: HttpRequest | None) -> bool:  # noqa: ARG002
        """Hide it, whatever DEBUG says."""
        return True


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer what cannot be read."""
    return _dressed(request, defaults.bad_request(request, exception), _bad())


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer who may not see or do this."""
    return _dressed(
        request, defaults.permission_denied(request, exception), _forbidden(request)
    )


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer where there is nothing."""
    return _dressed(request, defaults.page_not_found(request, exception), _not_found())


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer after a mistake of ours."""
    return _dressed(request, defaults.server_error(request), _broken(request))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form that no page of ours, or too old a one, has sent."""
    return _dressed(request, csrf.csrf_failure(request, reason), _too_old())


Words = tuple[str, tuple[str, ...]]


def _bad() -> Words:
    return _("We could not read this request"), (
        _("Nothing has changed."),
        _("Go back, look at what you typed, and try once more."),
    )


def _forbidden(request: HttpRequest) -> Words:
    name = request.user.get_username() if hasattr(request, "user") else ""
    return _("You may not do this"), (
        _("Nothing has changed."),
        _("You are signed in as %(name)s, who has no permission for this page.")
        % {"name": name},
        _("If your work needs it, ask a person who manages the users for it."),
    )


def _not_found() -> Words:
    return _("There is no such page"), (
        _("The address was mistyped, or leads to something that is not kept here."),
        _("Look for it in its list, or begin at the overview."),
    )


def _broken(request: HttpRequest) -> Words:
    number = getattr(request, "request_id", "")
    return _("Something went wrong on our side"), (
        _("What you sent may not be stored: look at the page before you repeat."),
        _("If it happens again, tell who runs the back office this number: %(number)s")
        % {"number": number},
    )


def _too_old() -> Words:
    return _("This page was open for too long"), (
        _("For your safety we did not take what you sent. Nothing has changed."),
        _("Go back, load the page again, and send it once more."),
        _("If that does not help, let your browser accept cookies from us."),
    )


def _dressed(request: HttpRequest, plain: HttpResponse, words: Words) -> HttpResponse:
    """Put an operator's page into the answer; what fails here leaves it as it is."""
    if not request.path.startswith(OPERATORS):
        return plain
    title, sentences = words
    context = {"title": title, "sentences": sentences, "path": request.path}
    # After a mistake nothing is asked of the database, which may be what is broken.
    asks = plain.status_code != BROKEN and hasattr(request, "user")
    site = admin.site
    bare = {"site_header": site.site_header, "site_title": site.site_title}
    try:
        around = site.each_context(request) | _list(request) if asks else bare
        plain.content = render_to_string(
            "admin/error.html",
            {**around, **context},
            request if asks else None,
        )
    except Exception:
        logger.exception("No page for the error %s", plain.status_code)
    else:
        plain.headers["Content-Type"] = "text/html; charset=utf-8"
    return plain


def _list(request: HttpRequest) -> dict[str, str]:
    """Name the list that the address lies in, and where it is, if they may see it."""
    app, model, *_rest = [*request.path.removeprefix(OPERATORS).split("/"), ""]
    for shown, pages in admin.site._registry.items():
        is_it = (shown._meta.app_label, shown._meta.model_name) == (app, model)
        if is_it and pages.has_view_permission(request):
            name = str(shown._meta.verbose_name_plural)
            return {
                "list": name[:1].upper() + name[1:],
                "list_address": reverse(f"admin:{app}_{model}_changelist"),
            }
    return {}
