"""Pages on which staff see to their own way in: second factor, sessions."""

from typing import Any

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from backoffice.models import StaffSession
from backoffice.models.users import SessionEnd
from backoffice.users import second_factor, sessions
from lending import formats


def second_factor_page(request: HttpRequest, site: AdminSite) -> HttpResponse:
    """Ask for a code; whoever has no second factor yet sets it up."""
    user: Any = request.user
    goes_to = _goes_to(request)
    if second_factor.is_passed(request):
        return HttpResponseRedirect(goes_to)
    if request.method == "POST" and "leave" in request.POST:
        logout(request)
        return HttpResponseRedirect(reverse("admin:login"))
    if second_factor.is_set_up(user):
        return _ask(request, site, goes_to)
    return _set_up(request, site, goes_to)


def _ask(request: HttpRequest, site: AdminSite, goes_to: str) -> HttpResponse:
    error = ""
    if request.method == "POST":
        if second_factor.check(request, request.POST.get("code", "")):
            return HttpResponseRedirect(goes_to)
        error = _(
            "That code was not right, or came too soon after another. Wait for the "
            "next one."
        )
    shown = {"title": _("Your code"), "error": error, "next": goes_to}
    return _page(request, site, "second_factor.html", shown)


def _set_up(request: HttpRequest, site: AdminSite, goes_to: str) -> HttpResponse:
    user: Any = request.user
    error = ""
    if request.method == "POST" and "begin" in request.POST:
        second_factor.begin(user)
    elif request.method == "POST":
        codes = second_factor.set_up(request, request.POST.get("code", ""))
        if codes is not None:
            shown = {"title": _("Your recovery codes"), "codes": codes, "next": goes_to}
            return _page(request, site, "recovery_codes.html", shown)
        error = _("That code was not right. Wait for the next one, then try again.")
    device = second_factor.pending(user)
    shown = {"title": _("Set up your second factor"), "error": error, "next": goes_to}
    if device is not None:
        shown["picture"] = second_factor.picture_of(device)
        shown["secret"] = second_factor.secret_of(device)
    return _page(request, site, "second_factor_set_up.html", shown)


def sessions_page(request: HttpRequest, site: AdminSite) -> HttpResponse:
    """Show where a person is signed in, and let them end it; give new codes."""
    user: Any = request.user
    mine: StaffSession | None = getattr(request, "staff_session", None)
    if request.method == "POST":
        return _act(request, site, user, mine)
    rows = [
        {
            "key": one.pk,
            "is_this": mine is not None and one.pk == mine.pk,
            "began": formats.instant(one.began_at),
            "seen": formats.instant(one.seen_at),
            "address": one.address or "–",
            "browser": one.browser or "–",
        }
        for one in user.sessions.live().order_by("-seen_at")
    ]
    shown = {
        "title": _("Where you are signed in"),
        "rows": rows,
        "has_second_factor": second_factor.is_set_up(user),
        "codes_left": second_factor.codes_left(user),
    }
    return _page(request, site, "sessions.html", shown)


def _act(
    request: HttpRequest, site: AdminSite, user: Any, mine: StaffSession | None
) -> HttpResponse:
    here = HttpResponseRedirect(reverse("admin:staff-sessions"))
    if "codes" in request.POST and second_factor.is_set_up(user):
        shown = {
            "title": _("Your recovery codes"),
            "codes": second_factor.new_codes(user),
            "next": here.url,
        }
        return _page(request, site, "recovery_codes.html", shown)
    if "others" in request.POST:
        ended = sessions.end_all(user, SessionEnd.ENDED, but=mine)
    else:
        key = request.POST.get("end", "")
        found = [one for one in user.sessions.live() if str(one.pk) == key]
        for one in found:
            sessions.end(one, SessionEnd.ENDED)
        ended = len(found)
    words = ngettext("%(n)d session was ended.", "%(n)d sessions were ended.", ended)
    messages.success(request, words % {"n": ended})
    return here


def _goes_to(request: HttpRequest) -> str:
    given = request.POST.get("next") or request.GET.get("next") or ""
    is_ours = url_has_allowed_host_and_scheme(
        given, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return given if is_ours else reverse("admin:index")


def _page(
    request: HttpRequest, site: AdminSite, name: str, shown: dict[str, Any]
) -> HttpResponse:
    context = {**site.each_context(request), **shown}
    return TemplateResponse(request, f"admin/staff/{name}", context)
