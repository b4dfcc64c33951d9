"""The file opens right in an English and in a French spreadsheet, and runs nothing."""

import csv
import io
from datetime import date
from decimal import Decimal

import pytest
from django.utils import translation

from tests.worlds import World
from xero_sync.entries import posted, spreadsheet
from xero_sync.entries.borrower_wording import Place
from xero_sync.entries.posted import Entry


def entry(**values):
    fields = {
        "on": date(2026, 11, 30),
        "kind": "Advance",
        "detail": "",
        "amount": Decimal("-19200.5"),
        "currency": "GBP",
        "loan": "HJ-0142",
        "invoice": "INV-1187",
        "debtor": "Ridgeway; Stores, plc",
        "reference": "HJ-0142/1",
        "place": Place.POSTED,
        "state": "In Xero",
        "why": "",
        "to_do": "",
        "needs_you": False,
    }
    return Entry(**fields | values)


def written(language, *entries):
    with translation.override(language):
        return "".join(spreadsheet.lines_of(entries))


def rows(language, *entries):
    text = written(language, *entries).removeprefix("\ufeff")
    separator = ";" if language == "fr" else ","
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))


@pytest.mark.parametrize(
    ("language", "amount"), [("en", "-19200.50"), ("fr", "-19200,50")]
)
def test_amounts_are_numbers_of_the_language(language, amount):
    head, row = rows(language, entry())

    assert len(head) == len(row) == 12
    assert row[0] == "2026-11-30"
    assert row[5] == "Ridgeway; Stores, plc"
    assert row[6] == amount


def test_the_file_begins_with_the_mark_of_utf_8_and_speaks_french():
    text = written("fr", entry())

    assert text.encode()[:3] == b"\xef\xbb\xbf"
    assert "Montant sur le compte du financeur" in text
    assert "Amount" not in text


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", " ="])
@pytest.mark.parametrize("field", ["debtor", "invoice", "detail", "why", "to_do"])
def test_no_text_is_taken_for_a_formula(start, field):
    text = f'{start}HYPERLINK("https://attacker.example";"Open")'

    for language in ("en", "fr"):
        (_head, row) = rows(language, entry(**{field: text}))
        assert f"'{text}" in row
        # The amount alone begins with a minus: it is a number.
        assert not [one for one in row[:6] + row[7:] if one.startswith(start)]


def test_a_yen_has_no_digits_after_the_point():
    (_head, row) = rows("en", entry(amount=Decimal(-800), currency="JPY"))

    assert row[6] == "-800"


@pytest.mark.django_db
def test_the_file_holds_all_entries_however_many_a_page_shows(monkeypatch):
    monkeypatch.setattr(posted, "CHUNK", 2)
    borrower = World().borrower()
    loan = borrower.loan(debtor_name='=cmd|" /C calc"!A0')
    for kind in ("invoice_payment", "drawdown", "fee"):
        borrower.record(loan, kind, "10")

    _head, *found = rows("fr", *posted.entries_of(borrower.company))

    assert [row[6] for row in found] == ["-10,00"] * 4 + ["10,00"] * 2
    assert {row[5] for row in found} == {'\'=cmd|" /C calc"!A0'}
