"""A borrower's way to Xero, their way back, and how they end the connection."""

import logging
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from lending import formats
from lending.models import Company
from xero_sync.borrowers import (
    connecting,
    consents,
    link_requests,
    links,
    outcomes,
    scope_words,
    tasks,
    wishes,
)
from xero_sync.borrowers import sittings as borrower_sittings
from xero_sync.borrowers import wording as borrower_wording
from xero_sync.borrowers.wording import LINKED, Code, Words
from xero_sync.codat.exceptions import CodatError, WritebackBlocked
from xero_sync.connections import status as connection_status
from xero_sync.models import BorrowerSitting, Connection
from xero_sync.models.wishes import WishAct
from xero_sync.portal.answers import SeeOther, look_again, private, show, speaking
from xero_sync.portal.sittings import current, in_a_sitting, show_to
from xero_sync.runtime import throttles
from xero_sync.runtime.clock import database_now
from xero_sync.writeback.paced_client import page_client

logger = logging.getLogger(__name__)

NOT_FOUND = 404
# The box to tick.
AGREE = "agree"
# Clicks and returns of one company: each reads at Codat, out of everybody's budget.
A_MINUTE = 12


@require_http_methods(["GET", "HEAD", "POST"])
@in_a_sitting(leads_to_xero=True)
def connect(request: HttpRequest, sitting: BorrowerSitting) -> HttpResponse:
    """Show the connection; send who agrees to Xero, by a link fetched now."""
    connection, standing = _standing(sitting.company)
    if request.method != "POST":
        return _page(request, sitting, connection, standing)
    if not standing.button:
        return SeeOther(reverse("customer-connect"))
    offer = consents.on_offer()
    if request.POST.get(AGREE) != offer.stamp:
        mistake = (
            _("What you agree to has changed meanwhile. Please read it again.")
            if request.POST.get(AGREE)
            else _(
                "Tick the box if you agree. Without it we do not connect to your Xero."
            )
        )
        return _page(request, sitting, connection, standing, mistake=mistake)
    if not throttles.may("way", who=sitting.company.pk, a_minute=A_MINUTE):
        return _page(request, sitting, connection, _ours_too_often())
    try:
        with page_client() as client:
            url = connecting.way_to_xero(
                sitting=sitting, client=client, agreed=offer, now=database_now()
            )
    except connecting.NoWayToXero as exc:
        connection, standing = _standing(sitting.company)
        if exc.code != standing.code:
            standing = borrower_wording.of(exc.code)
        return _page(request, sitting, connection, standing)
    except WritebackBlocked:
        logger.exception("The way to Xero is not set up")
        unreachable = borrower_wording.of(Code.UNREACHABLE)
        return _page(request, sitting, connection, unreachable)
    borrower_sittings.acted(sitting=sitting, what="connected", now=database_now())
    return SeeOther(url)


def _ours_too_often() -> Words:
    return Words(
        Code.UNREACHABLE,
        _("Wait a minute, then try again"),
        (_("You have asked for the way to Xero many times in a minute."),),
        _("Try again"),
    )


def _standing(company: Company) -> tuple[Connection | None, Words]:
    connection = borrower_wording.latest_connection(company)
    return connection, borrower_wording.standing(
        connection, barred=connecting.bar(connection)
    )


def _page(
    request: HttpRequest,
    sitting: BorrowerSitting,
    connection: Connection | None,
    words: Words,
    *,
    mistake: str = "",
) -> HttpResponse:
    answer = show_to(
        request,
        sitting,
        "connect",
        words=words,
        refusal=_not_cut(connection) if words.code in LINKED else None,
        offer=consents.on_offer() if words.button else None,
        scopes=scope_words.requested(),
        mistake=mistake,
        checked=_checked(connection),
        is_another=words.code == Code.ANOTHER_ORGANISATION,
        may_disconnect=words.code in LINKED and sitting.is_owner,
        advises_other_login=_has_another_connected(sitting),
    )
    return look_again(answer) if words.may_change else answer


