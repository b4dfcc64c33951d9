"""A borrower's page, their way to Xero, and their way back."""

import logging
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import translation
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from lending import formats
from lending.audit.origin import acting_as
from lending.models import Company
from xero_sync.borrowers import (
    connecting,
    consents,
    link_requests,
    links,
    outcomes,
    remarks,
)
from xero_sync.borrowers import wording as borrower_wording
from xero_sync.borrowers.wording import Code, Words
from xero_sync.codat.exceptions import CodatError, WritebackBlocked
from xero_sync.connections import status as connection_status
from xero_sync.models import Connection
from xero_sync.portal.answers import SeeOther, private, show, speaking
from xero_sync.runtime import throttles
from xero_sync.runtime.clock import database_now
from xero_sync.writeback.paced_client import paced_client

logger = logging.getLogger(__name__)

NOT_FOUND, GONE = 404, 410
# The box to tick.
AGREE = "agree"
# Clicks and returns of one company: each reads at Codat, out of everybody's budget.
A_MINUTE = 12
# What may have stood in the way of the last click.
REFUSALS = {Code.FULL, Code.UNREACHABLE, Code.NOT_AVAILABLE}


@require_safe
@private
def home(request: HttpRequest, token: str) -> HttpResponse:
    """Show how things stand and the one next step."""
    try:
        company = links.company_of(token)
    except links.LinkNotValid:
        return _not_valid(request)
    except links.LinkExpired as exc:
        return _expired(request, token, exc.company)
    with speaking(request, default=company.language):
        connection, standing = _standing(company)
        refused = request.GET.get("refused", "")
        if refused in REFUSALS and standing.button:
            standing = borrower_wording.of(Code(refused))
        return _home(request, token, company, connection, standing)


@require_http_methods(["GET", "HEAD", "POST"])
@private
def connect(request: HttpRequest, token: str) -> HttpResponse:
    """Send a borrower who agrees to Xero, by a link fetched now; or say why not."""
    if request.method != "POST":
        return _to_home(token, **_chosen_language(request))
    try:
        company = links.company_of(token)
    except (links.LinkNotValid, links.LinkExpired):
        # There it says what to do.
        return _to_home(token)
    with speaking(request, default=company.language) as language:
        offer = consents.on_offer()
        if request.POST.get(AGREE) != offer.stamp:
            return _not_agreed(request, token, company)
        if not throttles.may("way", who=company.pk, a_minute=A_MINUTE):
            return _to_home(token, refused=Code.UNREACHABLE, lang=language)
        try:
            with acting_as(f"borrower:{company.reference}"), paced_client() as client:
                url = connecting.way_to_xero(
                    company=company,
                    client=client,
                    agreed=offer,
                    now=database_now(),
                )
        except connecting.NoWayToXero as exc:
            return _to_home(token, refused=exc.code, lang=language)
        except WritebackBlocked:
            logger.exception("The way to Xero is not set up")
            return _to_home(token, refused=Code.UNREACHABLE, lang=language)
    return SeeOther(url)


def _not_agreed(request: HttpRequest, token: str, company: Company) -> HttpResponse:
    """Show the page again, with what is missing; nothing is asked of Codat."""
    connection, standing = _standing(company)
    if not standing.button:
        return _to_home(token, lang=translation.get_language())
    mistake = (
        _("What you agree to has changed meanwhile. Please read it again.")
        if request.POST.get(AGREE)
        else _("Tick the box if you agree. Without it we do not connect to your Xero.")
    )
    return _home(request, token, company, connection, standing, mistake=mistake)


def _standing(company: Company) -> tuple[Connection | None, Words]:
    connection = borrower_wording.latest_connection(company)
    return connection, borrower_wording.standing(
        connection, barred=connecting.bar(connection)
    )


