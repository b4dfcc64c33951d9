"""Production refuses to start on what is only good on a developer's machine."""

import os
import shutil
import subprocess
import sys
from decimal import Decimal

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from backoffice.setting_values import by_currency
from backoffice.store_addresses import readable_on_the_way
from tests.marks import on_any_database

pytestmark = on_any_database
DEVELOPMENT_KEY = settings.DEVELOPMENT_ONLY["FIELD_ENCRYPTION_KEYS"]
GOOD_KEY = "cHJvZHVjdGlvbi1lbmNyeXB0aW9uLWtleS0wMDAwMDA="
PRODUCTION = {
    "DJANGO_DEBUG": "false",
    "DJANGO_SECRET_KEY": "k3V_" * 16 + "another-long-and-random-looking-key",
    "DJANGO_ALLOWED_HOSTS": "backoffice.example.com",
    "PUBLIC_BASE_URL": "https://backoffice.example.com",
    "CODAT_BASE_URL": "https://api.codat.io",
    "CODAT_API_KEY": "a-key",
    "CODAT_WEBHOOK_SECRET": "whsec_Y2hlY2stb25seS1jaGVjay1vbmx5",
    "FIELD_ENCRYPTION_KEYS": GOOD_KEY,
    "DATABASE_URL": "sqlite:///:memory:",
}


def check(**changes):
    return subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=settings.BASE_DIR,
        env={"PATH": os.environ["PATH"]} | PRODUCTION | changes,
        capture_output=True,
        text=True,
        check=False,
    )


def setting(name, **changes):
    """Return a setting of production as Python shows it."""
    code = f"from django.conf import settings; print(settings.{name})"
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=settings.BASE_DIR,
        env={
            "PATH": os.environ["PATH"],
            "DJANGO_SETTINGS_MODULE": "backoffice.settings",
        }
        | PRODUCTION
        | changes,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()


def test_a_complete_production_environment_is_accepted():
    done = check()

    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DJANGO_SECRET_KEY", ""),
        ("DJANGO_ALLOWED_HOSTS", ""),
        ("PUBLIC_BASE_URL", "http://localhost:8000/"),
        ("PUBLIC_BASE_URL", "http://backoffice.example.com"),
        ("CODAT_BASE_URL", "http://127.0.0.1:8765/"),
        ("CODAT_BASE_URL", "http://api.codat.io"),
        ("CODAT_API_KEY", ""),
        ("CODAT_API_KEY", "sandbox-key"),
        ("CODAT_WEBHOOK_SECRET", ""),
        ("FIELD_ENCRYPTION_KEYS", ""),
        ("FIELD_ENCRYPTION_KEYS", DEVELOPMENT_KEY),
        ("FIELD_ENCRYPTION_KEYS", f"{GOOD_KEY},{DEVELOPMENT_KEY}"),
        ("FIELD_ENCRYPTION_KEYS", "no-key"),
        ("WEBHOOK_ALLOW_PRIVATE", "true"),
        ("WRITEBACK_KEY_SECONDS", "5400"),
        ("WRITEBACK_SETTLE_SECONDS", "5399"),
        ("XERO_CONNECTION_CAP", "-1"),
        ("XERO_CONNECTION_CAP", "none"),
        ("TRUSTED_PROXIES", "10.0.0.1"),
        ("DATABASE_URL", "postgres://me@db.example.com/finance"),
        ("REDIS_URL", "redis://cache.example.com:6379/0"),
        ("STAFF_SECOND_FACTOR", "false"),
        ("EVENT_CEILINGS", "GBP"),
    ],
)
def test_what_is_unsafe_in_production_is_refused_by_name(name, value):
    done = check(**{name: value})

    assert done.returncode != 0
    assert name in done.stderr


@pytest.fixture(scope="module")
def bare_clone(tmp_path_factory):
    """The product without an .env."""
    clone = tmp_path_factory.mktemp("clone")
    shutil.copy(settings.BASE_DIR / "manage.py", clone)
    for name in ("backoffice", "lending", "xero_sync", "templates"):
        shutil.copytree(settings.BASE_DIR / name, clone / name)
    return clone


def manage(clone, *arguments):
    """Run a command for which nothing is set."""
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=clone,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("command", ["migrate", "runserver", "sync_status"])
def test_who_sets_nothing_is_told_what_to_do(bare_clone, command):
    done = manage(bare_clone, command)

    assert done.returncode == 1
    assert done.stderr.startswith("DJANGO_SECRET_KEY is empty or still has")
    assert "DJANGO_DEBUG=true" in done.stderr
    assert "manage.py demo" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("arguments", [(), ("help",), ("sync_status", "--help")])
