"""What was sealed is compared: whoever alters a row or a seal is found out."""

import logging
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from cryptography.fernet import Fernet
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone
from django.utils.module_loading import import_string

from lending.models import LoanEvent, Seal
from lending.seals import chain, checking, sealing
from lending.seals.sealing import ChainBroken
from lending.seals.tables import MOMENTS, SealedTable, all_tables, lines
from tests.builders import make_event, make_loan
from tests.guards import suspended
from tests.worlds import World
from tests.xero_sync.commands.worlds import refusal, run
from xero_sync import jobs
from xero_sync.runtime import task_queue

pytestmark = pytest.mark.django_db

A_DAY = timedelta(days=1)
TODAY = timezone.now().astimezone(UTC).date()
TOMORROW = datetime.combine(TODAY, datetime.min.time(), UTC) + A_DAY
# Six hours after its end a day counts as finished; what a world did took a while.
FINISHED = TOMORROW + timedelta(hours=7)


@pytest.fixture
def events():
    loan = make_loan()
    return [make_event(loan=loan, amount="10") for _ in range(3)]


@pytest.fixture
def sealed(events):
    sealing.seal_finished(now=FINISHED)
    return events


def broken(**options):
    return [(one.table, one.key, one.what) for one in checking.check(**options).broken]


def delete(model, **which):
    """Delete rows by SQL, past guards and references."""
    table = model._meta.db_table
    ((column, value),) = which.items()
    statement = f"DELETE FROM {table} WHERE {column} = %s"
    if connection.vendor == "sqlite":
        with suspended(connection), connection.cursor() as cursor:
            cursor.execute(statement, [value])
        return
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(statement, [value])
        cursor.execute("SET session_replication_role = DEFAULT")


# --- Sealing ----------------------------------------------------------------------


def test_a_finished_day_is_sealed_and_stays_as_it_was(sealed):
    report = checking.check()

    assert (report.broken, report.notes, report.day) == ([], [], TODAY)
    assert report.rows == sum(table.rows().count() for table in all_tables()) > 3
    # Each table of the day has its seal, those without a row as well.
    assert {one.table for one in Seal.objects.all()} == MOMENTS.keys()
    assert report.head == Seal.objects.latest("number").chain


def test_what_is_sealed_is_the_evidence():
    assert {*MOMENTS} == {
        "lending.loanevent",
        "lending.auditentry",
        "xero_sync.writerequest",
        "xero_sync.writeattempt",
        "xero_sync.recordchange",
    }


@pytest.mark.parametrize("hours", [0, 5])
def test_a_day_that_is_not_finished_is_not_sealed(events, hours):
    done = sealing.seal_finished(now=TOMORROW + timedelta(hours=hours))

    assert (done.rows, done.day, Seal.objects.count()) == (0, None, 0)


def test_a_second_run_seals_nothing_twice(sealed):
    seals = Seal.objects.count()

    assert sealing.seal_finished(now=FINISHED + timedelta(hours=3)).rows == 0
    assert Seal.objects.count() == seals


def test_days_without_a_row_are_sealed_as_well(sealed):
    sealing.seal_finished(now=FINISHED + 3 * A_DAY)

    days = Seal.objects.filter(table="lending.loanevent").values_list("day", "rows")
    assert list(days.order_by("day")) == [
        (TODAY, 3),
        *((TODAY + n * A_DAY, 0) for n in (1, 2, 3)),
    ]
    assert broken() == []


def test_where_nothing_was_ever_stored_nothing_is_sealed():
    assert sealing.seal_finished(now=FINISHED).head == ""


@pytest.mark.parametrize("rows", [1, 2, 3, 4])
def test_many_rows_take_several_seals(events, monkeypatch, rows):
    monkeypatch.setattr(sealing, "ROWS_IN_A_SEAL", rows)

    sealing.seal_finished(now=FINISHED)

    of_events = Seal.objects.filter(table="lending.loanevent").order_by("number")
    assert sum(one.rows for one in of_events) == 3
    assert [one.is_last for one in of_events] == [False] * (len(of_events) - 1) + [True]
    assert broken() == []


