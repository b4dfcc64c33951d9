"""Acts for which staff prove once more who they are: a session may have been left open.

Proof holds for `settings.STAFF_FRESH`, and each of these acts prolongs it, so that
whoever works through a list is asked once.
"""

from collections.abc import Callable
from typing import Any

from django.contrib.auth import authenticate
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from backoffice.models import StaffSession
from backoffice.users import second_factor, sessions, sign_in

# Who may do what, what opens doors, where money or mail goes, what may write twice.
ACTS = frozenset(
    f"admin:{name}"
    for name in (
        "auth_user_add",
        "auth_user_change",
        "auth_user_password_change",
        "auth_user_reset-second-factor",
        "auth_user_unlock",
        "backoffice_apikey_add",
        "backoffice_apiclient_change",
        "backoffice_webhookendpoint_add",
        "backoffice_webhookendpoint_change",
        "backoffice_webhookendpoint_rotate-secret",
        "lending_company_change",
        "lending_company_customer-link",
        "staff-sessions",
        "xero_sync_connection_confirm-organisation",
        "xero_sync_connection_replace-organisation",
        "xero_sync_connection_off-board",
        "xero_sync_connection_let-go-on",
        "xero_sync_connection_pushes-anothers",
        "xero_sync_connection_pushes-ours",
        "xero_sync_lenderaccount_balance",
        "xero_sync_lenderaccount_rename",
        "xero_sync_syncrecord_link-by-hand",
        "xero_sync_syncrecord_not-in-xero",
        "xero_sync_syncrecord_send-again",
        "xero_sync_syncrecord_settle-alarm",
        "xero_sync_xeroapp_keys",
        "xero_sync_xeroapp_reveal",
    )
)
PASSWORD, CODE, CARRIED = "confirm-password", "confirm-code", "confirm-carried"
NEVER_CARRIED = ("csrfmiddlewaretoken", CODE, CARRIED)


def gate(
    request: HttpRequest, around: Callable[[HttpRequest], dict[str, Any]]
) -> HttpResponse | None:
    """Return the page that asks who somebody is, or None to let the act go on.

    What they had typed is carried through the page and not lost. `around` gives what
    every page of the admin shows besides.
    """
    session: StaffSession | None = getattr(request, "staff_session", None)
    if session is None or not _is_dangerous(request):
        return None
    error = ""
    if PASSWORD in request.POST:
        if _proves(request):
            sessions.confirm(session)
            # Whoever knew the cookie before has nothing of the proof.
            request.session.cycle_key()
            is_act = CARRIED in request.POST
            return None if is_act else HttpResponseRedirect(request.get_full_path())
        error = _("That was not right. Nothing was done; try again.")
    elif sessions.is_fresh(session):
        if request.method == "POST":
            sessions.confirm(session)
        return None
    return _page(request, around(request), error)


def _is_dangerous(request: HttpRequest) -> bool:
    match = request.resolver_match
    if match is None or match.view_name not in ACTS:
        return False
    # Many look at a page; few save it.
    is_page = match.view_name.endswith(("_change", ":staff-sessions"))
    is_read = is_page and request.method != "POST"
    return not (is_read and "password" not in match.view_name)


def _proves(request: HttpRequest) -> bool:
    name, password = request.user.get_username(), request.POST[PASSWORD]
    if not sign_in.may_try():
        return False
    try:
        with sign_in.one_of_few():
            user = authenticate(request, username=name, password=password)
    except sign_in.Busy:
        return False
    if user is None or user.pk != request.user.pk:
        return False
    code = request.POST.get(CODE, "")
    return second_factor.is_left_out() or second_factor.check(request, code)


def _page(
    request: HttpRequest, site_context: dict[str, Any], error: str
) -> HttpResponse:
    is_act = request.method == "POST" and (
        PASSWORD not in request.POST or CARRIED in request.POST
    )
    context = {
        **site_context,
        "title": _("Is it you?"),
        "error": error,
        "carried": _carried(request.POST) if is_act else None,
        "asks_code": not second_factor.is_left_out(),
    }
    return TemplateResponse(request, "admin/staff/confirm.html", context, status=403)


def _carried(given: QueryDict) -> list[tuple[str, str]]:
    return [
        (name, value)
        for name, values in given.lists()
        if name not in NEVER_CARRIED and "password" not in name
        for value in values
    ]
