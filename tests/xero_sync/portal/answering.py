"""A borrower in a sitting, their Xero in the sandbox, and what they answer."""

import re
from dataclasses import dataclass, field
from html import unescape
from typing import Any

from django.core.cache import cache
from django.test import Client

from tests.xero_sync.commands.worlds import Codat
from xero_sync.borrowers import links
from xero_sync.models import AccountMapping, Connection
from xero_sync.models.links import LinkRole
from xero_sync.runtime.clock import database_now

ACCOUNTS = "/c/my/accounts/"


def token_in(page: str) -> str:
    return re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', page)[0]


@dataclass
class Visitor:
    """Somebody in a browser of their own, who follows no redirect by themself."""

    codat: Codat
    connection: Connection
    role: str = LinkRole.OWNER
    browser: Client = field(default_factory=lambda: Client(enforce_csrf_checks=True))

    def __post_init__(self) -> None:
        address = links.make(
            company=self.connection.company,
            made_by="test",
            now=database_now(),
            role=self.role,
        )
        path = "/c/" + address.partition("/c/")[2]
        page = self.browser.get(path).content.decode()
        answer = self.browser.post(path, {"csrfmiddlewaretoken": token_in(page)})
        assert answer.status_code == 303

    def get(self, path: str = "", **query: str) -> Any:
        return self.browser.get(ACCOUNTS + path, query_params=query)

    def see(self, path: str = "", **query: str) -> str:
        """The text of a page, which is there."""
        answer = self.get(path, **query)
        assert answer.status_code == 200, (answer.status_code, answer.headers)
        return unescape(answer.content.decode())

    def post(self, path: str, values: dict[str, str], **query: str) -> Any:
        token = self.browser.cookies["csrftoken"].value
        return self.browser.post(
            ACCOUNTS + path,
            values | {"csrfmiddlewaretoken": token},
            query_params=query,
        )

    def answer(self, question: str, value: str, **besides: str) -> Any:
        return self.post(f"{question}/", {"answer": value} | besides)

    def refused(self, question: str, value: str, **besides: str) -> str:
        """The page that says what is wrong, with what was entered."""
        answer = self.answer(question, value, **besides)
        assert answer.status_code == 200
        page = unescape(answer.content.decode())
        assert "<title>Error: " in page
        return page

    def take_all(self, **instead: str) -> None:
        """Answer each question, with ordinary answers where nothing else is said."""
        ordinary = {
            "lender": "new",
            "bank": self.id_of("Business Current Account"),
            "fee": self.id_of("Bank Fees"),
            "tax": "NONE",
            "supplier": "new",
        }
        for question, value in (ordinary | instead).items():
            answer = self.answer(question, value)
            assert answer.status_code == 303, answer.content.decode()

    def form(self) -> dict[str, str]:
        """What the page of the check sends when it is saved."""
        page = self.see("check/")
        return {
            name: re.findall(rf'name="{name}" value="([^"]*)"', page)[0]
            for name in ("shown", "expected")
        }

    def save(self) -> Any:
        return self.post("check/", self.form())

    def id_of(self, name: str) -> str:
        return self.codat.account_id(name)

    def sync(self) -> None:
        """What was done in Xero is known at Codat, and no page remembers otherwise."""
        self.codat.sandbox.sync(self.codat.connection_id)
        cache.clear()

    @property
    def mapping(self) -> AccountMapping | None:
        return self.connection.mappings.order_by("version").last()


def checked(page: str) -> list[str]:
    """The options that are marked on a page."""
    return re.findall(r'name="answer" id="[^"]*" value="([^"]*)" checked', page)


def offered(page: str) -> list[str]:
    """What the options of a page are called."""
    return re.findall(r"<strong>([^<]*)</strong>", page)
