"""How many organisations may be connected: counted, refused, flagged, warned of."""

import threading
import time

import pytest
from django.db import connection as database
from django.db import transaction

from tests.builders import make_company
from tests.worlds import World
from tests.xero_sync.evidence import acts_of
from tests.xero_sync.partner_programme.acts import TODAY, WHO, certify
from tests.xero_sync.portal.journeys import PRIVACY, TERMS, record_app
from xero_sync.codat.exceptions import ConnectionCapReached, IntegrationOff
from xero_sync.connections import adopting, alerts, onboarding, switches
from xero_sync.connections import status as connection_status
from xero_sync.models import Connection, XeroApp
from xero_sync.partner_programme import acts as programme
from xero_sync.xero_app import cap

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return World()


def adopted(world, **remote):
    """A company whose connection exists at Codat, adopted."""
    company = make_company()
    row = world.sandbox.add_company(company.reference)
    world.sandbox.add_connection(row.id, organisation=company.reference, **remote)
    return adopting.import_codat_company(
        company=company,
        codat_company_id=row.id,
        codat_connection_id=None,
        client=world.client,
        now=world.clock.now,
    )


def begun(world):
    """A connection that waits for the borrower's consent."""
    return onboarding.connect_company(
        company=make_company(), client=world.client, now=world.clock.now
    )


def consented(world, connection):
    world.sandbox.consent(str(connection.codat_connection_id))
    world.wait(1)
    return refreshed(world, connection)


def refreshed(world, connection):
    return connection_status.refresh(
        connection=connection, client=world.client, now=world.clock.now
    )


def disconnected(world, connection):
    world.sandbox.set_connection_status(
        str(connection.codat_connection_id), "Deauthorized"
    )
    return refreshed(world, connection)


def words(world):
    """What an operator is told."""
    return [one.sentence for one in alerts.alerts(now=world.clock.now)]


def calls(world):
    return len(world.sandbox.requests)


def test_a_new_consent_is_refused_before_codat_is_asked(world, settings):
    settings.XERO_CONNECTION_CAP = 2
    for _ in range(2):
        adopted(world)
    before = calls(world)

    with pytest.raises(ConnectionCapReached) as refused:
        begun(world)

    assert calls(world) == before
    assert "2 of 2 connections" in str(refused.value)
    assert "certified Xero app partner" in str(refused.value)
    assert refused.value.code == "connection_cap_reached"


def test_no_link_is_given_out_at_the_limit_for_a_first_consent(world, settings):
    waiting = begun(world)
    adopted(world)
    settings.XERO_CONNECTION_CAP = 1
    before = calls(world)

    with pytest.raises(ConnectionCapReached):
        onboarding.link_url(connection=waiting, client=world.client)

    assert calls(world) == before


@pytest.mark.parametrize("limit", [None, 26])
def test_without_the_limit_there_is_a_place(world, settings, limit):
    settings.XERO_CONNECTION_CAP = limit
    for _ in range(25):
        begun_row = begun(world)
        Connection.objects.filter(pk=begun_row.pk).update(status="Linked")

    assert begun(world).status == "PendingAuth"


def test_a_demo_company_takes_no_place_and_is_counted_apart(world, settings):
    settings.XERO_CONNECTION_CAP = 2
    adopted(world)
    for _ in range(3):
        adopted(world, plan_type="Demo")

    used = cap.usage()

    assert (used.count, used.demo, used.cap) == (1, 3, 2)
    assert "1 of 2" in cap.in_words(used)
    assert "no place: 3" in cap.in_words(used)
    assert begun(world).status == "PendingAuth"


