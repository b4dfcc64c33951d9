"""Tell a request that never left this machine from one whose answer is missing.

urllib3 reports a broken TLS handshake and a broken read with the same classes, although
only the first proves that nothing was sent. So whatever goes wrong while connecting is
turned into NewConnectionError, which then means just that.
"""

from typing import Any

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError, NewConnectionError

# A certificate for another name is a ValueError, some handshakes end in one as well.
_BROKEN = (OSError, ValueError, HTTPError)


class _SaysSo(HTTPConnection):
    def connect(self) -> None:
        try:
            super().connect()
        except _BROKEN as exc:
            raise NewConnectionError(self, "no connection") from exc


class _SecureConnection(_SaysSo, HTTPSConnection):
    pass


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _SaysSo


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


POOLS: dict[str, Any] = {"http": _PlainPool, "https": _SecurePool}


def never_connected(exc: BaseException) -> bool:
    """Tell whether the exchange broke before its connection stood."""
    cause = exc.args[0] if exc.args else None
    return isinstance(getattr(cause, "reason", cause), NewConnectionError)