@pytest.mark.parametrize("most", [1, 2, 3, 5, 8])
def test_a_run_that_ended_half_way_is_gone_on_with(events, monkeypatch, most):
    monkeypatch.setattr(sealing, "ROWS_IN_A_SEAL", 1)

    while sealing.seal_finished(now=FINISHED + 2 * A_DAY, most=most).rows:
        pass
    for _ in range(20):
        sealing.seal_finished(now=FINISHED + 2 * A_DAY, most=most)

    report = checking.check()
    assert (report.broken, report.day) == ([], TODAY + 2 * A_DAY)
    whole = Seal.objects.filter(is_last=True).values_list("day", "table")
    assert len(set(whole)) == len(whole) == 3 * len(MOMENTS)


def test_of_two_at_once_one_gives_way(sealed, monkeypatch):
    head, stale = checking.check().head, Seal.objects.get(number=2)
    monkeypatch.setattr(sealing, "_last", lambda: stale)

    sealing.seal_finished(now=FINISHED + A_DAY)

    assert checking.check().head == head
    assert broken() == []


def test_a_row_that_came_later_is_sealed_the_next_day_and_named(sealed, caplog):
    late = make_event(loan=sealed[0].loan, amount="5")
    assert (late_key := ("lending.loanevent", str(late.pk), checking.NEVER_SEALED)) in (
        broken()
    )

    with caplog.at_level(logging.WARNING):
        done = sealing.seal_finished(now=FINISHED + A_DAY)

    # With what was planned of it.
    assert done.late == done.rows > 1
    assert late_key not in broken()
    notes = [(one.key, one.what) for one in checking.check().notes]
    assert (str(late.pk), checking.CAME_LATER) in notes
    assert "stored after their day had been sealed" in caplog.text


# --- Rows -------------------------------------------------------------------------


# Another value for a column, by what it holds; a bool before the int that it also is.
OTHERS = {
    bool: lambda value: not value,
    str: lambda value: f"{value}~",
    int: lambda value: value + 1,
    Decimal: lambda value: value + 1,
    UUID: lambda _: uuid4(),
    datetime: lambda value: value + timedelta(microseconds=1),
    date: lambda value: value + A_DAY,
    bytes: lambda value: value + b"~",
    memoryview: lambda value: bytes(value) + b"~",
    dict: lambda _: {"~": 1},
    list: lambda _: ["~"],
}


@pytest.fixture
def worked():
    """A loan in Xero, so that each table has rows; sealed."""
    world = World()
    borrower = world.borrower()
    loan = borrower.loan()
    borrower.record(loan, "drawdown", "500")
    borrower.record(loan, "fee", "20")
    world.run()
    sealing.seal_finished(now=world.clock.now + 2 * A_DAY)
    assert broken() == []
    return loan


@pytest.mark.parametrize("label", MOMENTS)
def test_whichever_column_is_altered_the_row_is_named(worked, label):
    model = SealedTable(label).model
    row = model._base_manager.first()
    tried = set()
    for field in model._meta.concrete_fields:
        value = getattr(row, field.attname)
        if value is None or field.primary_key or field.is_relation:
            continue
        try:
            with transaction.atomic():
                with suspended(connection):
                    model._base_manager.filter(pk=row.pk).update(
                        **{field.attname: OTHERS[type(value)](value)}
                    )
                found = broken()
                transaction.set_rollback(True)
        except DatabaseError:
            continue  # the column itself refuses it
        assert found == [(label, str(row.pk), checking.ALTERED)], field
        tried.add(field.attname)

    assert len(tried) >= 4
    assert broken() == []


