"""Tell how the lender's Xero app stands."""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from lending import formats
from xero_sync.management.base import XeroCommand
from xero_sync.models import XeroApp
from xero_sync.runtime.clock import database_now
from xero_sync.writeback.paced_client import paced_client
from xero_sync.xero_app import facts, keys, problems, records, registration, toggles
from xero_sync.xero_app.facts import AppFacts


class Command(XeroCommand):
    """`manage.py xero_app`."""

    help = "Tell how the lender's Xero app stands; set it up in the admin."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "--check",
            action="store_true",
            help="Ask Codat first whether Xero is enabled.",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        """Ask Codat if asked to, and print what stands."""
        if options["check"]:
            with paced_client() as client:
                toggles.look(client=client, now=database_now())
        app = records.stored()
        for label, text in _lines(app, facts.current()):
            self.say(f"{label + ':':<20}{text}")
        if found := problems.sentences(now=database_now(), app=app):
            raise CommandError(" ".join(found))


def _lines(app: XeroApp, now: AppFacts) -> list[tuple[str, str]]:
    approved = app.bank_feeds_approved_on
    return [
        ("App name", app.name or "not recorded"),
        ("Redirect URI", registration.REDIRECT_URI),
        ("Privacy policy", app.privacy_url or "not recorded"),
        ("Terms", app.terms_url or "not recorded"),
        ("Keys", _key_words(app)),
        ("Xero here", _switch(on=app.integration_on)),
        ("Xero at Codat", _at_codat(app)),
        ("Partner status", "certified" if now.is_certified else "none"),
        ("Connection cap", _cap(now.connection_cap)),
        ("Feeds approved", formats.day(approved) if approved else "not recorded"),
        ("Bank feeds here", _switch(on=app.bank_feeds_on)),
    ]


def _key_words(app: XeroApp) -> str:
    if absent := keys.missing(app):
        return f"{' and '.join(absent)} not recorded"
    pasted = app.pasted_at
    where = "not yet" if pasted is None else f"since {formats.moment(pasted)}"
    return f"secret …{app.secret_ending}; in Codat's portal: {where}"


def _cap(cap: int | None) -> str:
    return "none" if cap is None else str(cap)


def _switch(*, on: bool | None) -> str:
    return {True: "on", False: "off", None: "not recorded"}[on]


def _at_codat(app: XeroApp) -> str:
    if app.looked_at is None:
        return "not asked yet; use --check"
    return f"{_switch(on=app.enabled_at_codat)}, read {formats.moment(app.looked_at)}"
