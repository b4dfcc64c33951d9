"""A borrower who sees and clicks only what is on the screen."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lending.models import Company
from tests.builders import make_company
from tests.xero_sync.commands.worlds import Codat
from xero_sync.borrowers import links
from xero_sync.codat.client import CodatClient
from xero_sync.connections import onboarding
from xero_sync.models import Connection
from xero_sync.runtime.clock import database_now

PHONE, DESK = {"width": 360, "height": 740}, {"width": 1280, "height": 900}


@dataclass
class Customer:
    """One person with their own browser window."""

    site: str
    codat: Codat
    browser: Any
    # Where what is on the screen is kept.
    folder: Path
    company: Company = field(default_factory=make_company)
    clicks: int = 0
    page: Any = None

    def sit_down(
        self,
        *,
        size: dict[str, int] = PHONE,
        language: str = "en",
        script: bool = False,
        bypass_csp: bool = False,
    ) -> None:
        """Take a fresh window; nothing is remembered from an earlier one."""
        self.close()
        Company.objects.filter(pk=self.company.pk).update(language=language)
        self.company.refresh_from_db()
        context = self.browser.new_context(
            viewport=size, java_script_enabled=script, bypass_csp=bypass_csp
        )
        context.set_default_timeout(30_000)
        self.page = context.new_page()

    def close(self) -> None:
        """Close the window."""
        if self.page is not None:
            self.page.context.close()
            self.page = None

    def open_link(self) -> None:
        """Open a fresh link as from a mail, and go on."""
        address = links.make(company=self.company, made_by="test", now=database_now())
        self.page.goto(address)
        self.press("main form button")

    def press(self, selector: str) -> None:
        """Click on our page and wait for what comes."""
        self.clicks += 1
        self.page.click(selector)
        self.page.wait_for_load_state()

    def see(self, name: str) -> None:
        """Keep what is on the screen, for a person to look at."""
        size = self.page.viewport_size["width"]
        file = f"{name}-{self.company.language}-{size}.png"
        self.page.screenshot(path=self.folder / file, full_page=True)

    def connect_at_codat(self) -> Connection:
        """Have a connection that nobody has allowed yet."""
        with CodatClient.from_settings() as client:
            return onboarding.connect_company(
                company=self.company, client=client, now=database_now()
            )

    @property
    def connection(self) -> Connection:
        """The connection as it is stored now."""
        return Connection.objects.get(company=self.company)
