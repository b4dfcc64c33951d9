"""Every place where an entry may stand has words for the borrower."""

from itertools import product

import pytest
from django.utils import translation

from lending.models import EventKind
from xero_sync.entries import borrower_wording as wording
from xero_sync.entries.borrower_wording import Place
from xero_sync.entries.waiting import Wait
from xero_sync.models.choices import COVERED_REASONS, Reason, State
from xero_sync.models.state_sets import NEEDS_A_DECISION

# What stands between us and Xero, and how we call our own things.
JARGON = ("codat", "push", "api", "sync", "record", "write-back", "mapping", "token")
# It is settled: nothing is left to do.
OVER = (Reason.ALREADY_IN_BOOKS, Reason.REVERSED, Reason.LEFT_OUT, Reason.DECIDED)


def said(language, why):
    with translation.override(language):
        return str(why.why), str(why.to_do)


@pytest.mark.parametrize("reason", Reason.values)
def test_every_reason_is_said_in_both_languages(reason):
    english, french = (said(one, wording.OF_REASON[reason]) for one in ("en", "fr"))

    assert english[0] != french[0]
    assert all(english) or reason in OVER
    assert english[1] != french[1] or reason in OVER


@pytest.mark.parametrize("state", State.values)
def test_every_state_is_said_in_both_languages(state):
    english, french = (said(one, wording.OF_STATE[state]) for one in ("en", "fr"))

    # What stands in Xero needs no reason.
    assert english[0] or state == State.WRITTEN
    assert all(
        theirs != ours for ours, theirs in zip(english, french, strict=True) if ours
    )


@pytest.mark.parametrize(
    "texts", [wording.PLACES, wording.KINDS], ids=["places", "kinds"]
)
def test_places_and_kinds_are_called_by_their_name_in_both_languages(texts):
    assert {*wording.PLACES} == {*Place}
    assert {*wording.KINDS} == {*EventKind.values}
    for text in texts.values():
        with translation.override("fr"):
            french = str(text)
        with translation.override("en"):
            assert french != str(text)


def test_whatever_keeps_a_queued_entry_back_is_said():
    assert {*wording.OF_WAIT} == {*Wait.values}
    for one in wording.OF_WAIT.values():
        assert said("en", one) != said("fr", one)


def test_no_text_speaks_of_what_lies_between_them_and_xero():
    whys = [*wording.OF_REASON.values(), *wording.OF_STATE.values()]
    for why, language in product(whys, ("en", "fr")):
        words = " ".join(said(language, why)).lower().split()
        assert not [one for one in words if one.strip(".,;:") in JARGON]
        for sentence in " ".join(said(language, why)).split(". "):
            assert len(sentence.split()) < 20, sentence


def test_every_state_is_a_place():
    places = {
        wording.place_of(state, reason)
        for state, reason in product(State.values, ["", *Reason.values])
    }

    assert places == {*Place}


def test_what_waits_for_bank_feeds_alone_asks_nothing_of_anybody():
    for reason in COVERED_REASONS:
        assert wording.place_of(State.HELD, reason) == Place.NOT_NEEDED
        assert not wording.THEIRS.include(State.HELD, reason)


def test_what_is_refused_is_never_the_borrowers_task_and_they_enter_nothing():
    for reason in ("refused_by_codat", "refused_by_xero", "not_sendable"):
        assert NEEDS_A_DECISION.include(State.FAILED, reason)
        assert not wording.THEIRS.include(State.FAILED, reason)
        assert "by hand" in said("en", wording.OF_REASON[reason])[1]
