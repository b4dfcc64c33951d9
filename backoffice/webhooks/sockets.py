"""Connections that are opened to public addresses only, and end on time.

The addresses that a name resolves to are checked where the connection is opened, and
one of just these is connected to: between the check and the call there is no second
look-up that could answer otherwise.
"""

import socket
import threading
import time
from contextlib import suppress
from functools import partial
from types import TracebackType
from typing import Any, Self

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import NameResolutionError, NewConnectionError

from backoffice.webhooks import addresses
from backoffice.webhooks.exceptions import AddressRefused


class Deadline:
    """When an exchange has to be over; its connection is shut then, whatever it does.

    Time-outs of a socket start anew with each byte, so that a slow drip would never
    end.
    """

    def __init__(self, seconds: float) -> None:
        self.is_past = False
        self._ends_at = time.monotonic() + seconds
        self._twin: socket.socket | None = None
        self._timer = threading.Timer(seconds, self._shut)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._timer.cancel()
        # One that has begun to shut the socket must not find another under its number.
        self._timer.join()
        if self._twin is not None:
            self._twin.close()

    def left(self) -> float:
        """Return the seconds that are left, at least a moment.

        Raises:
            TimeoutError: none are.
        """
        left = self._ends_at - time.monotonic()
        if self.is_past or left <= 0:
            raise TimeoutError
        return left

    def follow(self, sock: socket.socket) -> None:
        """Shut this connection when time is up."""
        # TLS takes the socket over and leaves the first object empty; a twin remains.
        self._twin = sock.dup()
        if self.is_past:
            self._shut()

    def _shut(self) -> None:
        self.is_past = True
        if self._twin is not None:
            with suppress(OSError):
                self._twin.shutdown(socket.SHUT_RDWR)


class _Guarded:
    """What both kinds of connection do when they open their socket."""

    host: str
    port: int
    deadline: Deadline

    def _new_conn(self) -> socket.socket:
        if not addresses.is_port_allowed(self.port):
            raise AddressRefused(field="url")
        try:
            found = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
        except (socket.gaierror, UnicodeError) as exc:
            reason = socket.gaierror(str(exc))
            raise NameResolutionError(self.host, self, reason) from exc  # type: ignore[arg-type]
        if not all(addresses.may_connect(str(one[4][0])) for one in found):
            raise AddressRefused(field="url")
        problem: OSError | None = None
        for family, kind, protocol, _, address in found:
            sock = socket.socket(family, kind, protocol)
            sock.settimeout(self.deadline.left())
            try:
                sock.connect(address)
            except OSError as exc:
                sock.close()
                problem = exc
            else:
                self.deadline.follow(sock)
                return sock
        raise NewConnectionError(self, "no connection") from problem  # type: ignore[arg-type]


class _Plain(_Guarded, HTTPConnection):
    def __init__(self, *args: Any, deadline: Deadline, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.deadline = deadline


class _Secure(_Guarded, HTTPSConnection):
    def __init__(self, *args: Any, deadline: Deadline, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.deadline = deadline


class _PlainPool(HTTPConnectionPool):
    def __init__(self, *args: Any, deadline: Deadline, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.ConnectionCls = partial(_Plain, deadline=deadline)  # type: ignore[assignment]


class _SecurePool(HTTPSConnectionPool):
    def __init__(self, *args: Any, deadline: Deadline, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.ConnectionCls = partial(_Secure, deadline=deadline)  # type: ignore[assignment]


def pools(deadline: Deadline) -> dict[str, Any]:
    """Return the kinds of pool whose connections keep to a deadline, by scheme."""
    return {
        "http": partial(_PlainPool, deadline=deadline),
        "https": partial(_SecurePool, deadline=deadline),
    }
