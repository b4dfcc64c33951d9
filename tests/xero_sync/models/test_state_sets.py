"""Sets of places mean the same in Python and in SQL; an event in one word."""

from itertools import product

import pytest

from tests.builders import make_event
from xero_sync.entries.status import NEEDS_SOMEBODY, EventStatus, actor_of, status_of
from xero_sync.models import SyncRecord
from xero_sync.models.choices import Reason, State
from xero_sync.models.state_sets import DISPENSABLE, NEEDS_A_DECISION


def standing(*places):
    return [
        SyncRecord(state=state, reason=reason)
        for state, _, reason in (place.partition(" ") for place in places)
    ]


@pytest.mark.django_db
def test_python_and_sql_agree_on_every_place():
    make_event()
    record = SyncRecord.objects.filter(step="transfer")
    sets = (NEEDS_A_DECISION, NEEDS_SOMEBODY, DISPENSABLE)

    for state, reason in product(State.values, ["", *Reason.values]):
        record.update(state=state, reason=reason)

        by_sql = [record.filter(one.q()).exists() for one in sets]

        assert by_sql == [one.include(state, reason) for one in sets], (state, reason)


def test_whatever_needs_a_decision_is_somebody_s_move():
    places = list(product(State.values, ["", *Reason.values]))

    decided = {one for one in places if NEEDS_A_DECISION.include(*one)}
    acted_on = {one for one in places if NEEDS_SOMEBODY.include(*one)}

    assert decided < acted_on
    assert acted_on == {
        (state, reason)
        for state, reason in places
        if actor_of(state=state, reason=reason) != "nobody"
    }
    # The borrower's consent is nobody's decision on an entry.
    assert ("held", "not_linked") in acted_on - decided


@pytest.mark.parametrize(
    ("places", "status"),
    [
        ([], "written"),
        (["queued", "held awaiting_booking"], "in_progress"),
        (["written", "held feed_not_connected"], "needs_attention"),
        (["written", "held bank_feeds_off"], "written"),
        (["queued", "held bank_feeds_off"], "in_progress"),
        (["unknown no_answer", "held awaiting_booking"], "unknown"),
        (["unknown needs_person", "held awaiting_booking"], "needs_attention"),
        (["failed refused_by_xero", "held bank_feeds_off"], "needs_attention"),
        (["written", "cancelled decided"], "written"),
        (["linked_by_hand already_in_books", "cancelled already_in_books"], "written"),
        (["cancelled reversed", "cancelled reversed"], "cancelled"),
    ],
)
def test_an_event_stands_where_its_entries_do(places, status):
    assert status_of(standing(*places)) == EventStatus(status)
