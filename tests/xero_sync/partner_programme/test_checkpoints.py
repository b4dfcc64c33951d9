"""The technical checkpoints: two lists, and a person's word with its evidence."""

import pytest
from django.db import IntegrityError, transaction

from tests.xero_sync.partner_programme.acts import WHO, meet_all_checkpoints
from xero_sync.models import CheckpointReview
from xero_sync.partner_programme import acts, checkpoints, standing
from xero_sync.partner_programme.checkpoint_list import BANK_FEEDS, LENDING
from xero_sync.partner_programme.exceptions import ProgrammeRefused

pytestmark = pytest.mark.django_db


def review(code="lending-3", status="met", **values):
    values.setdefault("evidence", "The connection page.")
    return checkpoints.review(checkpoint=code, status=status, **WHO | values)


def refused(call, field, words):
    with pytest.raises(ProgrammeRefused, match=words) as refusal:
        call()
    assert refusal.value.field == field


def open_codes():
    return {one.code for one in checkpoints.still_open(standing.record())}


def test_the_lists_are_the_guides():
    assert [(one.number, one.effort, one.applies) for one in LENDING] == [
        ("", "significant", True),
        ("1", "none", False),
        ("2", "none", False),
        ("3", "significant", True),
        ("4", "minimal", True),
        ("5", "minimal", True),
        ("6", "moderate", True),
        ("7", "none", False),
        ("8", "none", False),
        ("9", "none", False),
    ]
    assert [(one.number, one.effort, one.applies) for one in BANK_FEEDS] == [
        ("1", "minimal", True),
        ("2", "minimal", True),
        ("3", "significant", True),
        ("4", "some", True),
        ("5", "none", False),
        ("6", "none", False),
        ("7", "none", False),
        ("8", "some", True),
        ("9", "some", True),
        ("10", "none", False),
        ("11", "moderate", True),
    ]


def test_each_says_what_we_do_or_why_it_asks_nothing():
    for one in (*LENDING, *BANK_FEEDS):
        assert bool(one.ours) is one.applies, one.code
        assert not one.applies or one.evidence, one.code


def test_at_first_all_that_apply_are_open():
    wanted = {one.code for one in (*LENDING, *BANK_FEEDS) if one.applies}

    assert open_codes() == wanted


def test_the_list_for_bank_feeds_counts_where_they_are_asked_for():
    acts.ask_for_bank_feeds(wanted=False, **WHO)

    assert {code.split("-")[0] for code in open_codes()} == {"lending"}


def test_the_latest_word_counts_and_the_earlier_stays():
    review()
    assert "lending-3" not in open_codes()

    review(status="open", evidence="The button was missing.")

    assert "lending-3" in open_codes()
    assert CheckpointReview.objects.count() == 2


def test_met_takes_words_or_a_link():
    refused(lambda: review(evidence=" "), "evidence", "what shows")
    review(evidence="", evidence_url="https://lender.example/proof.pdf")

    assert "lending-3" not in open_codes()
    with pytest.raises(IntegrityError), transaction.atomic():
        CheckpointReview.objects.create(
            checkpoint="lending-3", status="met", author="x", recorded_at=WHO["now"]
        )


@pytest.mark.parametrize(
    "url", ["http://lender.example/", "lender.example", "javascript:alert(1)"]
)
def test_a_link_is_an_https_address(url):
    refused(lambda: review(evidence_url=url), "evidence_url", "https://")


def test_a_link_with_a_password_in_it_is_not_kept():
    url = "https://anna:word@lender.example/proof.pdf"
    refused(lambda: review(evidence_url=url), "evidence_url", "password out")


def test_a_link_that_the_database_would_not_take_is_refused():
    url = "https://lender.example/" + "a" * 177
    review(evidence="", evidence_url=url)

    refused(lambda: review(evidence_url=url + "a"), "evidence_url", "200 characters")


def test_only_a_checkpoint_that_asks_something_is_reviewed():
    refused(lambda: review("lending-7"), "checkpoint", "Codat covers it")
    refused(lambda: review("lending-12"), "checkpoint", "no such")
    refused(lambda: review(status="maybe"), "status", "open or met")


def test_reviews_cannot_be_changed():
    meet_all_checkpoints()

    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        CheckpointReview.objects.update(status="open")
