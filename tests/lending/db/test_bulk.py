"""Many rows with one statement: the same values as one by one, on both databases."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from lending.db import bulk
from tests.worlds import World
from xero_sync.models import Heartbeat, RateScope, SyncRecord, WriteRequest

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 2, 12, 0, 0, 123456, tzinfo=UTC)
# One row, few rows, and more than PostgreSQL takes by INSERT.
SIZES = [1, 3, bulk.WORTH_A_COPY + 5]
AWKWARD = "tab\t, line\nfeed, back\\slash, \\N, \\., quote ' \" and “Zoë” %s"


@pytest.mark.parametrize("size", SIZES)
def test_what_is_inserted_is_read_back_as_it_was(size):
    names = [f"{number} {AWKWARD}"[:50] for number in range(size)]

    bulk.insert(
        Heartbeat,
        [
            {"name": name, "busy_until": NOON if number % 2 else None}
            for number, name in enumerate(names)
        ],
        beat_at=NOON,
        holder=AWKWARD,
    )

    found = Heartbeat.objects.in_bulk(names)
    assert len(found) == size
    assert {one.holder for one in found.values()} == {AWKWARD}
    assert {one.beat_at for one in found.values()} == {NOON}
    assert found[names[0]].busy_until is None
    assert all(found[name].busy_until == NOON for name in names[1::2])


@pytest.mark.parametrize("size", SIZES)
def test_a_field_that_is_not_named_takes_its_default(size):
    bulk.insert(RateScope, [{"key": f"day {number}"} for number in range(size)])

    made = RateScope.objects.filter(key__startswith="day ")
    assert made.filter(failures=0, is_probing=False, remaining=None).count() == size


@pytest.mark.parametrize("size", SIZES)
def test_a_row_that_is_there_already_is_an_integrity_error(size):
    Heartbeat.objects.create(name="3", beat_at=NOON)
    fresh = [{"name": str(number)} for number in range(4, 3 + size)]

    with pytest.raises(IntegrityError), transaction.atomic():
        bulk.insert(Heartbeat, [*fresh, {"name": "3"}], beat_at=NOON)

    assert Heartbeat.objects.count() == 1


@pytest.mark.parametrize("size", SIZES)
def test_rows_of_two_models_are_inserted_together(size):
    beats = [{"name": f"{number}", "holder": AWKWARD} for number in range(size)]
    scopes = [{"key": f"day {number}"} for number in range(size)]

    bulk.insert_both((Heartbeat, beats, {"beat_at": NOON}), (RateScope, scopes, {}))

    made = Heartbeat.objects.filter(holder=AWKWARD, beat_at=NOON, busy_until=None)
    assert made.count() == size
    assert RateScope.objects.filter(key__startswith="day ", failures=0).count() == size


@pytest.mark.parametrize("beats", [[], [{"name": "1"}]])
def test_of_two_models_one_may_have_no_rows(beats):
    bulk.insert_both((Heartbeat, beats, {"beat_at": NOON}), (RateScope, [], {}))

    assert Heartbeat.objects.count() == len(beats)


def test_of_two_models_neither_is_inserted_where_one_is_refused():
    Heartbeat.objects.create(name="3", beat_at=NOON)

    with pytest.raises(IntegrityError), transaction.atomic():
        bulk.insert_both(
            (RateScope, [{"key": "day 3"}], {}),
            (Heartbeat, [{"name": "3"}], {"beat_at": NOON}),
        )

    assert not RateScope.objects.filter(key="day 3").exists()


@pytest.mark.parametrize("size", SIZES)
def test_where_a_row_is_there_already_it_takes_over_what_is_asked(size):
    Heartbeat.objects.create(name="0", beat_at=NOON, holder="kept")

    bulk.insert(
        Heartbeat,
        [{"name": str(number)} for number in range(size)],
        unique=["name"],
        or_update=["busy_until"],
        beat_at=NOON.replace(year=2027),
        busy_until=NOON,
        holder="new",
    )

    assert Heartbeat.objects.filter(busy_until=NOON).count() == size
    first = Heartbeat.objects.get(name="0")
    assert (first.beat_at, first.holder) == (NOON, "kept")


@pytest.mark.parametrize("size", SIZES)
def test_each_row_is_updated_with_its_own_values_and_no_other(size):
    for number in range(size + 1):
        RateScope.objects.create(key=str(number), failures=number, probe_at=NOON)

    bulk.update(
        RateScope,
        [
            # The first row tells PostgreSQL the types, whatever it holds.
            {
                "key": str(number),
                "remaining": number or None,
                "probe_at": NOON.replace(day=3) if number else None,
            }
            for number in range(size)
        ],
        sets="failures = failures + 1",
        is_probing=True,
    )

    for number in range(size):
        scope = RateScope.objects.get(key=str(number))
        assert (scope.remaining, scope.failures) == (number or None, number + 1)
        assert scope.probe_at == (NOON.replace(day=3) if number else None)
        assert scope.is_probing
    last = RateScope.objects.get(key=str(size))
    assert (last.failures, last.is_probing, last.probe_at) == (size, False, NOON)


@pytest.mark.parametrize("size", SIZES)
def test_what_somebody_has_changed_meanwhile_is_left_alone(size):
    for number in range(size):
        RateScope.objects.create(key=str(number), failures=3)
    RateScope.objects.filter(key="0").update(failures=4)

    updated = bulk.update(
        RateScope,
        [{"key": str(n), "failures": 3, "remaining": n} for n in range(size)],
        sets=f"failures = {RateScope._meta.db_table}.failures + 1",
        if_still="failures",
        open_seconds=60,
    )

    assert updated == {str(number) for number in range(1, size)}
    changed = RateScope.objects.get(key="0")
    assert (changed.failures, changed.remaining, changed.open_seconds) == (4, None, 0)
    for number in range(1, size):
        scope = RateScope.objects.get(key=str(number))
        assert (scope.failures, scope.remaining) == (4, number)
        assert scope.open_seconds == 60


@pytest.mark.parametrize("size", SIZES)
def test_ids_bytes_and_relations_arrive_as_they_are(size):
    borrower = World().borrower()
    ids = [uuid4() for _ in range(size)]
    bodies = [bytes(range(256)) + str(one).encode() for one in ids]
    requests = [
        WriteRequest(
            id=one,
            company=borrower.company,
            connection=borrower.connection,
            data_type="transfers",
            path="/companies",
            body=body,
            idempotency_key=uuid4(),
            created_at=NOON,
        )
        for one, body in zip(ids, bodies, strict=True)
    ]

    bulk.insert(WriteRequest, [bulk.values_of(request) for request in requests])

    found = WriteRequest.objects.in_bulk(ids)
    assert [bytes(found[one].body) for one in ids] == bodies
    for request in requests:
        stored = found[request.pk]
        assert stored.idempotency_key == request.idempotency_key
        assert stored.connection == borrower.connection
        assert (stored.mapping, stored.predecessor) == (None, None)


def test_no_rows_are_no_statement(django_assert_num_queries):
    with django_assert_num_queries(0):
        bulk.insert(Heartbeat, [], beat_at=NOON)
        assert bulk.update(SyncRecord, [], state="queued") == set()


def test_what_is_no_column_is_refused():
    with pytest.raises(TypeError, match="requests"):
        bulk.insert(SyncRecord, [{"requests": 1}])
