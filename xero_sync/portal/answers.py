"""How a borrower's page answers: in their language, kept by nobody, about nothing else.

No page is stored by browsers or proxies or found by search engines, and none loads
anything from elsewhere. Other sites never learn an address; with `no-referrer` Chromium
sends "Origin: null" with a form, which fails every check of where it comes from, so
within our own site the address is told, and a link's own page tells the site alone.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import translation

from lending.models import Company
from xero_sync.portal import logo
from xero_sync.xero_app import facts

View = Callable[..., HttpResponse]
# After this long a page on which something is under way looks again.
REFRESH_SECONDS = 5
# In the address of a page that looks again by itself.
AGAIN = "again"
# For pages whose addresses hold nothing, and for those with a token in theirs.
WITHIN_OUR_SITE, THE_SITE_ALONE = "same-origin", "strict-origin"


class SeeOther(HttpResponseRedirect):
    """Go on there with GET, whatever the method was."""

    status_code = 303


def private(
    view: View, *, referrer: str = WITHIN_OUR_SITE, leads_to_xero: bool = False
) -> View:
    """Make a view a borrower's page."""

    @wraps(view)
    def answer(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        response = view(request, *args, **kwargs)
        response.headers["Cache-Control"] = "no-store, private"
        response.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
        response.headers["Referrer-Policy"] = referrer
        response.headers["Content-Security-Policy"] = _policy(
            leads_to_xero=leads_to_xero
        )
        return response

    return answer


def _policy(*, leads_to_xero: bool) -> str:
    # A browser holds the redirect that answers a form against form-action too, and
    # Codat's links lie on several hosts; a sandbox is not https.
    codat = urlsplit(settings.CODAT_BASE_URL)
    plain = f" {codat.scheme}://{codat.netloc}" if codat.scheme != "https" else ""
    elsewhere = f" https:{plain}" if leads_to_xero else ""
    images = filter(None, ["'self'", logo.origin()])
    return (
        f"default-src 'none'; style-src 'self'; img-src {' '.join(images)}; "
        f"form-action 'self'{elsewhere}; base-uri 'none'; frame-ancestors 'none'"
    )


@contextmanager
def speaking(request: HttpRequest, *, default: str | None = None) -> Iterator[str]:
    """Speak the language that was chosen on the page, else the one given.

    Without either, what the browser asks for has been chosen already.
    """
    known = dict(settings.LANGUAGES)
    chosen = request.GET.get("lang", "")
    language = chosen if chosen in known else default or translation.get_language()
    with translation.override(language if language in known else "en"):
        yield translation.get_language()


def show(
    request: HttpRequest,
    template: str,
    *,
    company: Company | None = None,
    status: int = 200,
    **context: object,
) -> HttpResponse:
    """Render a page in the language that is active."""
    language = translation.get_language()
    app = facts.current()
    response = render(
        request,
        f"customer/{template}.html",
        {
            "language": language,
            "other_languages": others(request, language),
            "lender": settings.LENDER_NAME,
            "logo": logo.address(),
            "contact": settings.LENDER_CONTACT_EMAIL,
            "privacy_url": app.privacy_url,
            "terms_url": app.terms_url,
            "company": company,
            **context,
        },
        status=status,
    )
    response.headers["Content-Language"] = language
    return response


def look_again(answer: HttpResponse) -> HttpResponse:
    """Let a page look by itself how far it is.

    Not by an element of the page: whoever reads it slowly can stop a header's. Its
    address tells that nobody asked for it.
    """
    answer.headers["Refresh"] = f"{REFRESH_SECONDS}; url=?{AGAIN}=1"
    return answer


def others(request: HttpRequest, language: str) -> list[tuple[str, str, str]]:
    """Return code, name and address of the page in each other language."""
    found = []
    for code, name in settings.LANGUAGES:
        if code != language:
            query = request.GET.copy()
            query["lang"] = code
            # Whoever chooses a language is there.
            query.pop(AGAIN, None)
            found.append((code, name, f"?{query.urlencode()}"))
    return found
