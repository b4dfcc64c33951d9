"""Texts that must be read again and must not lie open in the database.

`FIELD_ENCRYPTION_KEYS` holds one or more keys: the first encrypts, all of them decrypt.
To change keys, put a new one first, run `manage.py reseal`, then take the old ones out.
"""

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


class Unreadable(Exception):
    """None of FIELD_ENCRYPTION_KEYS opens this; put the key that sealed it back."""


def seal(text: str) -> str:
    """Encrypt a text with the first key."""
    return _box().encrypt(text.encode()).decode()


def unseal(sealed: str) -> str:
    """Decrypt a text with whichever key sealed it.

    Raises:
        Unreadable: none of the keys did.
    """
    try:
        return _box().decrypt(sealed.encode()).decode()
    except InvalidToken as exc:
        raise Unreadable(Unreadable.__doc__) from exc


def reseal(sealed: str) -> str | None:
    """Return it encrypted with the first key; None if the first key sealed it.

    Raises:
        Unreadable: none of the keys did.
    """
    try:
        Fernet(settings.FIELD_ENCRYPTION_KEYS[0]).decrypt(sealed.encode())
    except InvalidToken:
        return seal(unseal(sealed))
    return None


def is_key(text: str) -> bool:
    """Whether a text is a key at all."""
    try:
        Fernet(text)
    except ValueError:
        return False
    return True


def _box() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.FIELD_ENCRYPTION_KEYS])
