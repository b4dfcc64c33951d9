from datetime import UTC, datetime
from decimal import Decimal

import pytest

from xero_sync.sandbox.wire import decode, encode, is_guid, read_day, stamp


def test_money_survives_the_wire_exactly():
    body = encode({"amount": Decimal("0.10"), "of": [Decimal("1000.00"), 3, None]})

    assert body == b'{"amount":0.10,"of":[1000.00,3,null]}'
    assert decode(body)["amount"] == Decimal("0.10")


def test_a_float_is_not_money():
    with pytest.raises(TypeError):
        encode({"amount": 0.1})


def test_a_number_that_is_none_is_refused():
    with pytest.raises(ValueError, match="NaN"):
        decode(b'{"amount": NaN}')


def test_a_moment_carries_seven_fractional_digits():
    assert stamp(datetime(2026, 6, 1, 9, tzinfo=UTC)) == "2026-06-01T09:00:00.0000000Z"


@pytest.mark.parametrize("text", ["2026-06-01", "2026-06-01T09:00:00.1234567Z"])
def test_a_day_is_read_from_a_date_or_a_moment(text):
    assert read_day(text).isoformat() == "2026-06-01"


@pytest.mark.parametrize("text", ["2026-06-31", "yesterday", "", None, 20260601])
def test_what_is_no_date_has_no_day(text):
    assert read_day(text) is None


def test_only_the_long_form_is_a_guid():
    assert is_guid("8a156a5a-39cb-4f9d-856e-76ef9b9a9607")
    assert not is_guid("8a156a5a39cb4f9d856e76ef9b9a9607")
    assert not is_guid("lender-sa-1")
