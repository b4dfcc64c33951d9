"""Serve a local stand-in for Codat, with a Xero-like ledger behind it."""

from __future__ import annotations

import signal
from pathlib import Path
from threading import Event
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import connection

from xero_sync.models import WriteRequest
from xero_sync.sandbox import Sandbox
from xero_sync.sandbox.demo import seed_demo
from xero_sync.sandbox.sandbox import WEBHOOK_SECRET
from xero_sync.sandbox.server import SandboxServer

# What a SIGKILL may lose; an orderly end loses nothing.
SAVE_SECONDS = 5.0


class Command(BaseCommand):
    """`manage.py codat_sandbox`."""

    help = "Serve a local stand-in for Codat until it is interrupted."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--port", type=int, default=8765)
        parser.add_argument("--api-key", default="sandbox-key")
        parser.add_argument("--webhook-url")
        parser.add_argument("--webhook-secret", default=WEBHOOK_SECRET)
        parser.add_argument("--redirect-url", help="Where the link page returns to.")
        parser.add_argument("--push-seconds", type=float, default=1.0)
        parser.add_argument("--feed-seconds", type=float, default=1.0)
        parser.add_argument("--refresh-seconds", type=float, default=1.0)
        parser.add_argument("--seed-demo", action="store_true")
        parser.add_argument(
            "--no-limits", action="store_true", help="Any number of calls is taken."
        )
        parser.add_argument(
            "--magic",
            action="store_true",
            help="Some amounts force an outcome; see xero_sync/sandbox/magic.py.",
        )
        parser.add_argument(
            "--state", type=Path, help="A file that keeps it all until the next run."
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        """Serve until SIGINT or SIGTERM."""
        sandbox = Sandbox(
            api_key=options["api_key"],
            push_seconds=options["push_seconds"],
            feed_seconds=options["feed_seconds"],
            refresh_seconds=options["refresh_seconds"],
            webhook_secret=options["webhook_secret"],
            webhook_url=options["webhook_url"],
            entry_of=_entry_of if options["magic"] else None,
        )
        sandbox.limits.enabled = not options["no_limits"]
        sandbox.settings.redirect_url = options["redirect_url"]
        if options["state"]:
            sandbox.load(options["state"])
        if options["seed_demo"]:
            seed_demo(sandbox)
        stopped = Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stopped.set())
        with SandboxServer(sandbox, port=options["port"]) as server:
            self.stdout.write(f"Codat stand-in on {server.url}")
            self.stdout.flush()
            while not stopped.wait(SAVE_SECONDS):
                _save(sandbox, options["state"])
        _save(sandbox, options["state"])


def _save(sandbox: Sandbox, path: Path | None) -> None:
    if path is not None:
        sandbox.save(path)


def _entry_of(key: str) -> str:
    """Return which entry a request of ours writes: its key is on file by then."""
    try:
        request = WriteRequest.objects.filter(idempotency_key=key).first()
        record = request and request.records.first()
        return str(record.pk) if record else key
    finally:
        # Each call to the sandbox has a thread, and Django a connection for each.
        connection.close()