def test_a_person_marks_a_demo_company_and_takes_it_back(world, settings):
    settings.XERO_CONNECTION_CAP = 1
    connection = adopted(world)
    assert not connection.is_demo

    for is_demo in (True, True, False):
        connection = switches.mark_demo(
            connection=connection,
            is_demo=is_demo,
            marked_by="user:anna",
            now=world.clock.now,
            reason="Xero's Demo Company (UK)",
        )
        assert connection.is_demo is is_demo
        assert cap.usage().count == int(not is_demo)

    acts = [(one.verb, one.actor, one.reason) for one in acts_of(connection)]
    assert acts == [
        ("connection.marked_demo", "user:anna", "Xero's Demo Company (UK)"),
        ("connection.unmarked_demo", "user:anna", "Xero's Demo Company (UK)"),
    ]


@pytest.mark.parametrize("plan", ["SOMETHING", "", None, "x" * 300])
def test_an_unknown_plan_breaks_nothing(world, plan):
    connection = adopted(world, plan_type=plan)

    assert connection.status == "Linked"
    assert connection.plan_type == (plan or "")[:50]
    assert not connection.is_demo


def test_reconnecting_works_at_the_limit(world, settings):
    connection = disconnected(world, adopted(world))
    adopted(world)
    settings.XERO_CONNECTION_CAP = 1

    assert onboarding.link_url(connection=connection, client=world.client)
    connection = consented(world, connection)

    assert connection.status == "Linked"


def test_two_consents_that_finish_for_one_place_are_noticed(world, settings):
    settings.XERO_CONNECTION_CAP = 2
    adopted(world)
    first, second = begun(world), begun(world)

    first, second = consented(world, first), consented(world, second)

    assert (first.over_cap_since, second.over_cap_since) == (None, world.clock.now)
    assert second.status == "Linked"
    assert list(cap.surplus()) == [second]
    assert second.company.reference in words(world)[0]
    # Looked at again, it stays flagged since then.
    since = second.over_cap_since
    world.wait(60)
    assert refreshed(world, second).over_cap_since == since


def test_the_flag_goes_when_a_place_is_free_again(world, settings):
    settings.XERO_CONNECTION_CAP = 1
    first = adopted(world)
    second = consented(world, disconnected(world, adopted(world)))
    assert second.over_cap_since

    disconnected(world, first)

    second.refresh_from_db()
    assert second.over_cap_since is None
    assert not cap.surplus().exists()


def test_a_demo_company_whose_plan_is_read_only_later_is_no_surplus(world, settings):
    settings.XERO_CONNECTION_CAP = 1
    adopted(world)
    world.sandbox.faults.add("unauthorised", match="GET .*bankFeeds/info")
    demo = adopted(world, plan_type="Demo")
    assert demo.over_cap_since is not None

    demo = refreshed(world, demo)

    assert demo.is_demo
    assert demo.over_cap_since is None


def test_a_flagged_connection_that_is_marked_as_demo_is_no_surplus(world, settings):
    settings.XERO_CONNECTION_CAP = 1
    adopted(world)
    second = adopted(world)
    assert second.over_cap_since

    second = switches.mark_demo(
        connection=second, is_demo=True, marked_by="user:anna", now=world.clock.now
    )

    assert second.over_cap_since is None


@pytest.mark.parametrize(
    ("linked", "level"),
    [(14, "free"), (15, "early"), (19, "early"), (20, "late"), (25, "full")],
)
def test_the_limit_is_warned_of_early(db, linked, level):
    used = cap.Usage(count=linked, demo=0, cap=25)

    assert used.level == level
    assert not used.is_exceeded


def test_a_warning_says_what_to_do_and_how_long_it_takes(world, settings):
    record_app(privacy_url=PRIVACY, terms_url=TERMS)
    settings.XERO_CONNECTION_CAP = 5
    for _ in range(3):
        adopted(world)

    (sentence,) = words(world)

    assert "3 of 5 connections" in sentence
    assert "it can take months" in sentence


