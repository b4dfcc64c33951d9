"""gunicorn's threaded worker, held up by nobody who sends slowly.

A request is gathered beside all others, without a thread, until its head and a body of
up to 64 KiB are there: a client that sends nothing, or half a head, costs a socket. For
a larger body a thread waits. Either way all of it must be there within ten seconds, and
an answer be taken within thirty, or the connection ends. So one process bears
`worker_connections` slow clients, or as many large slow bodies as it has threads; who
comes after them waits up to ten seconds. What keeps out more than that is a proxy.

It rests on the inside of `gunicorn.workers.gthread` as requirements.txt pins it.
"""

import re
import selectors
import socket
import time
from errno import ECONNRESET
from functools import partial
from typing import Any

from gunicorn.workers.gthread import TConn, ThreadWorker

ARRIVES_WITHIN = 10.0
TAKEN_WITHIN = 30.0
# The largest head that gunicorn takes is a little smaller.
GATHERED = 65_536
_END_OF_HEAD = b"\r\n\r\n"
_LENGTH = re.compile(rb"^content-length:[ \t]*(\d{1,18})[ \t]*\r?$", re.I | re.M)
_CHUNKED = re.compile(rb"^transfer-encoding:", re.I | re.M)
_LAST_CHUNK = re.compile(rb"(?:^|\r\n)0+\r\n")
# The client waits for a word before it sends the body.
_EXPECTS = re.compile(rb"^expect:", re.I | re.M)


class TimedSocket(socket.socket):
    """A client's connection, which takes an end where the client is too slow."""

    until = 0.0
    is_late = False

    def recv(self, *args: Any) -> bytes:
        """Receive as a socket does, and nothing once the time is over."""
        left = self.until - time.monotonic()
        if left > 0:
            self.settimeout(left)
            try:
                return super().recv(*args)
            except TimeoutError:
                pass
            finally:
                self.settimeout(None)
        self.is_late = True
        return b""

    def sendall(self, *args: Any) -> None:
        """Send as a socket does.

        Raises:
            ConnectionResetError: the client does not take it.
        """
        self.settimeout(TAKEN_WITHIN)
        try:
            super().sendall(*args)
        except TimeoutError as exc:
            self.is_late = True
            raise ConnectionResetError(ECONNRESET, "The answer is not taken.") from exc
        finally:
            self.settimeout(None)


class Worker(ThreadWorker):
    """Lends a thread to requests that are there."""

    def accept(self, listener: socket.socket) -> None:
        """Take a new connection, and wait for what it sends."""
        try:
            accepted, address = listener.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return
        self.nr_conns += 1
        client = TimedSocket(fileno=accepted.detach())
        conn = TConn(self.cfg, client, address, listener.getsockname())
        conn.data_ready = True
        conn.gathered = bytearray()
        self._gather(conn)

    def on_client_socket_readable(self, conn: TConn, client: TimedSocket) -> None:
        """Begin with the next request of a connection that was kept."""
        self.poller.unregister(client)
        self.keepalived_conns.remove(conn)
        self._gather(conn)

    def on_pending_socket_readable(self, conn: TConn, client: TimedSocket) -> None:
        """Add what has come, and lend a thread once it is enough."""
        try:
            came = socket.socket.recv(client, GATHERED)
        except BlockingIOError:
            return
        except OSError:
            came = b""
        conn.gathered += came
        if came and not is_there(conn.gathered):
            return
        self.poller.unregister(client)
        self.pending_conns.remove(conn)
        if came:
            self.enqueue_req(conn)
        else:
            self.nr_conns -= 1
            conn.close()

    def handle(self, conn: TConn) -> Any:
        """Answer a request; a connection that was too slow is not kept."""
        conn.sock.until = time.monotonic() + ARRIVES_WITHIN
        conn.init()
        conn.parser.unreader.unread(bytes(conn.gathered))
        conn.gathered.clear()
        return super().handle(conn) and not conn.sock.is_late

    def _gather(self, conn: TConn) -> None:
        conn.sock.settimeout(0)
        conn.timeout = time.monotonic() + ARRIVES_WITHIN
        self.pending_conns.append(conn)
        self.poller.register(
            conn.sock,
            selectors.EVENT_READ,
            partial(self.on_pending_socket_readable, conn),
        )


def is_there(gathered: bytearray) -> bool:
    """Tell whether a request is there, or all of it that is gathered."""
    if len(gathered) >= GATHERED:
        return True
    head, end, body = gathered.partition(_END_OF_HEAD)
    if not end:
        return False
    if _EXPECTS.search(head):
        return True
    if _CHUNKED.search(head):
        return _LAST_CHUNK.search(body) is not None
    length = _LENGTH.search(head)
    return length is None or len(body) >= int(length[1])
