"""A borrower with a link, and Codat on a port."""

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from django.test import Client
from django.utils import translation

from lending.models import Company
from tests.builders import make_company
from tests.xero_sync.commands.worlds import Codat
from xero_sync.borrowers import connecting, consents, links
from xero_sync.codat.client import CodatClient
from xero_sync.connections import onboarding
from xero_sync.models import Connection
from xero_sync.models.xero_app import THE_ONLY, XeroApp
from xero_sync.runtime.clock import database_now
from xero_sync.sandbox import control


@dataclass
class Customer:
    """A borrower in his browser; he follows no redirect by himself."""

    codat: Codat
    company: Company = field(default_factory=make_company)
    browser: Client = field(default_factory=lambda: Client(enforce_csrf_checks=True))

    def __post_init__(self) -> None:
        self.codat.sandbox.settings.redirect_url = connecting.return_address()

    @property
    def home(self) -> str:
        return path_of(links.link_for(self.company))

    @property
    def connection(self) -> Connection:
        return Connection.objects.get(company=self.company)

    def prepare(self) -> Connection:
        """Have a company and a connection at Codat that nobody has allowed yet."""
        with CodatClient.from_settings() as client:
            return onboarding.connect_company(
                company=self.company, client=client, now=database_now()
            )

    def box(self, **query: str) -> str:
        """What the box to tick stands for; empty where there is none."""
        page = self.browser.get(self.home, query_params=query).content.decode()
        found = re.findall(r'<input type="checkbox" name="agree" value="(\w+)"', page)
        return found[0] if found else ""

    def click(self, **query: str) -> Any:
        """Agree and go on, even where the page offers neither any more."""
        with translation.override(query.get("lang", "en")):
            agree = self.box(**query) or consents.on_offer().stamp
        return self.post({"agree": agree}, **query)

    def post(self, values: dict[str, str], **query: str) -> Any:
        return self.browser.post(f"{self.home}connect/", values, query_params=query)

    def consent(self, address: str, outcome: int = 200, organisation: str = "") -> str:
        """Choose on the page that a link leads to; return where it sends one."""
        parts = urlsplit(address)
        form = f"organisation={organisation}&outcome={outcome}".encode()
        reply = control.handle(
            self.codat.sandbox, "POST", f"{parts.path}?{parts.query}", {}, form
        )
        assert reply.status == 303
        return reply.headers["Location"]

    def see(self, address: str, status: int = 200) -> str:
        """The text of a page."""
        answer = self.browser.get(path_of(address))
        assert answer.status_code == status, answer.content.decode()
        return answer.content.decode()


def path_of(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def record_app(**values: Any) -> None:
    """Record how the lender's app stands."""
    XeroApp.objects.update_or_create(pk=THE_ONLY, defaults=values)