@require_http_methods(["GET", "HEAD", "POST"])
@private
def renew(request: HttpRequest, token: str) -> HttpResponse:
    """Mail a fresh link to the company whose link has become too old."""
    if request.method != "POST":
        # Whoever changes the language or loads it anew asked for nothing.
        return _to_home(token)
    try:
        links.company_of(token)
    except links.LinkNotValid:
        return _not_valid(request)
    except links.LinkExpired as exc:
        link_requests.mail_link(company=exc.company, now=database_now())
        with speaking(request, default=exc.company.language) as language:
            query = urlencode({"sent": "1", "lang": language})
            return SeeOther(f"{reverse('customer-entry')}?{query}")
    return _to_home(token)


@require_safe
@private
def back_from_xero(request: HttpRequest) -> HttpResponse:
    """Say how it went, by what the connection is at Codat now.

    Of the query only our own signed part is believed. What Codat fills in chooses the
    words for a connection that is not linked, and must fit the connection.
    """
    try:
        visit = links.visit_of(request.GET.get(connecting.VISIT, ""))
    except links.LinkNotValid:
        with speaking(request):
            return show(request, "return_unknown")
    company = visit.connection.company
    with speaking(request, default=visit.language):
        if not _fits(request.GET.get("connection", ""), visit.connection):
            return _not_valid(request)
        connection = _read(visit.connection)
        if connection is None:
            connection, seen = visit.connection, _not_seen()
        else:
            standing = borrower_wording.standing(
                connection, barred=connecting.bar(connection)
            )
            seen = outcomes.after_return(request.GET.get("code", ""), standing)
        return _home(request, links.token_for(company), company, connection, seen)


def _read(connection: Connection) -> Connection | None:
    """Read a connection at Codat; None if that is not possible now."""
    if not throttles.may("return", who=connection.pk, a_minute=A_MINUTE):
        return None
    try:
        with paced_client() as client:
            return connection_status.refresh(
                connection=connection, client=client, now=database_now()
            )
    except (CodatError, WritebackBlocked) as exc:
        logger.warning(
            "Connection %s could not be read after the return: %s",
            connection.pk,
            type(exc).__name__,
        )
        return None


def _fits(named: str, connection: Connection) -> bool:
    """Whether the redirect names the visitor's own connection, or none."""
    if not named:
        return True
    try:
        return UUID(named) == connection.codat_connection_id
    except ValueError:
        return False


def _not_seen() -> Words:
    return Words(
        Code.UNREACHABLE,
        _("We cannot see yet how it went"),
        (
            _("The service that leads to Xero did not answer when we asked it."),
            _("Reload this page in a few minutes. If it goes on, contact us."),
        ),
        may_change=True,
    )


def _home(
    request: HttpRequest,
    token: str,
    company: Company,
    connection: Connection | None,
    standing: Words,
    *,
    mistake: str = "",
) -> HttpResponse:
    return show(
        request,
        "home",
        company=company,
        token=token,
        words=standing,
        offer=consents.on_offer() if standing.button else None,
        mistake=mistake,
        remarks=remarks.of_company(company, connection),
        checked=_checked(company, connection),
    )


def _checked(company: Company, connection: Connection | None) -> str:
    if connection is None or connection.checked_at is None:
        return ""
    zone = ZoneInfo(company.time_zone)
    return formats.moment(connection.checked_at, zone)


def _chosen_language(request: HttpRequest) -> dict[str, str]:
    chosen = request.GET.get("lang")
    return {"lang": chosen} if chosen else {}


def _to_home(token: str, **query: str) -> HttpResponse:
    address = reverse("customer", kwargs={"token": token})
    return SeeOther(f"{address}?{urlencode(query)}" if query else address)


def _not_valid(request: HttpRequest) -> HttpResponse:
    with speaking(request):
        return show(request, "not_valid", status=NOT_FOUND)


def _expired(request: HttpRequest, token: str, company: Company) -> HttpResponse:
    with speaking(request, default=company.language):
        return show(request, "expired", token=token, status=GONE)
