"""Configuration mistakes of the back office, found before they cost a message."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

from lending.db import encryption


@register(Tags.security)
def check_encryption_keys(**_: Any) -> list[CheckMessage]:
    """A key that is none would only be noticed when a secret has to be read."""
    if all(encryption.is_key(key) for key in settings.FIELD_ENCRYPTION_KEYS):
        return []
    return [
        Error(
            "FIELD_ENCRYPTION_KEYS holds something that is no key.",
            hint="Make each with cryptography.fernet.Fernet.generate_key().",
            id="backoffice.E001",
        )
    ]


@register(Tags.security, deploy=True)
def check_encryption_keys_are_secret(**_: Any) -> list[CheckMessage]:
    """The development default is public, in whatever place of the list it stands."""
    public = settings.DEVELOPMENT_ONLY["FIELD_ENCRYPTION_KEYS"]
    if public not in settings.FIELD_ENCRYPTION_KEYS:
        return []
    return [
        Error(
            "FIELD_ENCRYPTION_KEYS contains the development default.",
            hint="Take it out; what it encrypted is not secret.",
            id="backoffice.E002",
        )
    ]
