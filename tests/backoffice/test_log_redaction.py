"""No log holds what opens a customer's pages, whatever goes wrong."""

import http.client
import json
import logging
import os
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from urllib.parse import quote

import pytest
from django.conf import settings

from backoffice.log_redaction import Redacts, redacted
from tests.backoffice.test_settings import PRODUCTION
from tests.marks import on_any_database
from tests.processes.processes import Process, free_port, wait_until

TOKEN = "aB3-dE6_gH9jK2mN5pQ8sT1vW4yZ7-bC0_eF3hI6kL9"
PLAIN = "Not Found: /c/…/"
HOST = "backoffice.example.com"
# Makes the tables, a link that opens and one that is too old; prints both tokens.
PREPARE = """
import json, django
django.setup()
from datetime import timedelta
from django.core.management import call_command
from django.utils import timezone
call_command("migrate", verbosity=0)
from tests.builders import make_company
from xero_sync.borrowers import links
company, now = make_company(), timezone.now()
made = [
    links.make(company=company, made_by="test", now=now - timedelta(days=age))
    for age in (0, 31)
]
print(json.dumps([address.split("/")[-2] for address in made]))
"""


@pytest.mark.parametrize(
    "said",
    [
        f"Not Found: /c/{TOKEN}/",
        f"Not Found: /c/{TOKEN[:-1]}/",
        f"Not Found: /c/{TOKEN[:9]}",
        f'"GET /c/{TOKEN}/renew/?lang=fr HTTP/1.1" 405 0',
        f"https://backoffice.example.com/c/{TOKEN}/",
        f"/admin/?next=%2Fc%2F{TOKEN}%2F",
        f"{{'path': 'c/{TOKEN}/x'}}",
        f"Reverse for 'customer' with arguments '('{TOKEN}',)' not found.",
        f"/c/return/?visit={TOKEN}.{TOKEN}&code=200",
    ],
)
def test_what_opens_a_customers_pages_is_taken_out(said):
    shown = redacted(said)

    assert TOKEN[:9] not in shown
    assert "…" in shown


@pytest.mark.parametrize(
    "said",
    [
        "Not Found: /c/my/accounts/fee/",
        "Gone: /c/return/",
        "Method Not Allowed (GET): /admin/login/",
        "Entry 9f3b2c0e-6b0a-4c4e-9a53-1f3f1f6f2b11 of loan-1 goes out.",
    ],
)
def test_other_lines_stay_as_they_are(said):
    assert redacted(said) == said


def line(message, *arguments, error=None):
    record = logging.LogRecord(
        "x",
        logging.ERROR,
        "",
        0,
        message,
        arguments,
        error and (type(error), error, None),
    )
    Redacts().filter(record)
    return logging.Formatter().format(record)


def test_arguments_and_tracebacks_are_looked_through():
    assert line("%s: %s", "Not Found", f"/c/{TOKEN}/") == PLAIN
    assert TOKEN not in line("Wrong.", error=ValueError(f"/c/{TOKEN}/"))
    assert "ValueError" in line("Wrong.", error=ValueError(f"/c/{TOKEN}/"))
    # A line whose arguments do not fit is not lost, and shows nothing either.
    assert TOKEN not in line("%d", f"/c/{TOKEN}/")
    assert line("100 % of %s", "them") == "100 % of %s ('them',)"
    assert line("100 %% of %s", "them") == "100 % of them"


def test_every_handler_of_ours_redacts_and_django_has_none_of_its_own():
    handlers = settings.LOGGING["handlers"].values()

    assert all("redacts" in one["filters"] for one in handlers)
    for name in ("django", "django.server", "django.request", "django.security"):
        logger = logging.getLogger(name)
        assert logger.handlers == []
        assert logger.propagate


