"""Where a bench runs: scratch databases, a stub of Codat, children."""

import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from base64 import urlsafe_b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg

from tests.processes.processes import ROOT, Process, free_port, wait_until

STORES = ("sqlite", "postgres")
SCRATCH = ROOT / ".data" / "bench"
WIDE_OPEN = "100000000"
SETTINGS = "backoffice.settings"
# As in production: a debugging Django keeps a copy of every statement.
PRODUCTION = {
    "DJANGO_DEBUG": "false",
    "DJANGO_SECRET_KEY": secrets.token_urlsafe(64),
    "DJANGO_ALLOWED_HOSTS": "bench.example",
    "PUBLIC_BASE_URL": "https://bench.example",
    "CODAT_API_KEY": "bench-key",
    "CODAT_WEBHOOK_SECRET": "whsec_YmVuY2g=",
    "FIELD_ENCRYPTION_KEYS": urlsafe_b64encode(secrets.token_bytes(32)).decode(),
    "REDIS_URL": "",
    "LOG_LEVEL": "ERROR",
}


class Store:
    """Databases of one kind, each a copy of one that was migrated once."""

    def __init__(self, kind: str, directory: Path) -> None:
        self.kind = kind
        self.directory = directory
        self._made: list[str] = []
        self._template = ""

    def new(self) -> str:
        """Make a fresh database; return its address."""
        if not self._template:
            self._template = self._name()
            url = self._create(self._template)
            child("tests.bench.rows:migrate", environment(url))
        return self._create(self._name(), self._template)

    def size(self, url: str) -> str:
        """Tell how large a database is."""
        name = url.rpartition("/")[2]
        if self.kind == "sqlite":
            files = self.directory.glob(f"{name}*")
            octets = sum(file.stat().st_size for file in files)
        else:
            with _admin() as server:
                found = server.execute("SELECT pg_database_size(%s)", [name])
                octets = found.fetchone()[0]
        return f"{octets / 1e6:,.0f} MB"

    def drop(self, url: str | None = None) -> None:
        """Remove one database, or all that were made."""
        names = [url.rpartition("/")[2]] if url else list(self._made)
        for name in names:
            self._made.remove(name)
            if self.kind == "sqlite":
                for file in self.directory.glob(f"{name}*"):
                    file.unlink()
            else:
                with _admin() as server:
                    server.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def _name(self) -> str:
        end = ".sqlite3" if self.kind == "sqlite" else ""
        return f"bench_{os.getpid()}_{secrets.token_hex(3)}{end}"

    def _create(self, name: str, template: str = "") -> str:
        self._made.append(name)
        if self.kind == "sqlite":
            file = self.directory / name
            if template:
                shutil.copyfile(self.directory / template, file)
            return f"sqlite:///{file}"
        with _admin() as server:
            copy = f"TEMPLATE {template}" if template else ""
            server.execute(f"CREATE DATABASE {name} {copy}")
        return f"{server_url()}/{name}"


@contextmanager
def stores(*kinds: str) -> Iterator[list[Store]]:
    """Give stores of these kinds; nothing of them is left behind."""
    SCRATCH.mkdir(parents=True, exist_ok=True)
    directory = Path(tempfile.mkdtemp(dir=SCRATCH))
    found = [Store(kind, directory) for kind in kinds]
    try:
        yield found
    finally:
        for store in found:
            store.drop()
        shutil.rmtree(directory, ignore_errors=True)
        if not any(SCRATCH.iterdir()):
            SCRATCH.rmdir()


def server_url() -> str:
    """Return the PostgreSQL server's address, without a database."""
    given = os.environ.get("TEST_DATABASE_URL", "")
    if not given.startswith("postgres"):
        given = "postgres://postgres@127.0.0.1:5432/postgres"
    return given.rpartition("/")[0]


def _admin() -> psycopg.Connection:
    return psycopg.connect(f"{server_url()}/postgres", autocommit=True)


def environment(database: str, codat: str = "http://127.0.0.1:1", **more: str) -> dict:
    """Return a child's environment; nothing of a developer's own .env reaches it."""
    return {
        **os.environ,
        **PRODUCTION,
        "DJANGO_SETTINGS_MODULE": SETTINGS,
        "DATABASE_URL": database,
        "CODAT_BASE_URL": codat,
        "WRITEBACK_REQUESTS_PER_MINUTE": WIDE_OPEN,
        "WRITEBACK_ORGANISATION_PER_MINUTE": WIDE_OPEN,
        # No look at what was chosen: twelve calls a company, however much it sends.
        "WRITEBACK_LOOK_SECONDS": "0",
        # The verdicts are not measured here: in production they come by webhook.
        "WRITEBACK_POLL_SECONDS": "36000",
        **more,
    }


def child(function: str, env: Mapping[str, str], **arguments: Any) -> Any:
    """Call a function in a process of its own; return what it returns."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.child", function, json.dumps(arguments)],
        cwd=ROOT,
        env=dict(env),
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


@contextmanager
def service(
    *command: str, log: Path, env: Mapping[str, str] | None = None
) -> Iterator[Process]:
    """Run a Python module beside the bench, ended with it."""
    process = Process(sys.executable, *command, env=env or os.environ, log=log)
    try:
        yield process
    finally:
        process.kill()


@contextmanager
def stub(directory: Path, milliseconds: float) -> Iterator[str]:
    """Run a Codat that takes everything in after a delay; give its address."""
    port = free_port()
    command = ("-m", "tests.bench.stub", str(port), str(milliseconds))
    with service(*command, log=directory / "stub.log"):
        url = f"http://127.0.0.1:{port}"
        wait_until("the stub answers", lambda: _answers(url), seconds=20)
        yield url


def _answers(url: str) -> bool:
    try:
        counts(url)
    except OSError:
        return False
    return True


def counts(url: str) -> dict[str, int]:
    """Ask the stub what it has taken in so far."""
    connection = HTTPConnection(urlsplit(url).netloc, timeout=10)
    try:
        connection.request("GET", "/counts")
        return json.loads(connection.getresponse().read())
    finally:
        connection.close()


def end_properly() -> None:
    """Told to end, still end the children and take the databases away."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
