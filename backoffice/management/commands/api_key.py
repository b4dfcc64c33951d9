"""Make, list and revoke the keys that services call the API with."""

from datetime import date, datetime, time
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from backoffice.api_keys.services import (
    KeyRefused,
    create_key,
    key_with_prefix,
    revoke_key,
)
from backoffice.api_keys.wording import companies_in_words, state_in_words
from backoffice.models import ApiKey, KeyScope
from lending import formats
from lending.management.base import (
    PlainCommand,
    a_date,
    at_the_keyboard,
)
from lending.models import Company

# The options that are not called what the service calls them.
OPTIONS = {"companies": "company", "requests_per_minute": "requests-per-minute"}


class Command(PlainCommand):
    """`manage.py api_key`."""

    help = (
        "Make, list and revoke keys of the API. A client may have two live keys, so "
        "that it can change to a new one before the old one is revoked."
    )
    refusals = (KeyRefused, *PlainCommand.refusals)

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare what can be done, each with its options."""
        acts = parser.add_subparsers(dest="act", required=True, metavar="act")
        create = acts.add_parser(
            "create", help="Make a key; standard output is its text and nothing else."
        )
        create.add_argument(
            "--name",
            required=True,
            help="Names the key; without --client also the service that uses it.",
        )
        create.add_argument(
            "--scopes",
            required=True,
            help=f"Separated by commas, of {', '.join(KeyScope.values)}.",
        )
        create.add_argument("--client", help="The service, if it has another name.")
        create.add_argument(
            "--expires",
            type=a_date,
            metavar="YYYY-MM-DD",
            help="The first day on which it is refused (default: it does not expire).",
        )
        create.add_argument(
            "--company",
            action="append",
            metavar="REFERENCE",
            help="One that it may see; repeat it for more (default: all).",
        )
        create.add_argument(
            "--requests-per-minute", type=int, default=1_200, metavar="N"
        )
        listed = acts.add_parser("list", help="Show the live keys, without their text.")
        listed.add_argument("--client", help="Only those of this service.")
        listed.add_argument(
            "--all", action="store_true", help="Also those that are refused."
        )
        revoke = acts.add_parser("revoke", help="Refuse a key from now on.")
        revoke.add_argument("prefix", help="The beginning of a key, as it is listed.")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Do what was asked for."""
        match options["act"]:
            case "create":
                self.create(**options)
            case "list":
                self.list(client=options["client"], is_all=options["all"])
            case "revoke":
                self.revoke(options["prefix"])

    def create(
        self,
        *,
        name: str,
        client: str | None,
        scopes: str,
        expires: date | None,
        company: list[str] | None,
        requests_per_minute: int,
        **_options: Any,
    ) -> None:
        """Make a key and print its text, this once."""
        key, text = create_key(
            client_name=client or name,
            name=name,
            scopes=[one.strip() for one in scopes.split(",") if one.strip()],
            expires_at=_midnight(expires) if expires else None,
            companies=_companies(company) if company else None,
            requests_per_minute=requests_per_minute,
            created_by=at_the_keyboard(),
            now=timezone.now(),
        )
        # Beside the key's own text, so that it can be piped into a store of secrets.
        self.stderr.write(f"Made {_in_words(key)}.", str)
        self.stderr.write(
            "Its text is shown this once; only a hash of it is kept:", str
        )
        self.say(text)

    def list(self, *, client: str | None, is_all: bool) -> None:
        """Print a line for each key."""
        now = timezone.now()
        keys = ApiKey.objects.select_related("client").prefetch_related("companies")
        keys = keys.order_by("client__name", "pk")
        if not is_all:
            keys = keys.live(now)
        if client:
            keys = keys.filter(client__name=client)
        lines = [
            f"{_in_words(key)}; {_last_use(key)}; {state_in_words(key, now)}"
            for key in keys
        ]
        for line in lines or ["There is none."]:
            self.say(line)

    def revoke(self, prefix: str) -> None:
        """Revoke a key, and say if it was revoked before."""
        key = key_with_prefix(prefix)
        was_live = key.revoked_at is None
        revoke_key(key=key, revoked_by=at_the_keyboard(), now=timezone.now())
        words = "is refused from now on" if was_live else "was revoked before"
        self.say(f"{key.prefix} of {key.client} {words}.")

    def sentence(self, exc: Exception) -> str:
        """Name the option that is meant."""
        if not isinstance(exc, KeyRefused):
            return super().sentence(exc)
        option = OPTIONS.get(exc.field, exc.field)
        return f"{'' if option == 'prefix' else '--'}{option}: {exc.message}"


def _companies(references: list[str]) -> list[Company]:
    found = Company.objects.in_bulk(references, field_name="reference")
    for reference in references:
        if reference not in found:
            raise CommandError(f"--company: there is no company “{reference}”.")
    return list(found.values())


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def _in_words(key: ApiKey) -> str:
    name = f" “{key.name}”" if key.name else ""
    until = f", expires {formats.moment(key.expires_at)}" if key.expires_at else ""
    return (
        f"{key.prefix}{name} of {key.client}: {' '.join(key.scopes)}, "
        f"{companies_in_words(key)}, {key.requests_per_minute} requests a minute{until}"
    )


def _last_use(key: ApiKey) -> str:
    if key.last_used_at is None:
        return "no use yet"
    return f"last used {formats.moment(key.last_used_at)}"
