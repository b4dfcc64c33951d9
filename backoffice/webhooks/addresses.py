"""Where a message may go: a public https address, and nothing inside our network."""

import ipaddress
import re
from urllib.parse import SplitResult, urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from backoffice.models import webhooks
from backoffice.webhooks.exceptions import AddressRefused

HTTPS_PORT = 443
# Blanks, control characters, backslashes and letters beyond ASCII: libraries disagree
# on what an address with one of these means.
_PLAIN = re.compile(r"[!-\[\]-~]+", re.ASCII)
# Only here are IPv6 addresses of the public internet: what maps, translates or tunnels
# to IPv4 lies outside, or is refused below.
GLOBAL_IPV6 = ipaddress.IPv6Network("2000::/3")
REFUSED = [
    ipaddress.ip_network(network)
    for network in (
        "192.0.0.0/24",  # protocol assignments
        "192.88.99.0/24",  # relays of 6to4
        "2001::/23",  # Teredo, ORCHID and other assignments
        "2002::/16",  # 6to4
        "3fff::/20",  # documentation
    )
]


def check_url(url: str) -> None:
    """Refuse an address that no message may be sent to, whatever its name resolves to.

    Raises:
        AddressRefused: what is wrong with it, and what it should look like.
    """
    if len(url) > webhooks.URL_LENGTH:
        raise _refused(
            _("Use at most %(count)d characters.") % {"count": webhooks.URL_LENGTH}
        )
    if not _PLAIN.fullmatch(url):
        raise _refused(_("Use an address of plain ASCII characters without blanks."))
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as exc:
        raise _refused(_("This is not an address.")) from exc
    _check_parts(parts, port)
    if is_address(parts.hostname or "") and not may_connect(parts.hostname or ""):
        raise _refused(_("Use an address on the public internet."))


def _check_parts(parts: SplitResult, port: int | None) -> None:
    schemes = {"https", "http"} if settings.DEBUG else {"https"}
    if parts.scheme not in schemes or not parts.hostname:
        raise _refused(_("Begin the address with https:// and a host name."))
    if "@" in parts.netloc:
        raise _refused(
            _("Leave user name and password out; the signature tells who sends.")
        )
    if not is_port_allowed(port or HTTPS_PORT):
        raise _refused(_("Use port 443."))
    if parts.fragment:
        raise _refused(_("Leave out the part after “#”."))


def is_port_allowed(port: int) -> bool:
    """Whether messages may be sent to this port."""
    return settings.DEBUG or port == HTTPS_PORT


def may_connect(address: str) -> bool:
    """Whether a connection may be opened to this IP address."""
    return settings.WEBHOOK_ALLOW_PRIVATE or is_public(address)


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public internet, and no detour from it."""
    ip = ipaddress.ip_address(address)
    if ip.version == 6 and ip not in GLOBAL_IPV6:  # noqa: PLR2004 - it is a name
        return False
    is_refused = any(ip in one for one in REFUSED if one.version == ip.version)
    return (
        ip.is_global and not ip.is_multicast and not ip.is_reserved and not is_refused
    )


def is_address(host: str) -> bool:
    """Whether a host is given as an IP address."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _refused(words: str) -> AddressRefused:
    return AddressRefused(words, field="url")
