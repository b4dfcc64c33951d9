"""The way to partner status: three steps in order, each kept, certified derived."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils.timezone import localdate

from tests.xero_sync.partner_programme.acts import (
    NOW,
    TODAY,
    WHO,
    certify,
    give_links,
    meet_all_checkpoints,
    prepare_all,
    step,
)
from xero_sync.models import PartnerProgramme, ProgrammeAct
from xero_sync.models.programme import PartnerStep, Preparation
from xero_sync.partner_programme import acts as programme
from xero_sync.partner_programme import checkpoints, standing
from xero_sync.partner_programme.exceptions import ProgrammeRefused
from xero_sync.xero_app import facts

pytestmark = pytest.mark.django_db


@pytest.fixture
def ready():
    """Everything but the steps themselves."""
    give_links()
    prepare_all(on=date(2026, 9, 1))
    meet_all_checkpoints()


def acts():
    found = ProgrammeAct.objects.order_by("pk")
    return [(one.kind, one.subject, one.happened_on) for one in found]


def refused(call, field, words):
    with pytest.raises(ProgrammeRefused, match=words) as refusal:
        call()
    assert refusal.value.field == field


def test_without_any_act_nobody_is_certified():
    stands = standing.read()

    assert not stands.is_certified
    assert stands.next_step == PartnerStep.SUBMITTED
    assert standing.record().partner_type == "financial_services"
    assert not facts.current().is_certified
    assert not PartnerProgramme.objects.exists()


def test_certified_follows_from_the_three_steps(ready):
    for name in PartnerStep:
        assert not facts.current().is_certified
        assert standing.read().next_step == name
        step(name)

    assert facts.current().is_certified
    assert facts.current().connection_cap is None
    assert standing.read().next_step is None


def test_a_step_keeps_its_day_its_note_and_its_author(ready):
    act = step("submitted", date(2026, 9, 3), note=" By the form. ")

    stored = ProgrammeAct.objects.get(pk=act.pk)
    assert (stored.happened_on, stored.note) == (date(2026, 9, 3), "By the form.")
    assert (stored.author, stored.recorded_at) == ("user:anna", NOW)


@pytest.mark.parametrize(
    ("name", "words"),
    [("agreement", "Application submitted"), ("certification", "Application")],
)
def test_a_step_waits_for_the_one_before_it(ready, name, words):
    refused(lambda: step(name), "step", words)


def test_certification_waits_for_the_agreement(ready):
    step("submitted")

    refused(lambda: step("certification"), "step", "Partner agreement signed")


def test_a_step_is_taken_once(ready):
    step("submitted")

    refused(lambda: step("submitted"), "step", "already")
    refused(lambda: step("sumbitted"), "step", "no such step")


def test_a_day_ahead_is_refused_and_today_is_not(ready):
    tomorrow = localdate(NOW) + timedelta(days=1)

    refused(lambda: step("submitted", tomorrow), "on", "ahead")
    step("submitted", localdate(NOW))


def test_a_day_before_there_was_a_xero_is_a_slip_of_the_year(ready):
    refused(lambda: step("submitted", TODAY.replace(year=26)), "on", "year 0026")

    assert standing.read().steps == {}


def test_the_days_are_in_order(ready):
    step("submitted", date(2026, 10, 5))

    refused(lambda: step("agreement", date(2026, 10, 4)), "on", "5 Oct 2026")
    step("agreement", date(2026, 10, 5))


@pytest.mark.parametrize("missing", ["privacy_url", "terms_url"])
def test_without_both_links_nothing_is_submitted_whatever_the_reason(ready, missing):
    give_links(**{missing: ""})

    refused(
        lambda: step("submitted", override_reason="They know our site."),
        "",
        "privacy policy and terms",
    )


def test_an_open_item_is_named_and_can_be_gone_over_with_a_reason():
    give_links()
    prepare_all()
    programme.reopen(item="feeds_proposal", reason="Sent back.", **WHO)

    refused(lambda: step("submitted"), "override_reason", "integration proposal")
    refused(
        lambda: step("submitted", override_reason=" \n"), "override_reason", "proposal"
    )
    act = step("submitted", override_reason="Codat hands it in tomorrow.")

    assert act.override_reason == "Codat hands it in tomorrow."
    assert "submitted" in standing.read().steps


def test_a_reason_that_goes_over_nothing_is_not_kept_silently(ready):
    refused(
        lambda: step("submitted", override_reason="To be safe."),
        "override_reason",
        "Nothing was open",
    )
    step("submitted")
    refused(
        lambda: step("agreement", override_reason="To be safe."),
        "override_reason",
        "Only an application",
    )


def test_what_was_prepared_after_the_day_was_open_on_it():
    give_links()
    prepare_all(on=date(2026, 10, 2))

    refused(lambda: step("submitted", date(2026, 10, 1)), "override_reason", "Still")
    step("submitted", date(2026, 10, 2))


def test_bank_feeds_need_more_preparation_only_where_they_are_asked_for():
    give_links()
    for item in (Preparation.CODAT_MANAGER, Preparation.COMMERCIAL_TERMS):
        programme.prepare(item=item, on=TODAY, **WHO)
    refused(lambda: step("submitted"), "override_reason", "Bank feeds")

    programme.ask_for_bank_feeds(wanted=False, **WHO)
    step("submitted")

    refused(
        lambda: programme.prepare(item="feeds_proposal", on=TODAY, **WHO),
        "item",
        "does not need",
    )


def test_an_app_store_partner_asks_for_no_commercial_terms():
    programme.choose_type(partner_type="app_store", note="Changed plans.", **WHO)

    refused(
        lambda: programme.prepare(item="commercial_terms", on=TODAY, **WHO),
        "item",
        "does not need",
    )
    refused(
        lambda: programme.choose_type(partner_type="bank", **WHO),
        "partner_type",
        "no such",
    )
    assert acts() == [("type_chosen", "app_store", TODAY)]


def test_saying_the_same_again_is_no_act():
    programme.choose_type(partner_type="financial_services", **WHO)
    programme.ask_for_bank_feeds(wanted=True, **WHO)

    assert acts() == []


def test_an_item_is_prepared_once_and_opened_with_a_reason():
    programme.prepare(item="codat_manager", on=TODAY, **WHO)

    refused(
        lambda: programme.prepare(item="codat_manager", on=TODAY, **WHO),
        "item",
        "already",
    )
    refused(
        lambda: programme.reopen(item="codat_manager", reason=" ", **WHO),
        "reason",
        "reason",
    )
    programme.reopen(item="codat_manager", reason="It was somebody else.", **WHO)

    assert Preparation.CODAT_MANAGER not in standing.read().prepared
    refused(
        lambda: programme.reopen(item="codat_manager", reason="Again.", **WHO),
        "item",
        "open already",
    )


def test_an_item_is_not_prepared_ahead_of_today():
    tomorrow = TODAY + timedelta(days=1)

    refused(
        lambda: programme.prepare(item="codat_manager", on=tomorrow, **WHO),
        "on",
        "ahead",
    )


def test_certification_waits_for_the_applicable_checkpoints(ready):
    step("submitted")
    step("agreement")
    checkpoints.review(checkpoint="bank_feeds-11", status="open", **WHO)

    refused(lambda: step("certification"), "", "Missed and rejected statements")

    programme.ask_for_bank_feeds(wanted=False, **WHO)
    step("certification")
    assert facts.current().is_certified


def test_a_step_taken_back_takes_the_later_ones_with_it():
    certify()

    fallen = programme.withdraw_step(
        step="agreement", on=TODAY, reason="Xero ended it.", **WHO
    )

    assert [one.subject for one in fallen] == ["certification", "agreement"]
    assert {one.note for one in fallen} == {"Xero ended it."}
    assert list(standing.read().steps) == ["submitted"]
    assert not facts.current().is_certified
    assert facts.current().connection_cap == 25


def test_a_step_is_taken_back_with_a_reason_and_not_before_it_was_taken(ready):
    step("submitted", date(2026, 10, 5))

    def withdraw(on=TODAY, reason="It was never sent.", name="submitted"):
        return programme.withdraw_step(step=name, on=on, reason=reason, **WHO)

    refused(lambda: withdraw(reason=" "), "reason", "reason")
    refused(lambda: withdraw(on=date(2026, 10, 4)), "on", "5 Oct 2026")
    refused(lambda: withdraw(on=TODAY + timedelta(days=1)), "on", "ahead")
    refused(lambda: withdraw(name="agreement"), "step", "not been taken")
    withdraw(on=date(2026, 10, 20))
    refused(lambda: step("submitted", date(2026, 10, 19)), "on", "20 Oct 2026")
    step("submitted", date(2026, 10, 20))


def test_not_eligible_counts_as_uncertified_until_xero_says_otherwise():
    certify()
    programme.record_not_eligible(on=TODAY, reason="Lending in Ireland.", **WHO)

    assert not facts.current().is_certified
    assert facts.current().connection_cap == 25
    refused(
        lambda: programme.record_not_eligible(on=TODAY, reason="Again.", **WHO),
        "",
        "already",
    )
    programme.record_eligible(on=TODAY, reason="Xero's letter.", **WHO)

    assert facts.current().is_certified
    refused(
        lambda: programme.record_eligible(on=TODAY, reason="Again.", **WHO),
        "",
        "Nothing says",
    )


def test_who_is_not_eligible_takes_no_step(ready):
    programme.record_not_eligible(on=TODAY, reason="Not for lenders here.", **WHO)

    refused(lambda: step("submitted"), "", "not eligible")


@pytest.mark.parametrize("act", ["record_not_eligible", "record_eligible"])
def test_eligibility_takes_a_reason_and_a_day(ready, act):
    step("submitted", date(2026, 10, 5))
    if act == "record_eligible":
        programme.record_not_eligible(on=date(2026, 10, 6), reason="No.", **WHO)
    record = getattr(programme, act)

    refused(lambda: record(on=TODAY, reason="", **WHO), "reason", "reason")
    refused(lambda: record(on=date(2026, 10, 4), reason="x", **WHO), "on", "before")
    ahead = TODAY + timedelta(days=1)
    refused(lambda: record(on=ahead, reason="x", **WHO), "on", "ahead")


def test_the_history_of_acts_cannot_be_changed():
    certify()
    act = ProgrammeAct.objects.order_by("pk").last()

    for change in (
        lambda: ProgrammeAct.objects.update(note="x"),
        act.delete,
        act.save,
    ):
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            change()


def test_there_is_one_programme():
    PartnerProgramme.objects.create()

    with pytest.raises(IntegrityError), transaction.atomic():
        PartnerProgramme.objects.create(pk=2)
