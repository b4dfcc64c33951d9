"""Whether what goes to the database and to Redis could be read on its way.

Within this machine nobody is on the way; beyond it, production demands TLS.
"""

from collections.abc import Iterator, Mapping
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

# The others let the connection fall back to plain text, silently.
ENCRYPTED = frozenset({"require", "verify-ca", "verify-full"})


def demand_tls(database: Mapping[str, Any], redis_url: str) -> None:
    """Refuse to start with a store that is elsewhere without TLS.

    Raises:
        ImproperlyConfigured: there is one; the message has the setting and the remedy.
    """
    for fault in readable_on_the_way(database, redis_url):
        raise ImproperlyConfigured(fault)


def readable_on_the_way(database: Mapping[str, Any], redis_url: str) -> Iterator[str]:
    """Say of each store elsewhere without TLS which setting to mend, and how."""
    options = database.get("OPTIONS", {})
    hosts = str(options.get("host") or database.get("HOST") or "").split(",")
    is_elsewhere = not all(_is_here(one) for one in hosts)
    is_file = str(database["ENGINE"]).endswith("sqlite3")
    if is_elsewhere and not is_file and options.get("sslmode") not in ENCRYPTED:
        yield (
            "DATABASE_URL names another host without TLS. Add ?sslmode=verify-full "
            "(or verify-ca, or require, which does not look whose server it is)."
        )
    redis = urlsplit(redis_url)
    if redis.scheme == "redis" and not _is_here(redis.hostname or ""):
        yield (
            "REDIS_URL names another host without TLS. Begin it with rediss:// in "
            "place of redis://."
        )


def _is_here(host: str) -> bool:
    """Tell whether a host is this machine: a socket's path, or the loopback."""
    if not host or host == "localhost" or host.startswith(("/", "@")):
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
