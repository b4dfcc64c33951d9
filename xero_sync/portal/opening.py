"""The page of a link itself: "Continue" opens a sitting, and the token is gone.

Programs that follow the links in mails only ever see this page; nothing happens before
somebody presses the button.
"""

from functools import partial

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods

from xero_sync.borrowers import link_requests, links, sittings, tasks
from xero_sync.portal.answers import THE_SITE_ALONE, SeeOther, private, show, speaking
from xero_sync.portal.sittings import current, hand_over
from xero_sync.runtime.clock import database_now

NOT_FOUND, GONE = 404, 410
with_token = partial(private, referrer=THE_SITE_ALONE)


@require_http_methods(["GET", "HEAD", "POST"])
@with_token
def open_link(request: HttpRequest, token: str) -> HttpResponse:
    """Ask whether to go on; begin a sitting for who does."""
    now = database_now()
    try:
        link = links.find(token, now=now)
    except links.LinkNotValid:
        return _not_valid(request)
    except links.LinkExpired as exc:
        with speaking(request, default=exc.link.company.language):
            return show(
                request,
                "expired",
                token=token,
                is_owner=exc.link.is_owner,
                status=GONE,
            )
    if request.method != "POST":
        with speaking(request, default=link.company.language):
            return show(request, "open", token=token, whose=link.company.legal_name)
    earlier = current(request)
    if earlier is not None:
        # Its cookie is lost to this browser, and to whoever else has it.
        sittings.end(sitting=earlier, now=now)
    secret = sittings.begin(link=link, now=now)
    page = (
        tasks.first_address(link.company)
        if link.starts_at_task
        else reverse("customer-home")
    )
    chosen = request.GET.get("lang")
    query = f"?{urlencode({'lang': chosen})}" if chosen else ""
    answer = SeeOther(f"{page}{query}")
    hand_over(answer, secret)
    return answer


@require_http_methods(["GET", "HEAD", "POST"])
@with_token
def renew(request: HttpRequest, token: str) -> HttpResponse:
    """Mail a fresh link to the company whose link has become too old."""
    if request.method != "POST":
        # Whoever changes the language or loads it anew asked for nothing.
        return SeeOther(reverse("customer", kwargs={"token": token}))
    try:
        links.find(token, now=database_now())
    except links.LinkNotValid:
        return _not_valid(request)
    except links.LinkExpired as exc:
        if not exc.link.is_owner:
            # Theirs is mailed by their client; ours would be the client's own.
            return SeeOther(reverse("customer", kwargs={"token": token}))
        company = exc.link.company
        link_requests.mail_link(company=company, now=database_now())
        with speaking(request, default=company.language) as language:
            query = urlencode({"sent": "1", "lang": language})
            return SeeOther(f"{reverse('customer-entry')}?{query}")
    return SeeOther(reverse("customer", kwargs={"token": token}))


def _not_valid(request: HttpRequest) -> HttpResponse:
    with speaking(request):
        return show(request, "not_valid", status=NOT_FOUND)
