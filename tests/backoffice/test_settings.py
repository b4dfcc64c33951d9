"""Production refuses to start on what is only good on a developer's machine."""

import os
import subprocess
import sys
from decimal import Decimal

import pytest
from django.conf import settings
from django.contrib.auth.hashers import identify_hasher, make_password
from django.core.exceptions import ImproperlyConfigured

from backoffice.setting_values import by_currency
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
        ("STAFF_SECOND_FACTOR", "false"),
        ("EVENT_CEILINGS", "GBP"),
    ],
)
def test_what_is_unsafe_in_production_is_refused_by_name(name, value):
    done = check(**{name: value})

    assert done.returncode != 0
    assert name in done.stderr


@pytest.mark.parametrize(
    ("given", "cap"),
    [(None, "25"), ("5", "5"), ("0", "0"), ("", "None"), (" ", "None")],
)
def test_the_limit_of_connections_is_off_where_it_is_left_empty(given, cap):
    changes = {} if given is None else {"XERO_CONNECTION_CAP": given}
    code = "from django.conf import settings; print(settings.XERO_CONNECTION_CAP)"

    done = subprocess.run(
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
    )

    assert done.stdout.strip() == cap


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


def test_a_password_is_stretched_as_owasp_asks():
    kept = make_password("a long enough phrase")

    assert identify_hasher(kept).algorithm == "pbkdf2_sha256"
    assert int(kept.split("$")[1]) >= 600_000