def test_certification_lifts_the_limit_and_its_end_brings_it_back(world, settings):
    settings.XERO_CONNECTION_CAP = 1
    adopted(world)
    flagged = adopted(world)
    assert flagged.over_cap_since is not None

    certify()

    flagged.refresh_from_db()
    assert flagged.over_cap_since is None
    assert begun(world).status == "PendingAuth"
    programme.withdraw_step(
        step="certification", on=TODAY, reason="Xero ended it.", **WHO
    )
    with pytest.raises(ConnectionCapReached):
        begun(world)
    assert refreshed(world, flagged).status == "Linked"


def test_a_mark_that_xeros_plan_contradicts_is_doubted(world):
    real = adopted(world, plan_type="Business")
    demo = adopted(world, plan_type="Demo")

    for one in (real, demo):
        switches.mark_demo(
            connection=one, is_demo=True, marked_by="user:anna", now=world.clock.now
        )
        one.refresh_from_db()

    assert "calls its plan “Business”" in " ".join(alerts.standing(real))
    assert "calls its plan" not in " ".join(alerts.standing(demo))


def test_the_end_of_certification_leaves_what_is_connected(world, settings):
    settings.XERO_CONNECTION_CAP = None
    kept = [adopted(world) for _ in range(3)]

    settings.XERO_CONNECTION_CAP = 2

    assert {refreshed(world, one).status for one in kept} == {"Linked"}
    assert not cap.surplus().exists()
    with pytest.raises(ConnectionCapReached):
        begun(world)


@pytest.mark.parametrize(
    "app",
    [
        {"integration_on": False},
        {
            "integration_on": True,
            "enabled_at_codat": False,
            "client_id": "ID",
            "secret_ending": "1234",
        },
    ],
)
def test_while_the_integration_is_off_nobody_is_sent_to_xero(world, app):
    waiting = begun(world)
    was_linked = disconnected(world, adopted(world))
    XeroApp.objects.update_or_create(pk=1, defaults=app)
    before = calls(world)

    for connection in (waiting, was_linked):
        with pytest.raises(IntegrationOff):
            onboarding.link_url(connection=connection, client=world.client)
    with pytest.raises(IntegrationOff):
        begun(world)

    assert calls(world) == before


def test_what_nobody_recorded_of_the_integration_blocks_nothing(world):
    XeroApp.objects.update_or_create(pk=1, defaults={"enabled_at_codat": False})

    assert begun(world).status == "PendingAuth"


def test_a_consent_is_dated_when_it_is_given(world):
    connection = begun(world)
    assert connection.consented_at is None
    world.wait(600)

    connection = consented(world, connection)
    first = connection.consented_at
    world.wait(600)
    assert refreshed(world, connection).consented_at == first
    connection = consented(world, disconnected(world, connection))

    assert first < connection.consented_at == world.clock.now


def test_an_adopted_consent_is_as_old_as_its_connection(world):
    company = make_company()
    remote = world.sandbox.add_company(company.reference)
    made_at = world.clock.now
    world.sandbox.add_connection(remote.id)
    world.wait(86_400)

    connection = adopting.import_codat_company(
        company=company,
        codat_company_id=remote.id,
        codat_connection_id=None,
        client=world.client,
        now=world.clock.now,
    )

    assert abs((connection.consented_at - made_at).total_seconds()) < 1


@pytest.mark.django_db(transaction=True)
def test_two_that_become_linked_at_the_same_moment_are_counted_one_after_the_other(
    world, settings
):
    settings.XERO_CONNECTION_CAP = 1
    first, second = begun(world), begun(world)
    stored = threading.Event()

    def link(connection):
        connection_status.store_status(
            connection=connection, status="Linked", now=world.clock.now
        )

    def link_slowly():
        try:
            with transaction.atomic():
                link(first)
                stored.set()
                # The other one begins now, and must not count before this is over.
                time.sleep(0.5)
        finally:
            database.close()

    slow = threading.Thread(target=link_slowly)
    slow.start()
    assert stored.wait(10)
    link(second)
    slow.join()

    flagged = Connection.objects.exclude(over_cap_since=None)
    assert list(flagged) == [second]
