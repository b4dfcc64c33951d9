"""What the acts conclude stands on the app's row, whatever acts there were."""

from contextlib import suppress
from random import Random

import pytest
from django.db import transaction

from tests.xero_sync.partner_programme.acts import (
    TODAY,
    WHO,
    certify,
    step,
)
from xero_sync.models import PartnerProgramme, ProgrammeAct, XeroApp
from xero_sync.models.programme import ActKind, PartnerStep, PartnerType, Preparation
from xero_sync.partner_programme import acts, standing
from xero_sync.partner_programme.exceptions import ProgrammeRefused
from xero_sync.xero_app import facts, scopes

pytestmark = pytest.mark.django_db

STEP_KINDS = (ActKind.STEP_TAKEN, ActKind.STEP_WITHDRAWN)
ELIGIBILITY = (ActKind.NOT_ELIGIBLE, ActKind.ELIGIBLE_AGAIN)


def any_act(chance: Random) -> None:
    """Do one of all that may be recorded; a step forward is the likeliest."""
    why = {"on": TODAY, "reason": "A letter.", **WHO}
    one_step, item = chance.choice(list(PartnerStep)), chance.choice(list(Preparation))
    act = chance.choice(
        [
            *[lambda: step(standing.read().next_step or one_step)] * 6,
            lambda: acts.withdraw_step(step=one_step, **why),
            lambda: acts.record_not_eligible(**why),
            *[lambda: acts.record_eligible(**why)] * 2,
            lambda: acts.ask_for_bank_feeds(wanted=chance.random() < 0.5, **WHO),
            lambda: acts.choose_type(
                partner_type=chance.choice(PartnerType.values), **WHO
            ),
            lambda: acts.prepare(item=item, on=TODAY, **WHO),
            lambda: acts.reopen(item=item, reason="Sent back.", **WHO),
        ]
    )
    act()


def latest(kinds: tuple[ActKind, ...], **about: str) -> str | None:
    found = ProgrammeAct.objects.filter(kind__in=kinds, **about)
    return found.order_by("-pk").values_list("kind", flat=True).first()


def concluded() -> tuple[bool, bool]:
    """Read the acts in another way than the product does."""
    stand = all(
        latest(STEP_KINDS, subject=one) == ActKind.STEP_TAKEN for one in PartnerStep
    )
    is_barred = latest(ELIGIBILITY) == ActKind.NOT_ELIGIBLE
    feeds = latest((ActKind.FEEDS_ASKED, ActKind.FEEDS_DROPPED))
    return stand and not is_barred, feeds != ActKind.FEEDS_DROPPED


def stored() -> tuple[bool, bool]:
    return XeroApp.objects.values_list("is_certified", "wants_bank_feeds").get()


@pytest.mark.parametrize("seed", range(6))
def test_after_any_acts_the_row_says_what_they_conclude(seed):
    chance = Random(seed)
    certify()
    seen = {stored()}
    for _ in range(30):
        with suppress(ProgrammeRefused):
            any_act(chance)
        seen.add(stored())

        assert stored() == concluded()
        assert facts.current().is_certified == standing.read().is_certified
        assert not standing.conclude(), "there was something to put right"

    assert {is_certified for is_certified, _ in seen} == {True, False}


def test_an_act_that_is_taken_back_concludes_nothing():
    certify()

    with transaction.atomic():
        acts.withdraw_step(step="agreement", on=TODAY, reason="No.", **WHO)
        assert not facts.current().is_certified
        transaction.set_rollback(True)

    assert facts.current().is_certified
    assert not standing.conclude()


def test_a_row_that_says_something_else_is_put_right():
    certify()
    XeroApp.objects.update(is_certified=False, wants_bank_feeds=False)

    assert standing.conclude()

    assert stored() == (True, True)
    assert not standing.conclude()


def test_what_is_asked_of_borrowers_follows_the_application():
    acts.ask_for_bank_feeds(wanted=False, **WHO)

    assert "bankfeeds" not in {one.name for one in scopes.requested()}
    assert not PartnerProgramme.objects.get().wants_bank_feeds

    acts.ask_for_bank_feeds(wanted=True, **WHO)

    assert "bankfeeds" in {one.name for one in scopes.requested()}
