"""Dates, texts and flags in all the shapes Codat sends them."""

from datetime import UTC, date, datetime

import pytest

from xero_sync.codat import values


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2026-06-01T09:00:00Z", datetime(2026, 6, 1, 9, tzinfo=UTC)),
        ("2026-06-01T09:00:00", datetime(2026, 6, 1, 9, tzinfo=UTC)),
        ("2026-06-01T09:00:00+01:00", datetime(2026, 6, 1, 8, tzinfo=UTC)),
        ("2026-06-01T09:00:00-0530", datetime(2026, 6, 1, 14, 30, tzinfo=UTC)),
        ("2026-06-01 09:00", datetime(2026, 6, 1, 9, tzinfo=UTC)),
        ("2026-06-01", datetime(2026, 6, 1, tzinfo=UTC)),
        (
            "2026-06-01T09:00:00.1234567Z",
            datetime(2026, 6, 1, 9, 0, 0, 123456, tzinfo=UTC),
        ),
        ("2026-06-01T09:00:00.5", datetime(2026, 6, 1, 9, 0, 0, 500000, tzinfo=UTC)),
        ("2026-06-01T23:59:99Z", datetime(2026, 6, 1, 23, 59, 59, tzinfo=UTC)),
        ("0001-01-01T00:00:00", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("9999-12-31T23:59:59-14:00", None),
        ("2026-06-01T24:00:00Z", None),
        ("2026-13-01T00:00:00Z", None),
        ("2026-02-30", None),
        ("2026-06-01T09:00:00+99:99", None),
        ("yesterday", None),
        ("٢٠٢٦-٠٦-٠١", None),
        ("", None),
    ],
)
def test_a_moment_is_read_in_every_shape(written, moment):
    assert values.parse_moment(written) == moment


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("2026-06-01T23:30:00Z", date(2026, 6, 1)),
        ("2026-06-01T00:30:00+10:00", date(2026, 6, 1)),
        ("2026-06-01T23:59:99", date(2026, 6, 1)),
        ("2026-06-01", date(2026, 6, 1)),
        ("0001-01-01T00:00:00", None),
        (20260601, None),
        (None, None),
    ],
)
def test_a_day_is_taken_as_it_is_written(written, day):
    assert values.day({"date": written}, "date") == day


@pytest.mark.parametrize(
    ("value", "is_true"),
    [
        (True, True),
        (False, False),
        ("True", True),
        ("False", False),
        ("Unknown", False),
        (1, False),
        (None, False),
    ],
)
def test_the_text_false_is_not_true(value, is_true):
    assert values.flag({"canBeRetried": value}, "canBeRetried") is is_true


def test_a_step_that_is_missing_ends_the_way_down():
    source = {"customerRef": {"id": "c"}, "accountRef": "text", "other": None}

    assert values.text(source, "customerRef", "id") == "c"
    assert values.text(source, "accountRef", "id") == ""
    assert values.text(source, "other", "id") == ""
    assert values.text(None, "id") == ""


def test_a_number_where_a_text_was_expected_is_its_digits():
    assert values.text({"statusCode": 403}, "statusCode") == "403"


def test_an_object_where_a_text_was_expected_is_no_text():
    assert values.text({"id": {"a": 1}}, "id") == ""


@pytest.mark.parametrize("written", ["{", "NaN", "1e999999999999999999999", "1" * 5000])
def test_what_is_not_json_is_told_from_nothing(written):
    assert values.parse_json(written) is values.UNREADABLE
    assert values.parse_json("  ") is None
