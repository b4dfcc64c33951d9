"""Ids that sort by the time they were made."""

import time
from uuid import RFC_4122

import pytest

from lending.db.ids import new_id
from xero_sync.models import SyncRecord, WriteRequest


def test_it_is_a_uuid_of_version_7():
    found = [new_id() for _ in range(1_000)]

    assert {one.version for one in found} == {7}
    assert {one.variant for one in found} == {RFC_4122}
    assert len(set(found)) == 1_000


def test_it_begins_with_the_time():
    before = time.time_ns() // 1_000_000
    found = new_id()
    after = time.time_ns() // 1_000_000

    assert before <= found.int >> 80 <= after


def test_those_of_one_process_stand_in_the_order_in_which_they_were_made():
    found = [new_id() for _ in range(1_000)]

    assert found == sorted(found)


def test_the_bits_after_the_time_are_left_to_chance():
    found = [new_id().int for _ in range(200)]
    set_somewhere = clear_somewhere = 0
    for one in found:
        set_somewhere |= one
        clear_somewhere |= ~one

    varying = (set_somewhere & clear_somewhere) & ((1 << 62) - 1)

    assert varying.bit_count() == 62


@pytest.mark.parametrize("model", [SyncRecord, WriteRequest])
def test_what_every_push_writes_has_such_an_id(model):
    assert model().pk.version == 7
