"""The example for nginx, as it is, in front of the web: slow, large and many."""

import json
import os
import shutil
import socket
import time
from contextlib import contextmanager

import pytest
from django.conf import settings

from tests.marks import thorough
from tests.processes import chosen, overload
from tests.processes.crew import call, serves
from tests.processes.processes import Process, free_port, wait_until

pytestmark = [
    thorough,
    pytest.mark.skipif(not shutil.which("nginx"), reason="there is no nginx here"),
]
EXAMPLE = settings.BASE_DIR / "backoffice" / "web" / "nginx.conf"
SOON = 6.0
TOKEN = "A" * 43
AROUND = """\
{user} daemon off; pid {home}/pid; error_log {home}/start.log;
events {{ worker_connections 2048; }}
http {{
  client_body_temp_path {home}/body; proxy_temp_path {home}/proxy;
  fastcgi_temp_path {home}/f; uwsgi_temp_path {home}/u; scgi_temp_path {home}/s;
  include {home}/backoffice.conf;
}}
"""


@contextmanager
def proxy(directory, web):
    """Serve the example on the loopback, without TLS and with its logs here."""
    port, home = free_port(), directory
    lines = EXAMPLE.read_text().splitlines()
    shown = "\n".join(one for one in lines if "ssl_certificate" not in one)
    for theirs, ours in (
        ("listen 443 ssl", f"listen 127.0.0.1:{port}"),
        ("127.0.0.1:8000", web.removeprefix("http://")),
        ("/var/log/nginx", str(home)),
    ):
        assert theirs in shown
        shown = shown.replace(theirs, ours)
    (home / "backoffice.conf").write_text(shown)
    user = "user root;" if os.geteuid() == 0 else ""
    (home / "nginx.conf").write_text(AROUND.format(user=user, home=home))
    process = Process(
        *("nginx", "-p", str(home), "-c", str(home / "nginx.conf")),
        env={"PATH": os.environ["PATH"]},
        log=home / "nginx.log",
    )
    address = f"http://127.0.0.1:{port}"
    try:
        wait_until("nginx", lambda: serves(f"{address}/healthz"), seconds=30)
        yield address
    finally:
        process.kill()


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    home = tmp_path_factory.mktemp("nginx")
    with overload.site(chosen.store()) as (found, key), proxy(home, found.web) as web:
        yield web, key, home


def ask(web, key):
    headers = {"Authorization": f"Bearer {key}"}
    return call("GET", f"{web}/api/v1/loans/crowd-1", b"", headers)[0]


@pytest.mark.parametrize(
    ("sent", "clients"),
    [
        ("nothing", 500),
        ("half a head", 500),
        ("half a body", 90),
        ("half a chunk", 90),
        ("half of much", 90),
    ],
)
def test_slow_clients_never_reach_the_web(site, sent, clients):
    web, key, _ = site
    with overload.stalled(web, overload.STALLED[sent], clients):
        began = time.monotonic()

        assert ask(web, key) == 200
        assert time.monotonic() - began < SOON


@pytest.mark.parametrize("sent", overload.STALLED)
def test_a_slow_client_is_let_go(site, sent):
    host, port = site[0].removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=40) as slow:
        slow.sendall(overload.STALLED[sent])

        answer = slow.recv(100)

    assert not answer or answer.startswith(b"HTTP/1.1 408")


def test_one_address_may_not_hold_all_places(site):
    web, key, _ = site
    with overload.stalled(web, overload.STALLED["half a body"], 120):
        assert ask(web, key) == 503

    wait_until("its places are free", lambda: ask(web, key) == 200, seconds=30)


def test_too_much_is_refused_in_our_shape_and_far_too_much_unread(site):
    web, key, _ = site
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    url = f"{web}/api/v1/loans"

    status, answer = call("POST", url, b" " * 1_000_001, headers)

    assert (status, json.loads(answer)["code"]) == (413, "body_too_large")
    with socket.create_connection(web.removeprefix("http://").split(":")) as huge:
        huge.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n")
        assert huge.recv(100).startswith(b"HTTP/1.1 413")


def test_no_log_of_it_holds_a_customers_link(site):
    web, _, home = site
    call("GET", f"{web}/c/{TOKEN}/")
    call("GET", f"{web}/connect/", b"", {"Referer": f"{web}/c/{TOKEN}/"})
    access = home / "access.log"
    wait_until("it is logged", lambda: "/connect/" in access.read_text(), seconds=30)

    assert "GET /c/- " in access.read_text()
    assert [one for one in home.glob("*.log") if TOKEN in one.read_text()] == []
