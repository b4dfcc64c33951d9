"""French in which each translated text is marked, so that one that is not is found.

What is left of a page without the marked texts, the data of the test and the dates is
text that nobody can translate.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from html.parser import HTMLParser

from babel.dates import get_month_names
from django.conf import settings
from django.utils.translation import trans_real

from lending.models import Company, Loan
from xero_sync.codat.client import CodatClient
from xero_sync.models import (
    AccountMapping,
    BorrowerLink,
    Connection,
    LenderAccount,
    MappingRow,
)

LANGUAGE = "fr"
BEGINS, ENDS = "⟦", "⟧"
# What is read out or shown though it stands in no text.
ATTRIBUTES = ("aria-label", "alt", "title", "placeholder", "data-label")
# Between these nothing is shown.
SILENT = ("style", "script")
# Without an end of their own.
VOID = ("meta", "link", "input", "br", "img", "hr")
CONTEXT = "\x04"
MONTHS = [
    name
    for width in ("wide", "abbreviated")
    for name in get_month_names(width, locale=LANGUAGE).values()
]
DATE = re.compile(
    rf"\b\d{{1,2}}(er)? ({'|'.join(map(re.escape, MONTHS))}) \d{{4}}"
    r"((,| à) \d\d:\d\d)?"
)
# What a borrower knows under its own name, and what opens nothing.
NAMES = ("Xero", "English", "CSV")
ADDRESS = re.compile(r"https?://\S+")


class Marked(trans_real.DjangoTranslation):
    """A catalogue that has every text, marked."""

    def gettext(self, message: str) -> str:
        return f"{BEGINS}{message.rpartition(CONTEXT)[2]}{ENDS}"

    def ngettext(self, singular: str, plural: str, n: int) -> str:
        return self.gettext(singular if n == 1 else plural)


@contextmanager
def marked() -> Iterator[None]:
    """Speak the marked language wherever French is spoken."""
    before = trans_real.translation(LANGUAGE)
    trans_real._translations[LANGUAGE] = Marked(LANGUAGE)
    try:
        yield
    finally:
        trans_real._translations[LANGUAGE] = before


class Texts(HTMLParser):
    """All texts of a page, as far as they are in its own language."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.inside: list[bool] = []
        self.feed(markup)

    def handle_starttag(self, tag: str, attrs: list) -> None:
        named = dict(attrs)
        other = named.get("lang", LANGUAGE) != LANGUAGE
        self.found += [named[one] for one in ATTRIBUTES if named.get(one)]
        if tag == "input" and named.get("type") in {"submit", "button"}:
            self.found.append(named.get("value", ""))
        if tag not in VOID:
            self.inside.append(other or tag in SILENT)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            self.inside.pop()

    def handle_data(self, data: str) -> None:
        if not any(self.inside):
            self.found.append(data)


def untranslated_in(markup: str, data: set[str]) -> list[str]:
    """What of a page cannot be translated."""
    return untranslated("\n".join(Texts(markup).found), data)


def untranslated(text: str, data: set[str]) -> list[str]:
    """What of a text is neither marked nor data nor a date."""
    left = DATE.sub(" ", ADDRESS.sub(" ", without_marked(text)))
    for one in sorted({*data, *NAMES}, key=len, reverse=True):
        left = left.replace(one, " ")
    lines = (line.strip() for line in left.splitlines())
    return [line for line in lines if re.search(r"[^\W\d_]{2}", line)]


def without_marked(text: str) -> str:
    """A text without what stands between marks, which may lie in each other."""
    left, depth = [], 0
    for character in text:
        depth += (character == BEGINS) - (character == ENDS)
        left.append(" " if depth or character == ENDS else character)
    assert depth == 0, f"a mark is not closed: {text[:200]}"
    return "".join(left)


def data_of_test() -> set[str]:
    """What stands on pages as it was entered: names, numbers, addresses."""
    fields = {
        Company: ("legal_name", "reference", "contact_email", "currency"),
        Connection: ("organisation_name", "previous_organisation_name"),
        LenderAccount: ("name",),
        AccountMapping: ("nominated_account_name",),
        MappingRow: ("account_name",),
        Loan: ("reference", "invoice_number", "debtor_name"),
        BorrowerLink: ("sent_to",),
    }
    found = {settings.LENDER_NAME, settings.LENDER_CONTACT_EMAIL}
    for model, names in fields.items():
        for row in model.objects.values_list(*names):
            found |= set(row)
    for connection in Connection.objects.linked():
        found |= _names_in_xero(connection)
    return {one for one in found if one}


def _names_in_xero(connection: Connection) -> set[str]:
    company_id, connection_id = (
        connection.codat_company_id,
        connection.codat_connection_id,
    )
    with CodatClient.from_settings() as client:
        listed = [
            *client.list_accounts(company_id),
            *client.list_bank_accounts(company_id, connection_id),
            *client.list_suppliers(company_id),
            *client.list_tax_rates(company_id),
        ]
    codes = {getattr(one, "nominal_code", "") for one in listed}
    return {one.name for one in listed} | codes
