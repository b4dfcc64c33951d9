"""Serve a local stand-in for Codat, with a Xero-like ledger behind it."""

from __future__ import annotations

import signal
from threading import Event
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from xero_sync.sandbox import Sandbox
from xero_sync.sandbox.demo import seed_demo
from xero_sync.sandbox.sandbox import WEBHOOK_SECRET
from xero_sync.sandbox.server import SandboxServer


class Command(BaseCommand):
    """`manage.py codat_sandbox`."""

    help = "Serve a local stand-in for Codat until it is interrupted."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8765)
        parser.add_argument("--api-key", default="sandbox-key")
        parser.add_argument("--webhook-url")
        parser.add_argument("--webhook-secret", default=WEBHOOK_SECRET)
        parser.add_argument("--redirect-url", help="Where the link page returns to.")
        parser.add_argument("--push-seconds", type=float, default=1.0)
        parser.add_argument("--feed-seconds", type=float, default=1.0)
        parser.add_argument("--refresh-seconds", type=float, default=1.0)
        parser.add_argument("--seed-demo", action="store_true")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Serve until SIGINT or SIGTERM."""
        sandbox = Sandbox(
            api_key=options["api_key"],
            push_seconds=options["push_seconds"],
            feed_seconds=options["feed_seconds"],
            refresh_seconds=options["refresh_seconds"],
            webhook_secret=options["webhook_secret"],
            webhook_url=options["webhook_url"],
        )
        sandbox.settings.redirect_url = options["redirect_url"]
        if options["seed_demo"]:
            seed_demo(sandbox)
        stopped = Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stopped.set())
        with SandboxServer(sandbox, options["host"], options["port"]) as server:
            self.stdout.write(f"Codat stand-in on {server.url}")
            self.stdout.flush()
            stopped.wait()
