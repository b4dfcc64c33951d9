"""Where a run keeps its things: SQLite alone, or PostgreSQL with Redis.

PostgreSQL and Redis are instances of the run's own, on free ports, because they are
restarted and emptied; the shared ones are not touched.
"""

import os
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Protocol

import psycopg
import redis

from tests.processes.processes import Process, free_port, kill, wait_until

START_SECONDS = 60


class Store(Protocol):
    """What a run needs of its stores."""

    disruptions: tuple[str, ...]
    # Whom the product runs as, where that is not who migrates.
    runtime_role: str

    def environment(self) -> dict[str, str]:
        """Where they are, for the settings."""

    def owner_environment(self) -> dict[str, str]:
        """The same for who migrates."""

    def disrupt(self, kind: str) -> None:
        """Do one of its disruptions."""

    def back_up(self) -> None:
        """Take a backup as the README says, while everything runs."""

    def restore(self) -> None:
        """Put the backup in the place of the database, while nothing runs."""

    def stop(self) -> None:
        """End what was started and remove all of it."""


class Sqlite:
    """A file, and the database's own queue."""

    disruptions: tuple[str, ...] = ()
    runtime_role = ""

    def __init__(self, directory: Path) -> None:
        self.path = directory / "run.sqlite3"
        self._backup = directory / "backup.sqlite3"

    def environment(self) -> dict[str, str]:
        """Only a file."""
        return {"DATABASE_URL": f"sqlite:///{self.path}", "REDIS_URL": ""}

    owner_environment = environment

    def disrupt(self, kind: str) -> None:
        """Nothing to disrupt: it has no process of its own."""
        raise ValueError(kind)

    def back_up(self) -> None:
        """Copy the file through SQLite, which knows what is written at the moment.

        It does what `.backup` of its shell does. VACUUM INTO would not: it checks the
        constraints anew, by functions that only Django brings along.
        """
        with (
            closing(sqlite3.connect(self.path, timeout=30)) as database,
            closing(sqlite3.connect(self._backup)) as copy,
        ):
            database.backup(copy)

    def restore(self) -> None:
        """Put the copy in its place, without what was left beside the file."""
        for end in ("", "-wal", "-shm"):
            Path(f"{self.path}{end}").unlink(missing_ok=True)
        shutil.copyfile(self._backup, self.path)

    def stop(self) -> None:
        """Nothing runs; the file goes with its directory."""


