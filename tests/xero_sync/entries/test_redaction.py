"""What a page shows of the wire: everything but secrets and bank details."""

import json

import pytest

from xero_sync.entries.redaction import (
    HIDDEN,
    last_characters,
    mask,
    mask_text,
    readable,
)


@pytest.mark.parametrize(
    "name",
    [
        "Authorization",
        "apiKey",
        "api_key",
        "X-Api-Key",
        "access_token",
        "refreshToken",
        "clientSecret",
        "password",
        "Set-Cookie",
        "webhook-signature",
        "linkUrl",
    ],
)
@pytest.mark.parametrize("value", ["a-value-9876", 12345678, ["one"], {"two": "three"}])
def test_nothing_of_a_secret_is_shown(name, value):
    assert mask({name: value}) == {name: HIDDEN}


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("header Authorization: Basic c2FuZGJveC1rZXk=", "c2FuZGJveC1rZXk"),
        ("sent Bearer abcdef.123456 to", "abcdef"),
        ("signed with whsec_c2FuZGJveC1LTAx", "c2FuZGJveC1LTAx"),
        ("?token=abc123&page=2", "abc123"),
        ('{"apiKey": "abc123", "cut off', "abc123"),
        ('{\\"password\\": \\"abc123\\"}', "abc123"),
        ("eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.c2ln", "eyJzdWIiOiIxIn0"),
        ("key A1b2C3d4E5f6A1b2C3d4E5f6A1b2C3d4E5f6A1b2C3d4", "A1b2C3d4E5f6"),
    ],
)
def test_a_secret_inside_a_text_is_masked(text, gone):
    shown = mask_text(text)

    assert gone not in shown
    assert HIDDEN in shown


def test_a_secret_of_ours_is_masked_wherever_it_stands():
    body = json.dumps({"note": "the key is our-own-key."})

    assert "our-own-key" not in readable(body, secrets=["our-own-key"])
    assert "our-own-key" not in readable("no JSON our-own-key", secrets=["our-own-key"])


def test_of_an_account_number_the_last_four_characters_are_shown():
    shown = mask(
        {
            "accountNumber": "12345678",
            "iban": "GB29NWBK60161331926819",
            "sortCode": "401276",
            "routingInfo": {"bankCode": "401276", "type": "bankcode"},
        }
    )

    assert shown == {
        "accountNumber": "••••5678",
        "iban": "••••6819",
        "sortCode": HIDDEN,
        "routingInfo": HIDDEN,
    }


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("account number 12345678 is closed", "account number ••••5678 is closed"),
        ('"accountNumber":"12345678"', '"accountNumber":"••••5678"'),
        ("to GB29 NWBK 6016 1331 9268 19 today", "to ••••6819 today"),
        ("sort code 40-12-76", f"sort code {HIDDEN}"),
        ("sortCode=401276", f"sortCode={HIDDEN}"),
    ],
)
def test_bank_details_inside_a_text_are_masked(text, shown):
    assert mask_text(text) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [("", HIDDEN), ("1", HIDDEN), ("123456", "••••456"), ("12-34 5678", "••••5678")],
)
def test_never_more_than_half_of_an_account_number_is_shown(value, shown):
    assert last_characters(value) == shown


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-10T00:00:00",
        "41c7ca03-bdae-4ea5-8c5c-64a4de61203e",
        "evt-f9d4c8691881480194dbb9a6e95e23a2",
        "/companies/0ad1159f-d2cf-4ae1-aa1e-ea2526b4067f/push/directCosts",
        "Fee · INV-0002 · loan-2 · Example Invoice Finance",
        "The account is archived",
        "400: validation of 1250.00 GBP failed",
    ],
)
def test_what_is_no_secret_stays_as_it_is(text):
    assert mask_text(text) == text


def test_json_is_laid_out_with_its_numbers_as_they_were_written():
    assert readable('{"a":{"b":[50.00,1]},"c":[],"d":null,"é":true}') == (
        '{\n  "a": {\n    "b": [\n      50.00,\n      1\n    ]\n  },\n'
        '  "c": [],\n  "d": null,\n  "é": true\n}'
    )


def test_what_is_too_long_is_cut_after_it_was_masked():
    text = "x" * 10 + " whsec_abcdefgh"

    assert readable(text, limit=13) == "x" * 10 + " ••" + " …"