@pytest.mark.parametrize("label", MOMENTS)
def test_whichever_row_is_deleted_it_is_named(worked, label):
    model = SealedTable(label).model
    for key in list(model._base_manager.values_list("pk", flat=True)):
        with transaction.atomic():
            raw = model._meta.pk.get_db_prep_save(key, connection)
            delete(model, **{model._meta.pk.column: raw})
            found = broken()
            transaction.set_rollback(True)

        assert (label, str(key), checking.GONE) in found


def test_the_first_broken_day_comes_first(sealed):
    sealing.seal_finished(now=FINISHED + A_DAY)
    with suspended(connection):
        LoanEvent.objects.filter(pk__in=[one.pk for one in sealed[1:]]).update(
            description="forged"
        )
        Seal.objects.filter(day__gt=TODAY, table="lending.loanevent").update(rows=1)

    found = checking.check().broken
    assert [one.key for one in found[:2]] == sorted(str(one.pk) for one in sealed[1:])
    assert found[-1].day == TODAY + A_DAY


def test_a_column_that_is_added_later_changes_nothing(events, monkeypatch):
    every = SealedTable.columns
    with monkeypatch.context() as earlier:
        fewer = property(
            lambda table: [one for one in every.fget(table) if one != "at"]
        )
        earlier.setattr(SealedTable, "columns", fewer)
        sealing.seal_finished(now=FINISHED)

    assert "at" not in Seal.objects.get(table="lending.auditentry").columns
    assert broken() == []


def test_a_column_that_is_gone_is_said(events, monkeypatch):
    every = SealedTable.columns
    with monkeypatch.context() as earlier:
        more = property(lambda table: [*every.fget(table), "pk"])
        earlier.setattr(SealedTable, "columns", more)
        sealing.seal_finished(now=FINISHED)

    assert {what for *_, what in broken()} == {"it has no column pk any more"}


# --- Seals ------------------------------------------------------------------------


FORGED = {
    "day": TODAY - A_DAY,
    "table": "lending.auditentry",
    "columns": ["id"],
    "body": "",
    "rows": 99,
    "is_last": False,
    "sealed_at": FINISHED - A_DAY,
    "chain": "0" * 64,
    "mac": "0" * 64,
}


@pytest.mark.parametrize("name", FORGED)
def test_a_seal_that_is_altered_is_named(sealed, name):
    seal = Seal.objects.get(table="lending.loanevent")
    with suspended(connection):
        Seal.objects.filter(pk=seal.pk).update(**{name: FORGED[name]})

    assert ("lending.seal", str(seal.pk)) in {found[:2] for found in broken()}


def test_a_seal_that_says_another_key_made_it_is_not_believed(sealed):
    last = Seal.objects.latest("number")
    with suspended(connection):
        Seal.objects.filter(pk=last.pk).update(key_id="0")

    assert [found[2] for found in broken()] == [
        "no key of FIELD_ENCRYPTION_KEYS made it"
    ]


def test_a_chain_made_anew_without_our_key_is_found_out(sealed, settings):
    ours = settings.FIELD_ENCRYPTION_KEYS
    with suspended(connection):
        LoanEvent.objects.filter(pk=sealed[0].pk).update(description="forged")
        Seal.objects.all().delete()
    settings.FIELD_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    sealing.seal_finished(now=FINISHED)
    settings.FIELD_ENCRYPTION_KEYS = ours

    assert "no key of FIELD_ENCRYPTION_KEYS made it" in {one[2] for one in broken()}