def _not_cut(connection: Connection | None) -> Words | None:
    """Return why a connection was not cut that they wanted to be, if that is news."""
    if connection is None:
        return None
    wish = wishes.latest(connection)
    allowed = connection.consented_at
    return wishes.refusal_of(wish, since=allowed, now=database_now())


def _has_another_connected(sitting: BorrowerSitting) -> bool:
    others = borrower_sittings.companies(sitting)
    others = [one for one in others if one.pk != sitting.company_id]
    return Connection.objects.linked().filter(company__in=others).exists()


def _checked(connection: Connection | None) -> str:
    has_been = connection is not None and connection.checked_at is not None
    return formats.moment(connection.checked_at) if connection and has_been else ""


# --- the way back ------------------------------------------------------------------


@require_safe
@private
def back_from_xero(request: HttpRequest) -> HttpResponse:
    """Say how it went, by what the connection is at Codat now.

    Of the query only our own signed part is believed, and only in the sitting that
    left. What Codat fills in chooses the words for a connection that is not linked, and
    must fit the connection.
    """
    try:
        visit = links.visit_of(request.GET.get(connecting.VISIT, ""))
    except links.LinkNotValid:
        with speaking(request):
            return show(request, "return_unknown")
    sitting = current(request)
    with speaking(request, default=visit.language):
        if not _fits(request.GET.get("connection", ""), visit.connection):
            return show(request, "not_valid", status=NOT_FOUND)
        if sitting is None or sitting.pk != visit.sitting_id:
            return show(
                request,
                "return_elsewhere",
                visit=request.GET[connecting.VISIT],
                is_owner=borrower_sittings.is_owners(visit.sitting_id),
            )
        try:
            # Another tab may have gone on with another organisation meanwhile.
            reference = visit.connection.company.reference
            borrower_sittings.choose(sitting=sitting, reference=reference)
        except borrower_sittings.NotTheirs:
            return SeeOther(reverse("customer-organisations"))
        connection = _read(visit.connection)
        if connection is None:
            seen = _not_seen()
        else:
            standing = borrower_wording.standing(
                connection, barred=connecting.bar(connection)
            )
            seen = outcomes.after_return(request.GET.get("code", ""), standing)
        found = tasks.of(sitting.company)
        next_task = next((one for one in found if one.is_open), None)
        return show_to(request, sitting, "returned", words=seen, next_task=next_task)


@require_http_methods(["POST"])
@private
def mail_after_return(request: HttpRequest) -> HttpResponse:
    """Mail the link to who came back from Xero in another browser."""
    try:
        visit = links.visit_of(request.POST.get(connecting.VISIT, ""))
    except links.LinkNotValid:
        with speaking(request):
            return show(request, "return_unknown")
    if not borrower_sittings.is_owners(visit.sitting_id):
        # What we would mail is the owner's own link.
        return SeeOther(reverse("customer-entry"))
    company = visit.connection.company
    link_requests.mail_link(company=company, now=database_now())
    with speaking(request, default=visit.language) as language:
        query = urlencode({"sent": "1", "lang": language})
        return SeeOther(f"{reverse('customer-entry')}?{query}")


def _read(connection: Connection) -> Connection | None:
    """Read a connection at Codat; None if that is not possible now."""
    if not throttles.may("return", who=connection.pk, a_minute=A_MINUTE):
        return None
    try:
        with page_client() as client:
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
            _("We could not look at your connection just now."),
            _("Check again in a few minutes. If it goes on, contact us."),
        ),
        may_change=True,
    )


# --- the end -----------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@in_a_sitting(owner_only=True)
def disconnect(request: HttpRequest, sitting: BorrowerSitting) -> HttpResponse:
    """Ask once more, then take down that the connection is to be cut."""
    connection, standing = _standing(sitting.company)
    if connection is None or standing.code not in LINKED:
        return SeeOther(reverse("customer-connect"))
    if request.method != "POST":
        return show_to(request, sitting, "disconnect", connection=connection)
    wishes.ask(
        connection=connection,
        act=WishAct.DISCONNECT,
        by=sitting.actor,
        now=database_now(),
    )
    return SeeOther(reverse("customer-connect"))
