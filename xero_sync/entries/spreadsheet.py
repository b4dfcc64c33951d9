"""A borrower's entries as a file that their spreadsheet opens right.

A French spreadsheet expects a semicolon between cells and a comma in a number, an
English one a comma and a point; both know UTF-8 by its mark, and ISO dates as dates.
Names come from the lender and from the borrower's customers: a cell that a spreadsheet
would take for a formula (OWASP, "CSV Injection") begins with an apostrophe instead.
"""

import csv
import io
from collections.abc import Iterable, Iterator

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from lending.money import as_text
from xero_sync.entries.posted import Entry

BYTE_ORDER_MARK = "\ufeff"
# The full-width forms count as the plain ones where Japanese is set up.
FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def lines_of(entries: Iterable[Entry]) -> Iterator[str]:
    """Give the file line by line, in the language that is active."""
    is_french = (get_language() or "").startswith("fr")
    buffer = io.StringIO()
    # All are quoted, so that no other separator cuts a cell in two.
    writer = csv.writer(
        buffer, delimiter=";" if is_french else ",", quoting=csv.QUOTE_ALL
    )
    yield BYTE_ORDER_MARK
    writer.writerow(_heads())
    yield _taken(buffer)
    for one in entries:
        writer.writerow(_cells(one, is_french=is_french))
        yield _taken(buffer)


def safe(text: str) -> str:
    """Return a text as a cell that no spreadsheet takes for a formula."""
    return f"'{text}" if text.lstrip(" \u00a0").startswith(FORMULAS) else text


def _taken(buffer: io.StringIO) -> str:
    line = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return line


def _heads() -> list[str]:
    return [
        _("Date"),
        _("Entry"),
        _("Details"),
        _("Financing"),
        _("Invoice"),
        _("Your customer"),
        _("Amount on the lender account"),
        _("Currency"),
        _("State"),
        _("Why"),
        _("What you can do"),
        _("Reference"),
    ]


def _cells(one: Entry, *, is_french: bool) -> list[str]:
    # A number of ours, never a text: its minus is no formula.
    amount = as_text(one.amount, one.currency)
    texts = (one.kind, one.detail, one.loan, one.invoice, one.debtor)
    rest = (one.currency, one.state, one.why, one.to_do, one.reference)
    return [
        one.on.isoformat(),
        *map(safe, texts),
        amount.replace(".", ",") if is_french else amount,
        *map(safe, rest),
    ]