class Servers:
    """A PostgreSQL and a Redis of the run's own."""

    disruptions = ("database restart", "database sessions", "redis flush", "redis kill")
    runtime_role = "backoffice_app"

    def __init__(self, directory: Path) -> None:
        self._logs = directory
        self._home = Path(tempfile.mkdtemp(prefix="processes-"))
        self._pg_port, self._redis_port = free_port(), free_port()
        self._env = {"PATH": os.environ["PATH"], "LC_ALL": "C"}
        self._init()
        self._postgres = self._start_postgres()
        with self._connect() as connection:
            connection.execute(f'CREATE ROLE "{self.runtime_role}" LOGIN')
        self._redis = self._start_redis()

    def environment(self) -> dict[str, str]:
        """Their addresses, with the role that can take no guard off."""
        return self._addresses(self.runtime_role)

    def owner_environment(self) -> dict[str, str]:
        """Their addresses, with the role that owns the tables."""
        return self._addresses("postgres")

    def _addresses(self, role: str) -> dict[str, str]:
        return {
            "DATABASE_URL": f"postgres://{role}@127.0.0.1:{self._pg_port}/postgres",
            "REDIS_URL": f"redis://127.0.0.1:{self._redis_port}/0",
        }

    def disrupt(self, kind: str) -> None:
        """Restart, cut off or empty one of the servers."""
        match kind:
            case "database restart":
                self._restart_postgres()
            case "database sessions":
                self._end_sessions()
            case "redis flush":
                with redis.Redis(port=self._redis_port) as client:
                    client.flushall()
            case "redis kill":
                self._redis.kill()
                self._redis = self._start_redis()

    def back_up(self) -> None:
        """Dump the database."""
        self._run("pg_dump", "--format=custom", f"--file={self._backup}", "postgres")

    def restore(self) -> None:
        """Make the database anew from the dump; what the broker held is lost."""
        for words in (
            "DROP DATABASE postgres WITH (FORCE)",
            "CREATE DATABASE postgres",
        ):
            with self._connect(database="template1") as connection:
                connection.execute(words)
        self._run("pg_restore", "--dbname=postgres", str(self._backup))
        self.disrupt("redis flush")

    @property
    def _backup(self) -> Path:
        return self._logs / "backup.dump"

    def _run(self, program: str, *arguments: str) -> None:
        server = ("--host=127.0.0.1", f"--port={self._pg_port}", "--username=postgres")
        command = [_program(program) or program, *server, *arguments]
        subprocess.run(command, check=True, capture_output=True, env=self._env)

    def stop(self) -> None:
        """Kill both; nobody needs their data any more."""
        self._redis.kill()
        if (pid := self._postmaster()) is not None:
            # Its children lead sessions of their own and end with it.
            kill(pid, signal.SIGQUIT)
            _wait_for_end(self._postgres)
        self._postgres.kill()
        shutil.rmtree(self._home, ignore_errors=True)

    # --- PostgreSQL ---------------------------------------------------------------

    def _init(self) -> None:
        self._home.chmod(0o755)
        data = self._home / "data"
        data.mkdir()
        if os.geteuid() == 0:
            shutil.chown(data, "postgres")
        command = ["initdb", "-D", str(data), "-U", "postgres", "-A", "trust", "-N"]
        init = Process(*_as_postgres(*command), env=self._env, log=self._log("initdb"))
        _wait_for_end(init)
        if not (data / "PG_VERSION").exists():
            raise RuntimeError(f"initdb failed: {init.words()}")

    def _start_postgres(self) -> Process:
        # fsync guards against a power cut, which nobody can stage here.
        options = f"-p {self._pg_port} -h 127.0.0.1 -c fsync=off -c max_connections=200"
        command = ["postgres", "-D", str(self._home / "data"), *options.split()]
        command += ["-c", f"unix_socket_directories={self._home / 'data'}"]
        server = Process(
            *_as_postgres(*command), env=self._env, log=self._log("postgres")
        )
        wait_until("PostgreSQL answers", self._answers, seconds=START_SECONDS)
        return server

    def _answers(self) -> bool:
        try:
            self._connect().close()
        except psycopg.Error:
            return False
        return True

    def _connect(self, database: str = "postgres") -> psycopg.Connection:
        return psycopg.connect(
            host="127.0.0.1",
            port=self._pg_port,
            user="postgres",
            dbname=database,
            autocommit=True,
            connect_timeout=5,
        )

    def _restart_postgres(self) -> None:
        """Stop it at once, as `pg_ctl -m immediate` does, and start it again."""
        pid = self._postmaster()
        if pid is not None:
            kill(pid, signal.SIGQUIT)
        _wait_for_end(self._postgres)
        self._postgres = self._start_postgres()

    def _postmaster(self) -> int | None:
        try:
            lines = (self._home / "data" / "postmaster.pid").read_text().splitlines()
        except OSError:
            return None
        return int(lines[0]) if lines else None

    def _end_sessions(self) -> None:
        with self._connect() as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
            )

    # --- Redis --------------------------------------------------------------------

    def _start_redis(self) -> Process:
        command = ["redis-server", "--bind", "127.0.0.1", "--save", ""]
        command += ["--port", f"{self._redis_port}", "--dir", str(self._home)]
        server = Process(*command, env=self._env, log=self._log("redis"))
        wait_until("Redis answers", self._pongs, seconds=START_SECONDS)
        return server

    def _pongs(self) -> bool:
        try:
            with redis.Redis(port=self._redis_port, socket_timeout=5) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    def _log(self, name: str) -> Path:
        return self._logs / f"{name}-{time.monotonic_ns()}.log"


def missing_programs() -> list[str]:
    """The programs that `Servers` would need and this machine does not have."""
    needed = ["redis-server"]
    found = [name for name in needed if not shutil.which(name)]
    servers = ("initdb", "postgres", "pg_dump", "pg_restore")
    return found + [name for name in servers if not _program(name)]


def _as_postgres(program: str, *arguments: str) -> list[str]:
    """PostgreSQL refuses to run as root."""
    command = [_program(program) or program, *arguments]
    if os.geteuid() == 0:
        user = ["--reuid=postgres", "--regid=postgres", "--clear-groups"]
        return ["setpriv", *user, *command]
    return command


def _program(name: str) -> str | None:
    installed = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return str(installed[-1]) if installed else shutil.which(name)


def _wait_for_end(process: Process) -> None:
    wait_until(
        "it ends", lambda: not process.is_alive, seconds=START_SECONDS, look=0.02
    )
    process.kill()
