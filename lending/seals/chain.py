"""What joins the seals: each hashes the one before, and a key vouches for the hash.

The chain itself takes no key, so that a later seal under a new key vouches for all
before it, and an old key may go.
"""

import hashlib
import hmac
from collections.abc import Sequence

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from lending.models import Seal
from lending.seals.tables import digest

BEFORE_THE_FIRST = "0" * 64
# What the chain does not hash: what it makes.
MADE = ("chain", "key_id", "mac")


def link(seal: Seal, before: str) -> str:
    """Return the hash of a seal and of the chain before it."""
    names = [field.attname for field in Seal._meta.concrete_fields]
    sealed = {name: getattr(seal, name) for name in names if name not in MADE}
    return digest({**sealed, "before": before})


def close(seal: Seal, before: str) -> None:
    """Join a seal to the chain before it, under the key that encrypts now."""
    seal.chain = link(seal, before)
    key = our_keys()[0]
    seal.key_id, seal.mac = key_id(key), mac(key, seal.chain)


def is_ours(seal: Seal) -> bool:
    """Tell whether one of our keys vouches for the chain up to a seal."""
    ours = {key_id(key): key for key in our_keys()}
    key = ours.get(seal.key_id)
    return key is not None and hmac.compare_digest(seal.mac, mac(key, seal.chain))


def our_keys() -> Sequence[bytes]:
    """Return the keys of seals, the present one first; each is made of a secret."""
    return [
        HKDF(SHA256(), 32, salt=None, info=b"seals of finished days").derive(
            secret.encode()
        )
        for secret in settings.FIELD_ENCRYPTION_KEYS
    ]


def key_id(key: bytes) -> str:
    """Return what tells keys apart and gives none away."""
    return hashlib.sha256(key).hexdigest()[:8]


def mac(key: bytes, chain: str) -> str:
    """Return what only who has the key can make of a chain."""
    return hmac.new(key, chain.encode(), hashlib.sha256).hexdigest()
