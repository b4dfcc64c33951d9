"""What a borrower's page says of statement lines that do not get through."""

import pytest
from django.utils import translation

from tests.worlds import World
from tests.xero_sync.portal.journeys import Visitor
from xero_sync.borrowers import remarks
from xero_sync.models import LenderAccount, SyncRecord

pytestmark = pytest.mark.django_db

CODES = [
    remarks.NO_FEEDS,
    remarks.NO_APP,
    remarks.NO_CURRENCY,
    remarks.NO_FEED,
    remarks.REJECTED,
    remarks.FEED_CUT,
]


def shown(borrower):
    visitor = Visitor(borrower.company)
    return visitor.see(visitor.home)


def line_of(borrower, **values):
    """One statement line, in a state."""
    borrower.record(borrower.loan(), "drawdown", "800")
    lines = SyncRecord.objects.filter(company=borrower.company, step="statement_line")
    lines.update(**values)


def test_nothing_is_said_while_lines_get_through():
    borrower = World().borrower()
    line_of(borrower, state="queued", reason="")

    assert 'class="wait notice"' not in shown(borrower)


def test_a_line_that_xero_refused_is_mentioned_to_its_own_borrower():
    world = World()
    borrower, other = world.borrower(), world.borrower()
    line_of(borrower, state="failed", reason="refused_by_xero")

    assert "Some statement lines were not accepted" in shown(borrower)
    assert 'class="wait notice"' not in shown(other)


def test_lines_that_wait_for_a_feed_that_was_cut_are_mentioned():
    borrower = World().borrower()
    line_of(borrower, state="held", reason="feed_not_connected")
    assert 'class="wait notice"' not in shown(borrower)

    LenderAccount.objects.update(feed_status="disconnected")

    assert "The bank feed in your Xero is disconnected" in shown(borrower)


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("code", CODES)
def test_each_refusal_of_xeros_has_plain_words(code, language):
    with translation.override(language):
        said = remarks.of(code)

    assert said.title
    assert len(said.sentences) == 3
    # Xero's own code is for us, not for the borrower.
    assert code not in " ".join([said.title, *said.sentences])
