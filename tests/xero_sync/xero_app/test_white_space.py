"""White space in a key is named by kind and place, never trimmed."""

import random

import pytest

from xero_sync.xero_app.white_space import complaint, found_in

KINDS = [
    (" ", "a space"),
    ("\t", "a tab"),
    ("\n", "a line break"),
    ("\r\n", "a line break"),
    ("\r", "a line break"),
    ("\x0b", "a line break"),
    ("\x85", "a line break"),
    ("\u2028", "a line break"),
    ("\u00a0", "a no-break space"),
    ("\u202f", "a narrow no-break space"),
    ("\u200b", "a zero-width space"),
    ("\ufeff", "a byte order mark"),
    ("\u2003", "an unseen character (U+2003, EM SPACE)"),
    ("\u3000", "an unseen character (U+3000, IDEOGRAPHIC SPACE)"),
    ("\u1680", "an unseen character (U+1680, OGHAM SPACE MARK)"),
    ("\u200d", "an unseen character (U+200D, ZERO WIDTH JOINER)"),
    ("\u2060", "an unseen character (U+2060, WORD JOINER)"),
    ("\u00ad", "an unseen character (U+00AD, SOFT HYPHEN)"),
    ("\u202e", "an unseen character (U+202E, RIGHT-TO-LEFT OVERRIDE)"),
    ("\u3164", "an unseen character (U+3164, HANGUL FILLER)"),
    ("\u2800", "an unseen character (U+2800, BRAILLE PATTERN BLANK)"),
    ("\x00", "an unseen character (U+0000, no name)"),
]
IDS = [f"{ord(blank[0]):04X}" for blank, _ in KINDS]


@pytest.mark.parametrize(("blank", "kind"), KINDS, ids=IDS)
def test_each_kind_is_named_with_its_place(blank, kind):
    assert found_in(f"{blank}KEY") == [f"{kind} at the beginning"]
    assert found_in(f"twelve-chars{blank}KEY") == [f"{kind} after character 12"]
    assert found_in(f"KEY{blank}") == [f"{kind} at the end"]


def test_several_of_a_kind_are_counted():
    assert found_in("KEY  ") == ["2 spaces at the end"]
    assert found_in("KEY\r\n\r\nMORE") == ["2 line breaks after character 3"]


def test_all_that_is_wrong_is_said_at_once():
    assert complaint("\tA\u00a0B ", name="The client id") == (
        "The client id contains a tab at the beginning, a no-break space after "
        "character 2 and a space at the end. A key has no spaces of any kind: copy it "
        "again, without them."
    )


@pytest.mark.parametrize("blank", [" ", "\u200b\t", "\r\n"])
def test_a_key_of_nothing_else_is_none(blank):
    assert found_in(blank) == ["nothing but white space"]


def test_a_key_without_any_is_clean():
    alphabet = [chr(code) for code in range(0x21, 0x7F)]
    chance = random.Random(5)

    for _ in range(200):
        key = "".join(chance.choices(alphabet, k=48))
        assert complaint(key, name="The client id") is None
