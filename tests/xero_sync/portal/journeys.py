"""A borrower with a link, and Codat on a port."""

import html
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from django.test import Client
from django.urls import reverse
from django.utils import translation

from lending.models import Company
from tests.builders import make_company
from tests.xero_sync.commands.worlds import Codat
from xero_sync.borrowers import connecting, consents, links
from xero_sync.codat.client import CodatClient
from xero_sync.connections import onboarding
from xero_sync.models import BorrowerSitting, Connection
from xero_sync.models.links import LinkRole
from xero_sync.models.xero_app import THE_ONLY, XeroApp
from xero_sync.portal.sittings import cookie_name
from xero_sync.runtime.clock import database_now
from xero_sync.sandbox import control

PRIVACY = "https://lender.example/privacy"
# What a page says that looks by itself how far it is.
LOOKS_AGAIN = "5; url=?again=1"
TERMS = "https://lender.example/terms"


@dataclass
class Visitor:
    """Somebody with a link in their browser; no redirect is followed by itself."""

    company: Company = field(default_factory=make_company)
    role: str = LinkRole.OWNER
    browser: Client = field(default_factory=lambda: Client(enforce_csrf_checks=True))

    @property
    def home(self) -> str:
        return reverse("customer-home")

    @property
    def way(self) -> str:
        """The page of the connection."""
        return reverse("customer-connect")

    @property
    def connection(self) -> Connection:
        return Connection.objects.get(company=self.company)

    @property
    def sitting(self) -> BorrowerSitting:
        """Their sitting, begun if there is none."""
        if not self.is_sitting:
            self.open()
        secret = self.browser.cookies[cookie_name()].value
        return BorrowerSitting.objects.get(secret_hash=links.hash_of(secret))

    @property
    def is_sitting(self) -> bool:
        cookie = self.browser.cookies.get(cookie_name())
        return cookie is not None and cookie.value != ""

    def open(self, address: str = "") -> Any:
        """Open a link and press "Continue"; return where that leads."""
        address = address or links.make(
            company=self.company, role=self.role, made_by="test", now=database_now()
        )
        return self.press(path_of(address), {})

    def get(self, address: str, **query: str) -> Any:
        """What a page answers; without a sitting one is begun."""
        if address.startswith(self.home) and not self.is_sitting:
            self.open()
        return self.browser.get(path_of(address), query_params=query)

    def press(
        self, address: str, values: dict[str, Any], page: str = "", **query: str
    ) -> Any:
        """Send a form with what the page that it stands on sends by itself."""
        shown = self.get(page or address, **query).content.decode()
        if not csrf_token_of(shown):
            shown = self.get(self.home).content.decode()
        values = {**sent_by(shown), **values}
        return self.browser.post(path_of(address), values, query_params=query)

    def see(self, address: str, status: int = 200, **query: str) -> str:
        """The text of a page."""
        answer = self.get(address, **query)
        assert answer.status_code == status, answer.content.decode()
        return answer.content.decode()


@dataclass
class Customer(Visitor):
    """A borrower in their browser, and Codat on a port."""

    codat: Codat = field(kw_only=True)

    def __post_init__(self) -> None:
        self.codat.sandbox.settings.redirect_url = connecting.return_address()
        # Without both nobody is asked to consent.
        if not XeroApp.objects.exists():
            record_app(privacy_url=PRIVACY, terms_url=TERMS)

    def prepare(self) -> Connection:
        """Have a company and a connection at Codat that nobody has allowed yet."""
        with CodatClient.from_settings() as client:
            return onboarding.connect_company(
                company=self.company, client=client, now=database_now()
            )

    def box(self, **query: str) -> str:
        """What the box to tick stands for; empty where there is none."""
        page = self.get(self.way, **query).content.decode()
        found = re.findall(r'<input type="checkbox"[^>]* value="(\w+)"', page)
        return found[0] if found else ""

    def click(self, **query: str) -> Any:
        """Agree and go on, even where the page offers neither any more."""
        with translation.override(query.get("lang", "en")):
            agree = self.box(**query) or consents.on_offer().stamp
        return self.post({"agree": agree}, **query)

    def post(self, values: dict[str, str], **query: str) -> Any:
        return self.press(self.way, values, **query)

    def consent(self, address: str, outcome: int = 200, organisation: str = "") -> str:
        """Choose on the page that a link leads to; return where it sends one."""
        parts = urlsplit(address)
        form = f"organisation={organisation}&outcome={outcome}".encode()
        reply = control.handle(
            self.codat.sandbox, "POST", f"{parts.path}?{parts.query}", {}, form
        )
        assert reply.status == 303
        return reply.headers["Location"]


def csrf_token_of(shown: str) -> str:
    """The token in a page's first form; empty where there is none."""
    found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', shown)
    return found[1] if found else ""


def sent_by(shown: str) -> dict[str, str]:
    """What each form of a page sends by itself: its token and whom it is about."""
    about = re.search(r'name="about" value="([^"]*)"', shown)
    values = {"csrfmiddlewaretoken": csrf_token_of(shown)}
    return values | ({"about": html.unescape(about[1])} if about else {})


def text_of(shown: str) -> str:
    """What a page says, without its markup and what only keeps words together."""
    text = html.unescape(re.sub(r"<[^>]+>", " ", shown))
    return " ".join(text.replace("\N{WORD JOINER}", "").split())


def path_of(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def record_app(**values: Any) -> None:
    """Record how the lender's app stands."""
    XeroApp.objects.update_or_create(pk=THE_ONLY, defaults=values)
