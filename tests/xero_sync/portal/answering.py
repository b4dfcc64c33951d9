"""A borrower in a sitting who answers the questions about their accounts."""

import re
from dataclasses import dataclass, field
from html import unescape
from typing import Any

from django.core.cache import cache
from django.urls import reverse

from tests.xero_sync.commands.worlds import Codat
from tests.xero_sync.portal.journeys import Visitor
from xero_sync.models import AccountMapping

ACCOUNTS = reverse("customer-accounts")


@dataclass
class Answerer(Visitor):
    """Somebody whose company is connected, their Xero behind a port."""

    codat: Codat = field(kw_only=True)

    def page(self, path: str = "", **query: str) -> str:
        """The text of a page of the questions."""
        return unescape(self.see(f"{ACCOUNTS}{path}", **query))

    def answer(self, question: str, value: str, **besides: str) -> Any:
        values = {"answer": value} | besides
        return self.press(f"{ACCOUNTS}{question}/", values, page=self.home)

    def refused(self, question: str, value: str, **besides: str) -> str:
        """The page that says what is wrong, and keeps what was entered."""
        answer = self.answer(question, value, **besides)
        assert answer.status_code == 200
        page = unescape(answer.content.decode())
        assert "<title>Error: " in page
        assert 'class="summary" role="alert"' in page
        return page

    def answer_all(self, **instead: str) -> None:
        """Answer each question, in the ordinary way where nothing else is said."""
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
        return form_of(self.page("check/"))

    def save(self, form: dict[str, str] | None = None, **besides: str) -> Any:
        values = (form or self.form()) | besides
        return self.press(f"{ACCOUNTS}check/", values, page=self.home)

    def id_of(self, name: str) -> str:
        return self.codat.account_id(name)

    def add_account(self, name: str, **values: Any) -> str:
        made = self.codat.sandbox.add_account(
            self.codat.connection_id, name=name, **values
        )
        self.sync()
        return str(made.id)

    def add_supplier(self, name: str) -> str:
        made = self.codat.sandbox.add_supplier(self.codat.connection_id, name)
        self.sync()
        return str(made.id)

    def sync(self) -> None:
        """Let Codat know what was done in Xero, and no page remember otherwise."""
        self.codat.sandbox.sync(self.codat.connection_id)
        cache.clear()

    @property
    def mapping(self) -> AccountMapping | None:
        return self.connection.mappings.order_by("version").last()

    @property
    def calls(self) -> list[str]:
        """What the sandbox was asked, as "METHOD path"."""
        return [f"{one.method} {one.path}" for one in self.codat.sandbox.requests]


def form_of(page: str) -> dict[str, str]:
    return {
        name: re.findall(rf'name="{name}" value="([^"]*)"', page)[0]
        for name in ("shown", "expected")
    }


def marked(page: str) -> list[str]:
    """The options that are marked on a page."""
    return re.findall(r'name="answer" id="[^"]*" value="([^"]*)" checked', page)


def offered(page: str) -> list[str]:
    """What the options of a page are called."""
    return re.findall(r"<strong>([^<]*)</strong>", page)