@pytest.mark.parametrize("key_id", ["", "0" * 8, "as it was"])
def test_nothing_is_sealed_on_top_of_a_forged_chain(sealed, caplog, key_id):
    """Else our own next seal would vouch for it."""
    forged = Seal.objects.get(table="lending.loanevent")
    with suspended(connection):
        LoanEvent.objects.filter(pk=sealed[0].pk).update(description="forged")
        before = Seal.objects.get(number=forged.number - 1).chain
        rows = SealedTable(forged.table).of_day(forged.day)
        forged.body = "\n".join(" ".join(one) for one in lines(rows, forged.columns))
        # All that follows is chained anew, without our key.
        for one in (forged, *Seal.objects.filter(number__gt=forged.number)):
            before = one.chain = chain.link(one, before)
            one.key_id = one.key_id if key_id == "as it was" else key_id
            one.save()

    with pytest.raises(ChainBroken, match="verify"):
        sealing.seal_finished(now=FINISHED + A_DAY)
    with pytest.raises(ChainBroken):
        sealing.vouch(now=FINISHED + A_DAY)
    assert "somebody has altered the seals" in refusal("reseal")
    assert broken() != []


def test_the_worker_logs_that_it_seals_no_more(sealed, caplog, monkeypatch):
    with suspended(connection):
        Seal.objects.filter(pk=Seal.objects.latest("number").pk).update(mac="0" * 64)
    monkeypatch.setattr(jobs, "database_now", lambda: FINISHED + A_DAY)

    assert jobs.seal() == "broken"
    assert "No day was sealed" in caplog.text


def test_the_worker_seals_by_itself(events, monkeypatch):
    monkeypatch.setattr(jobs, "database_now", lambda: FINISHED)
    job, *_ = task_queue.SCHEDULES["Seals of finished days"]

    import_string(job)()

    assert checking.check().day == TODAY


def test_a_seal_that_is_taken_out_is_missed(sealed):
    delete(Seal, number=2)

    assert "seals 2 to 2 are gone" in {one[2] for one in broken()}


def test_seals_that_are_cut_off_are_missed_by_whoever_kept_the_head(sealed):
    head = checking.check().head
    sealing.seal_finished(now=FINISHED + A_DAY)
    assert run("verify", "--head", head)
    kept = checking.check().head
    for seal in Seal.objects.filter(day__gt=TODAY):
        delete(Seal, number=seal.pk)

    assert broken() == []
    assert refusal("verify", "--head", kept).startswith("What is stored is not")


def test_after_a_new_key_the_old_one_may_go(sealed, settings):
    old, new = settings.FIELD_ENCRYPTION_KEYS[0], Fernet.generate_key().decode()
    settings.FIELD_ENCRYPTION_KEYS = [new, old]
    sealing.vouch(now=FINISHED)
    settings.FIELD_ENCRYPTION_KEYS = [new]

    assert broken() == []
    with suspended(connection):
        Seal.objects.filter(number=1).update(rows=99)
    assert ("lending.seal", "1") in {found[:2] for found in broken()}


def test_without_its_key_nothing_is_believed(sealed, settings):
    settings.FIELD_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]

    assert broken() != []


def test_a_seal_is_never_altered(sealed):
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        Seal.objects.update(rows=1)


def test_keys_are_told_apart_and_not_told(settings):
    key = chain.our_keys()[0]

    assert chain.key_id(key) not in key.hex()
    assert settings.FIELD_ENCRYPTION_KEYS[0].encode() != key


# --- Commands ---------------------------------------------------------------------


def test_verify_says_that_all_is_as_it_was(sealed):
    words = run("verify")

    assert f"up to {TODAY} are as they were sealed" in words
    assert checking.check().head in words


def test_verify_names_the_first_broken_day_and_row(sealed):
    with suspended(connection):
        LoanEvent.objects.filter(pk=sealed[1].pk).update(description="forged")

    assert refusal("verify") == (
        f"What is stored is not what was sealed since {TODAY} lending.loanevent "
        f"{sealed[1].pk}: it was altered."
    )
    # Rows of days before are not compared.
    assert run("verify", "--since", TODAY + A_DAY)


def test_verify_names_a_guard_that_is_missing(sealed):
    with suspended(connection):
        words = refusal("verify")

    assert words == "What is stored is not what was sealed."


def test_seal_prints_the_head(events):
    assert "No day is finished" in run("seal")