def test_help_needs_no_settings(bare_clone, arguments):
    done = manage(bare_clone, *arguments)

    assert "sync_status" in done.stdout
    assert "not properly configured" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("given", "cap"),
    [(None, "25"), ("5", "5"), ("0", "0"), ("", "None"), (" ", "None")],
)
def test_the_limit_of_connections_is_off_where_it_is_left_empty(given, cap):
    changes = {} if given is None else {"XERO_CONNECTION_CAP": given}

    assert setting("XERO_CONNECTION_CAP", **changes) == cap


def test_what_the_address_of_the_database_asks_for_is_kept():
    address = "postgres://me@db.example.com/finance?sslmode=verify-full"

    options = setting("DATABASES", DATABASE_URL=address)

    assert "'sslmode': 'verify-full'" in options


@pytest.mark.parametrize("name", ["SESSION_COOKIE_NAME", "CSRF_COOKIE_NAME"])
@pytest.mark.parametrize(
    ("debug", "address", "is_bound"),
    [
        ("false", "https://backoffice.example.com", True),
        ("true", "https://backoffice.example.com", True),
        ("true", "http://localhost:8000", False),
    ],
)
def test_cookies_are_bound_to_a_host_that_is_reached_by_https(
    name, debug, address, is_bound
):
    found = setting(name, DJANGO_DEBUG=debug, PUBLIC_BASE_URL=address)

    assert found.startswith("__Host-") == is_bound


@pytest.mark.parametrize("name", ["SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE"])
def test_cookies_travel_by_https_alone(name):
    assert setting(name) == "True"


def test_browsers_remember_https_for_a_year():
    assert setting("SECURE_HSTS_SECONDS") == str(365 * 24 * 3600)


POSTGRES = {"ENGINE": "django.db.backends.postgresql"}


@pytest.mark.parametrize(
    ("database", "redis"),
    [
        ({"ENGINE": "django.db.backends.sqlite3", "NAME": "x"}, ""),
        ({**POSTGRES, "HOST": ""}, "redis://127.0.0.1:6379/0"),
        ({**POSTGRES, "HOST": "127.0.0.2"}, "redis://localhost:6379/0"),
        ({**POSTGRES, "HOST": "::1"}, "redis://[::1]:6379/0"),
        ({**POSTGRES, "HOST": "/run/postgresql"}, "unix:///run/redis.sock"),
        (
            {**POSTGRES, "HOST": "db.example", "OPTIONS": {"sslmode": "verify-ca"}},
            "rediss://cache.example:6379/0",
        ),
    ],
)
def test_what_nobody_can_read_on_its_way_is_accepted(database, redis):
    assert list(readable_on_the_way(database, redis)) == []


@pytest.mark.parametrize(
    ("changes", "redis", "named"),
    [
        ({"HOST": "db.example"}, "", "DATABASE_URL"),
        ({"HOST": "10.0.0.7", "OPTIONS": {"sslmode": "prefer"}}, "", "DATABASE_URL"),
        ({"HOST": "localhost,db.example"}, "", "DATABASE_URL"),
        ({"HOST": "", "OPTIONS": {"host": "db.example"}}, "", "DATABASE_URL"),
        ({"HOST": ""}, "redis://:secret@10.0.0.7:6379/0", "REDIS_URL"),
        ({"HOST": ""}, "redis://localhost.example:6379/0", "REDIS_URL"),
    ],
)
def test_what_could_be_read_on_its_way_is_named_without_its_password(
    changes, redis, named
):
    (fault,) = readable_on_the_way({**POSTGRES, **changes}, redis)

    assert fault.startswith(named)
    assert "TLS" in fault
    assert "secret" not in fault


@pytest.mark.parametrize(
    "given",
    [
        {"GBP": "much"},
        {"GBP": "0"},
        {"GBP": "-1"},
        {"GBP": "NaN"},
        {"GBP": "Infinity"},
        {"gbp": "1"},
        {"": "1"},
    ],
)
def test_what_is_no_amount_by_currency_is_refused_with_an_example(given):
    with pytest.raises(ImproperlyConfigured, match="GBP=250000,EUR=300000"):
        by_currency("EVENT_CEILINGS", given)


def test_amounts_by_currency_are_read():
    given = {"GBP": "250000", "EUR": "0.50"}

    assert by_currency("EVENT_CEILINGS", given) == {
        "GBP": Decimal(250_000),
        "EUR": Decimal("0.50"),
    }
