"""Whatever is refused is told to a borrower in their language, without an id."""

import re

import pytest
from django.utils import translation

# Brings in the refusals of all apps.
import backoffice.urls  # noqa: F401
from lending.exceptions import ExternalIdConflict, InvoiceOverpaid, LendingError
from xero_sync.borrowers.refusals import refusal_for_borrower
from xero_sync.codat.exceptions import (
    CodatError,
    CodatUnavailable,
    MappingIncomplete,
    WritebackBlocked,
)
from xero_sync.models.choices import Question

AN_ID = "5f1c2f0e-3b1a-4c57-9d3e-1a2b3c4d5e6f"
MESSAGE = f"nominated_account_id: Xero has no active record {AN_ID} of this kind."


def kinds(base):
    return [base, *(one for sub in base.__subclasses__() for one in kinds(sub))]


def made(kind):
    """An exception as it is raised: with a message that holds an id."""
    if issubclass(kind, InvoiceOverpaid):
        return kind(MESSAGE, surplus=1)
    if issubclass(kind, ExternalIdConflict):
        return kind(MESSAGE, differences={})
    try:
        return kind(MESSAGE, field="nominated_account_id")
    except TypeError:
        return kind(MESSAGE)


def told(exc, language):
    with translation.override(language):
        said = refusal_for_borrower(exc)
    return said, [said.title, *said.sentences, *filter(None, [said.button])]


ALL = [*kinds(WritebackBlocked), *kinds(LendingError), *kinds(CodatError)]


@pytest.mark.parametrize("kind", ALL, ids=lambda one: one.__name__)
def test_each_refusal_is_told_in_both_languages_without_an_id(kind):
    exc = made(kind)

    english, french = told(exc, "en")[1], told(exc, "fr")[1]

    assert len(english) == len(french) >= 2
    for ours, theirs in zip(english, french, strict=True):
        assert ours != theirs
    for text in (*english, *french):
        assert AN_ID not in text
        assert not re.search(r"[0-9a-f]{8}|_|codat|HTTP|API", text, re.IGNORECASE)
        assert len(text.split()) < 24


@pytest.mark.parametrize(
    "kind", kinds(WritebackBlocked)[1:], ids=lambda one: one.__name__
)
def test_each_of_ours_has_words_of_its_own(kind):
    anything, _ = told(WritebackBlocked(), "en")

    said, _ = told(made(kind), "en")

    assert said.title != anything.title


@pytest.mark.parametrize("kind", kinds(CodatError), ids=lambda one: one.__name__)
def test_each_kind_of_codats_errors_has_words_of_its_own(kind):
    anything, _ = told(WritebackBlocked(), "en")

    assert told(made(kind), "en")[0].title != anything.title


@pytest.mark.parametrize("how", [{"was_sent": False}, {"rate_limited": True}])
def test_our_own_limit_is_not_blamed_on_who_answers(how):
    said = " ".join(told(CodatUnavailable(**how), "en")[1])

    assert "at the moment" in said
    assert "did not answer" not in said
    assert "did not answer" in " ".join(told(CodatUnavailable(), "en")[1])


@pytest.mark.parametrize(
    ("field", "question"),
    [
        ("lender_account", Question.LENDER),
        ("nominated_account_id", Question.BANK),
        ("expense_account_id", Question.FEE),
        ("tax_percent", Question.TAX),
        ("supplier_id", Question.SUPPLIER),
    ],
)
def test_a_refused_choice_leads_to_its_own_question(field, question):
    said, _ = told(MappingIncomplete("no", field=field), "en")

    assert (said.address, said.question) == ("customer-question", question)


def test_what_is_none_of_ours_is_told_as_well():
    (english, _), (french, _) = (told(ValueError(AN_ID), one) for one in ("en", "fr"))

    assert english.title == "That did not work"
    assert french.title == "Cela n’a pas fonctionné"


def test_the_words_differ_from_kind_to_kind():
    titles = [told(made(one), "en")[0].title for one in kinds(WritebackBlocked)]

    assert len({*titles}) == len(titles)
