"""The stand-in over HTTP, for the loopback."""

from __future__ import annotations

import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from types import TracebackType

from xero_sync.sandbox import control
from xero_sync.sandbox.sandbox import Sandbox
from xero_sync.sandbox.state import Settings
from xero_sync.sandbox.wire import LostReply, Reply

TICK_SECONDS = 0.05


class SandboxServer:
    """Serves a sandbox, and ticks it."""

    def __init__(
        self, sandbox: Sandbox, host: str = "127.0.0.1", port: int = 0
    ) -> None:
        self.sandbox = sandbox
        self._http = _Server((host, port), _handler(sandbox))
        self._stopped = Event()
        self._threads: list[Thread] = []

    @property
    def url(self) -> str:
        """Where it listens."""
        host, port = self._http.server_address[:2]
        return f"http://{host!s}:{port}"

    def start(self) -> SandboxServer:
        """Serve in the background until `stop`."""
        self.sandbox.pause = time.sleep
        if self.sandbox.settings.link_base == Settings().link_base:
            self.sandbox.settings.link_base = self.url
        serve = Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)
        self._threads = [serve, Thread(target=self._tick, daemon=True)]
        for thread in self._threads:
            thread.start()
        return self

    def stop(self) -> None:
        """Stop serving and ticking."""
        self._stopped.set()
        if self._threads:
            self._http.shutdown()
        for thread in self._threads:
            thread.join(timeout=5)
        self._http.server_close()

    def _tick(self) -> None:
        while not self._stopped.wait(TICK_SECONDS):
            self.sandbox.tick()

    def __enter__(self) -> SandboxServer:
        """Start."""
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop."""
        self.stop()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    # an idle keep-alive connection must not hold up the end
    block_on_close = False


def _handler(sandbox: Sandbox) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        timeout = 60

        def _serve(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length)
            if len(body) < length:
                # RFC 9112, 8: a sender died in the midst of it, and nobody asked that.
                self.close_connection = True
                return
            try:
                headers = dict(self.headers.items())
                reply = control.handle(sandbox, self.command, self.path, headers, body)
            except LostReply:
                self.close_connection = True
                return
            self._write(reply)

        def _write(self, reply: Reply) -> None:
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            if reply.status != 204:  # noqa: PLR2004
                self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            if reply.status != 204:  # noqa: PLR2004
                self.wfile.write(reply.body)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815

        def log_message(self, *_args: object) -> None:
            """Stay silent."""

    return Handler
