"""The questions about a borrower's accounts, against the sandbox."""

import pytest

from tests.xero_sync.portal.answering import Visitor, checked

LENDER = "Example Invoice Finance"


@pytest.fixture
def visitor(codat, settings):
    settings.LENDER_ACCOUNT_NUMBER, settings.LENDER_SORT_CODE = "12345678", "123456"
    return Visitor(codat, codat.adopt())


def requests(visitor):
    return [f"{one.method} {one.path}" for one in visitor.codat.sandbox.requests]


# --- the way through -----------------------------------------------------------------


def test_a_borrower_answers_one_question_after_the_other_and_saves(visitor):
    assert "Not answered yet" in visitor.see()

    ways = []
    for question in ("lender", "bank", "fee", "tax", "supplier"):
        (suggested,) = checked(visitor.see(f"{question}/"))
        ways.append(visitor.answer(question, suggested)["Location"])

    assert ways == [
        *(f"/c/my/accounts/{one}/" for one in ("bank", "fee", "tax", "supplier")),
        "/c/my/accounts/check/",
    ]
    assert visitor.mapping is None
    page = visitor.see("check/")
    assert f"A new bank account, “{LENDER}”" in page
    assert "090 Business Current Account" in page
    assert "404 Bank Fees" in page

    visitor.save()

    mapping = visitor.mapping
    assert (mapping.version, mapping.chosen_by) == (1, "borrower:harbour")
    assert mapping.nominated_account_name == "Business Current Account"
    assert mapping.supplier_name == LENDER
    assert "Not saved yet" not in visitor.see()
