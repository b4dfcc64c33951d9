"""The toggles, what Codat says itself, and what of both needs a person."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from tests.trail import entries
from tests.worlds import World
from tests.xero_sync.partner_programme.acts import TODAY, WHO, certify
from xero_sync import jobs
from xero_sync.codat.exceptions import CodatError
from xero_sync.models import XeroApp
from xero_sync.partner_programme import acts
from xero_sync.xero_app import facts, problems, records, toggles
from xero_sync.xero_app.exceptions import (
    BankFeedsNotAllowed,
    KeysMissing,
    XeroAppRefused,
)

pytestmark = pytest.mark.django_db


def app(**fields):
    """The app with both keys recorded."""
    return XeroApp.objects.create(
        **{"client_id": "CLIENT", "secret_ending": "abcd"} | fields
    )


def signed():
    return {"changed_by": "user:anna", "now": timezone.now()}


def switch(*, on):
    return toggles.switch_integration(on=on, **signed())


def changes(field):
    acts = [one for one in entries("xero_app.") if field in one.after]
    return [(one.before[field], one.after[field], one.actor) for one in acts]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        (
            {"client_id": "CLIENT", "secret_ending": ""},
            "still missing: the client secret.",
        ),
        ({"client_id": "", "secret_ending": "abcd"}, "still missing: the client id."),
        (
            {"client_id": "", "secret_ending": ""},
            "still missing: the client id and the client secret.",
        ),
    ],
)
def test_it_is_not_enabled_without_both_keys(fields, words):
    XeroApp.objects.create(**fields)

    with pytest.raises(KeysMissing, match=words):
        switch(on=True)

    assert facts.current().integration_on is None


def test_it_is_enabled_now_or_later_and_switched_off_again():
    app()

    switch(on=False)
    assert facts.current().integration_on is False
    switch(on=True)
    assert facts.current().integration_on is True
    switch(on=True)
    switch(on=False)

    assert changes("integration_on") == [
        (None, False, "user:anna"),
        (False, True, "user:anna"),
        (True, False, "user:anna"),
    ]


def test_later_can_be_said_without_keys():
    assert switch(on=False).integration_on is False


def test_bank_feeds_need_partner_status_and_xeros_approval():
    app()

    with pytest.raises(BankFeedsNotAllowed) as refused:
        toggles.switch_bank_feeds(on=True, **signed())

    assert "no partner status" in str(refused.value)
    assert "enabled the Bank Feeds API" in str(refused.value)
    assert facts.current().bank_feeds_on is None


def test_with_the_approval_alone_only_partner_status_is_missing():
    app()
    toggles.approve_bank_feeds(approved_on=timezone.localdate(), **signed())

    with pytest.raises(BankFeedsNotAllowed) as refused:
        toggles.switch_bank_feeds(on=True, **signed())

    assert "no partner status" in str(refused.value)
    assert "enabled the Bank Feeds API" not in str(refused.value)


def test_certified_and_approved_bank_feeds_are_switched_on():
    app()
    toggles.approve_bank_feeds(approved_on=timezone.localdate(), **signed())
    certify()

    toggles.switch_bank_feeds(on=True, **signed())

    assert facts.current().bank_feeds_on is True
    assert problems.sentences(now=timezone.now()) == []


@pytest.mark.parametrize("end", ["withdrawn", "not eligible"])
def test_where_certification_ends_bank_feeds_are_switched_off(end):
    app()
    toggles.approve_bank_feeds(approved_on=TODAY, **signed())
    certify()
    toggles.switch_bank_feeds(on=True, **signed())

    given = {"on": TODAY, "reason": "Xero says so.", **WHO}
    if end == "withdrawn":
        acts.withdraw_step(step="certification", **given)
    else:
        acts.record_not_eligible(**given)

    assert facts.current().bank_feeds_on is False
    assert changes("bank_feeds_on")[-1] == (True, False, WHO["author"])


def test_bank_feeds_that_nobody_recorded_stay_unrecorded_where_certification_ends():
    app()
    certify()

    acts.record_not_eligible(on=TODAY, reason="Xero says so.", **WHO)

    assert facts.current().bank_feeds_on is None


def test_certified_without_xeros_approval_bank_feeds_stay_off():
    app()
    certify()

    with pytest.raises(BankFeedsNotAllowed) as refused:
        toggles.switch_bank_feeds(on=True, **signed())

    assert "partner status" not in str(refused.value)
    assert "enabled the Bank Feeds API" in str(refused.value)


def test_an_approval_cannot_lie_ahead():
    tomorrow = timezone.localdate() + timedelta(days=1)

    with pytest.raises(XeroAppRefused) as refused:
        toggles.approve_bank_feeds(approved_on=tomorrow, **signed())

    assert refused.value.field == "approved_on"
    assert not XeroApp.objects.exists()


def test_an_approval_is_not_older_than_xero():
    with pytest.raises(XeroAppRefused, match="year 0026") as refused:
        toggles.approve_bank_feeds(approved_on=date(26, 11, 20), **signed())

    assert refused.value.field == "approved_on"


def test_without_the_approval_bank_feeds_are_off():
    app(bank_feeds_approved_on=timezone.localdate(), bank_feeds_on=True)

    toggles.withdraw_bank_feeds(**signed())

    row = XeroApp.objects.get()
    assert (row.bank_feeds_on, row.bank_feeds_approved_on) == (False, None)
    assert changes("bank_feeds_on") == [(True, False, "user:anna")]


def test_without_the_approval_bank_feeds_that_nobody_recorded_are_off_too():
    app(bank_feeds_approved_on=timezone.localdate())

    toggles.withdraw_bank_feeds(**signed())

    assert facts.current().bank_feeds_on is False
    assert changes("bank_feeds_on") == [(None, False, "user:anna")]


def test_bank_feeds_can_be_switched_off_whatever_is_missing():
    app(bank_feeds_approved_on=timezone.localdate(), bank_feeds_on=True)

    toggles.switch_bank_feeds(on=False, **signed())

    assert facts.current().bank_feeds_on is False


@pytest.mark.parametrize("enabled", [True, False])
def test_what_codat_says_is_stored_with_its_time(enabled):
    world = World()
    world.sandbox.settings.integration_enabled = enabled

    toggles.look(client=world.client, now=world.clock.now)

    assert facts.current().enabled_at_codat is enabled
    assert records.stored().looked_at == world.clock.now
    assert changes("enabled_at_codat") == [(None, enabled, "Codat")]
    assert facts.current().integration_on is None


def test_only_another_answer_is_a_change():
    world = World()
    for enabled in (True, True, False, False, True):
        world.sandbox.settings.integration_enabled = enabled
        toggles.look(client=world.client, now=world.clock.now)

    assert [after for _, after, _ in changes("enabled_at_codat")] == [True, False, True]


def test_a_look_that_fails_proves_nothing_and_is_not_hidden():
    world = World()
    toggles.look(client=world.client, now=world.clock.now)
    read = world.clock.now
    world.wire.is_reachable = False
    world.clock.forward(3_600)

    for _ in range(2):
        with pytest.raises(CodatError):
            toggles.look(client=world.client, now=world.clock.now)
        world.clock.forward(3_600)

    row = records.stored()
    assert (row.enabled_at_codat, row.looked_at) == (True, read)
    assert row.look_failed_at == read + timedelta(hours=1)
    assert row.look_failure
    assert problems.sentences(now=world.clock.now) == []
    (sentence,) = problems.sentences(now=world.clock.now + timedelta(days=2))
    assert "Codat could not be asked since" in sentence

    world.wire.is_reachable = True
    toggles.look(client=world.client, now=world.clock.now)
    assert records.stored().look_failed_at is None
    assert records.stored().look_failure == ""


def test_a_refused_look_names_its_status():
    world = World()
    world.wire.canned.append(("/integrations/gbol", 403))

    with pytest.raises(CodatError):
        toggles.look(client=world.client, now=world.clock.now)

    assert "HTTP 403" in records.stored().look_failure


@pytest.mark.parametrize(
    ("here", "at_codat", "words"),
    [
        (True, False, "Xero is on here, but off at Codat"),
        (False, True, "Xero is off here, but on at Codat"),
        (True, True, None),
        (False, False, None),
        (None, False, None),
        (None, True, None),
        (True, None, None),
    ],
)
def test_a_difference_to_codat_needs_a_person(here, at_codat, words):
    now = timezone.now()
    app(
        integration_on=here,
        enabled_at_codat=at_codat,
        looked_at=None if at_codat is None else now,
    )

    found = problems.sentences(now=now)

    if words is None:
        assert found == []
    else:
        (sentence,) = found
        assert words in sentence
        assert "Switch it on" in sentence


def test_bank_feeds_that_are_on_without_partner_status_need_a_person():
    app(bank_feeds_approved_on=timezone.localdate(), bank_feeds_on=True)

    (sentence,) = problems.sentences(now=timezone.now())

    assert "no partner status" in sentence


def test_where_nothing_is_recorded_nothing_is_wrong():
    assert problems.sentences(now=timezone.now()) == []


def daily(world, *, after):
    world.clock.forward(after)
    toggles.look_daily(
        client=world.client,
        now=world.clock.now,
        unless_since=world.clock.now - jobs.CHECKED_EVERY,
    )
    return [one.path for one in world.sandbox.requests].count("/integrations/gbol")


def test_codat_is_asked_once_a_day_and_again_soon_when_that_failed(caplog):
    world = World()

    assert daily(world, after=0) == 1
    assert daily(world, after=3_600) == 1
    world.wire.is_reachable = False
    assert daily(world, after=23 * 3_600) == 1
    assert "Codat could not be asked" in caplog.text
    world.wire.is_reachable = True
    assert daily(world, after=3_600) == 2
