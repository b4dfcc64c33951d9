"""An environment of its own: a database and addresses that are nobody else's.

Settings are read before a command runs, so a command that needs this starts itself once
more, as the same process, with the environment it wants. What the .env file says is
overruled by it and stays untouched.
"""

import base64
import fcntl
import os
import secrets
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn
from urllib.parse import quote

from django.conf import settings

# Holds the id of the process it is meant for, so that no child takes it for itself.
MARK = "BACKOFFICE_DEMO_PROCESS"
OURS = ("CODAT_", "WRITEBACK_", "DJANGO_", "SECURE_", "STAFF_")


@dataclass(frozen=True)
class Places:
    """Where a command keeps its things, under its name, and where it listens."""

    directory: Path
    web_port: int
    sandbox_port: int
    name: str = "demo"

    @property
    def database(self) -> Path:
        """Its database."""
        return self.directory / f"{self.name}.sqlite3"

    @property
    def logs(self) -> Path:
        """Where its processes write."""
        return self.directory / f"{self.name}-logs"

    @property
    def web_url(self) -> str:
        """Where the back office is."""
        return f"http://127.0.0.1:{self.web_port}"

    @property
    def sandbox_url(self) -> str:
        """Where the stand-in for Codat is."""
        return f"http://127.0.0.1:{self.sandbox_port}"


class AnotherDemo(Exception):
    """Another one uses the same directory; stop it first."""


def is_prepared() -> bool:
    """Tell whether this process runs in its own environment already."""
    return os.environ.get(MARK) == str(os.getpid())


def enter(
    places: Places, command: str, arguments: Sequence[str], extra: Mapping[str, str]
) -> NoReturn:
    """Start a command of `manage.py` again, in its own environment and `extra`."""
    sys.stdout.flush()
    line = [sys.executable, str(settings.BASE_DIR / "manage.py"), command, *arguments]
    mark = {MARK: str(os.getpid())}
    environment = {**_inherited(), **_chosen(places), **extra, **mark}
    os.execve(sys.executable, line, environment)  # noqa: S606 - ours


def _inherited() -> dict[str, str]:
    return {
        name: value for name, value in os.environ.items() if not name.startswith(OURS)
    }


def _chosen(places: Places) -> dict[str, str]:
    signing_key = base64.b64encode(secrets.token_bytes(24)).decode()
    return {
        "PYTHONUNBUFFERED": "1",
        "DJANGO_SETTINGS_MODULE": "backoffice.settings",
        "DJANGO_DEBUG": "true",
        "DJANGO_SECRET_KEY": secrets.token_urlsafe(50),
        "DJANGO_ALLOWED_HOSTS": "127.0.0.1,localhost",
        "DATABASE_URL": f"sqlite:///{quote(str(places.database))}",
        "REDIS_URL": "",
        "EMAIL_URL": "consolemail://",
        "PUBLIC_BASE_URL": places.web_url,
        "CODAT_BASE_URL": places.sandbox_url,
        "CODAT_API_KEY": "sandbox-key",
        "CODAT_WEBHOOK_SECRET": f"whsec_{signing_key}",
        "BEHIND_TLS_PROXY": "false",
        "SECURE_SSL_REDIRECT": "false",
        "SECURE_HSTS_SECONDS": "0",
        # The stand-in reads from its Xero within half a second.
        "WRITEBACK_REFRESH_SECONDS": "0.5",
        # Whoever tries the demo has no app set up for it, and is alone on this machine.
        "STAFF_SECOND_FACTOR": "false",
        "LOG_LEVEL": "INFO",
    }


@contextmanager
def only_demo(places: Places) -> Iterator[None]:
    """Keep a second one away from the same database.

    Raises:
        AnotherDemo: there is one.
    """
    places.directory.mkdir(parents=True, exist_ok=True)
    with (places.directory / f"{places.name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as exc:
            raise AnotherDemo from exc
        yield


def remove_database(places: Places) -> None:
    """Remove its database, and no other."""
    for suffix in ("", "-wal", "-shm"):
        places.database.with_name(f"{places.database.name}{suffix}").unlink(
            missing_ok=True
        )
