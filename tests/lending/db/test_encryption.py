"""What is sealed is opened by our keys alone, and only as it was sealed."""

import base64

import pytest
from cryptography.fernet import Fernet

from lending.db import encryption

SECRET = "12345678 of a bank"


def altered(sealed, at):
    raw = bytearray(base64.urlsafe_b64decode(sealed))
    raw[at] ^= 1
    return base64.urlsafe_b64encode(raw).decode()


def test_nothing_is_readable_and_nothing_repeats():
    first, second = encryption.seal(SECRET), encryption.seal(SECRET)

    assert first != second
    assert encryption.unseal(first) == encryption.unseal(second) == SECRET
    # Not its shortest words: a letter stands in random bytes as well.
    for part in (SECRET, "12345678", "bank"):
        assert part.encode() not in base64.urlsafe_b64decode(first)


@pytest.mark.parametrize("at", [0, 1, 9, 24, 25, 40, -33, -32, -1])
def test_what_was_altered_by_one_bit_is_not_opened(at):
    with pytest.raises(encryption.Unreadable):
        encryption.unseal(altered(encryption.seal(SECRET), at))


def test_a_new_key_seals_and_the_old_one_still_opens(settings):
    old = encryption.seal(SECRET)
    key = Fernet.generate_key().decode()
    settings.FIELD_ENCRYPTION_KEYS = [key, *settings.FIELD_ENCRYPTION_KEYS]

    new = encryption.seal(SECRET)

    assert encryption.unseal(old) == SECRET
    assert Fernet(key).decrypt(new.encode()).decode() == SECRET


def test_without_the_key_nothing_is_opened(settings):
    sealed = encryption.seal(SECRET)
    settings.FIELD_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]

    with pytest.raises(encryption.Unreadable):
        encryption.unseal(sealed)


@pytest.mark.parametrize("short", ["", "a" * 22 + "==", "no-key", "a" * 43])
def test_a_key_has_256_bits_half_of_them_to_encrypt(short):
    assert not encryption.is_key(short)
    assert encryption.is_key(Fernet.generate_key().decode())