class Site:
    """The product behind gunicorn, as the README starts it."""

    def __init__(self, env, log, port):
        self.port = port
        self.process = Process(
            *(sys.executable, "-m", "gunicorn", "-c", "python:backoffice.gunicorn"),
            *("--bind", f"127.0.0.1:{port}", "backoffice.wsgi"),
            env=env,
            log=log,
        )
        wait_until("it serves", self.is_up, seconds=30)

    def is_up(self):
        try:
            return self.ask("GET", "/healthz")[0] == 200
        except OSError:
            return False

    def ask(self, method, path, body=None, **headers):
        sent = {"Host": HOST, "X-Forwarded-Proto": "https"} | headers
        with closing(http.client.HTTPConnection("127.0.0.1", self.port)) as wire:
            wire.request(method, path, body, sent)
            answer = wire.getresponse()
            return answer.status, answer.headers, answer.read().decode()

    def raw(self, line):
        with closing(http.client.HTTPConnection("127.0.0.1", self.port)) as wire:
            wire.connect()
            wire.sock.sendall(line.encode())
            return wire.sock.recv(100)

    def press(self, path):
        """Press the button of a link's page."""
        _, headers, shown = self.ask("GET", path)
        token = re.search(r'csrfmiddlewaretoken" value="(\w+)"', shown)[1]
        cookie = headers["Set-Cookie"].split(";")[0]
        return self.ask(
            "POST",
            path,
            f"csrfmiddlewaretoken={token}",
            **{
                "Cookie": cookie,
                "Origin": f"https://{HOST}",
                "Content-Type": "application/x-www-form-urlencoded",
            },
        )


@pytest.fixture
def env(tmp_path):
    return (
        {key: os.environ[key] for key in ("PATH", "HOME") if key in os.environ}
        | PRODUCTION
        | {
            "DJANGO_SETTINGS_MODULE": "backoffice.settings",
            "DATABASE_URL": f"sqlite:///{tmp_path / 'site.sqlite3'}",
            "BEHIND_TLS_PROXY": "true",
            "LOG_LEVEL": "DEBUG",
        }
    )


@on_any_database
def test_no_token_is_in_any_log_of_a_server(tmp_path, env):
    static = [sys.executable, "manage.py", "collectstatic", "--noinput", "-v0"]
    subprocess.run(static, cwd=settings.BASE_DIR, env=env, check=True)
    made = subprocess.run(
        [sys.executable, "-c", PREPARE],
        cwd=settings.BASE_DIR,
        env=env,
        capture_output=True,
        text=True,
        check=True,
    )
    token, old = json.loads(made.stdout.splitlines()[-1])
    site = Site(env, tmp_path / "log", free_port())
    try:
        opened = site.press(f"/c/{token}/")
        (cookie,) = opened[1].get_all("Set-Cookie")
        secret = re.match(r"__Host-customer=([\w-]+);", cookie)[1]
        seen = {
            opened[0],
            site.ask("GET", f"/c/{token}/", Referer=f"https://{HOST}/c/{token}/")[0],
            site.ask("HEAD", f"/c/{token}/")[0],
            site.ask("GET", f"/c/{token}")[0],
            site.ask("GET", f"/c/{token[:-2]}/")[0],
            site.ask("GET", f"/c/{token}/nowhere/")[0],
            site.ask("GET", f"/c%2F{token}%2F")[0],
            site.ask("GET", f"/admin/?next={quote(f'/c/{token}/', safe='')}")[0],
            site.ask("OPTIONS", f"/c/{token}/")[0],
            site.ask("POST", f"/c/{token}/")[0],
            site.ask("GET", f"/c/{old}/")[0],
            site.ask("GET", f"/c/{token}/", Host="other.example")[0],
            site.ask("GET", "/c/my/", Cookie=f"__Host-customer={secret}")[0],
        }
        site.raw(f"GET /c/{token}/ HTTP/x\r\n\r\n")
        site.raw(f"GET /c/{token}/ HTTP/1.1\r\nno header\r\n\r\n")
        with closing(sqlite3.connect(tmp_path / "site.sqlite3")) as database:
            database.execute("ALTER TABLE xero_sync_borrowerlink RENAME TO gone")
        seen.add(site.ask("GET", f"/c/{token}/")[0])
    finally:
        site.process.kill()

    said = site.process.words()
    assert {200, 301, 302, 303, 400, 403, 404, 405, 410, 500} <= seen
    assert "Traceback" in said
    assert "/c/…/" in said
    for hidden in (token, token[:-2], old, secret):
        assert hidden not in said
    assert "csrfmiddlewaretoken" not in said
