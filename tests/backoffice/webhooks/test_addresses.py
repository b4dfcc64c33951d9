"""Messages leave for the public internet, and for nowhere else."""

import socket

import pytest
from django.utils import timezone

from backoffice.webhooks import addresses, sending
from backoffice.webhooks.exceptions import AddressRefused
from tests.backoffice.webhooks.receiver import listening


def post(url, **options):
    return sending.post(url=url, body=b"{}", headers={}, now=timezone.now(), **options)


@pytest.fixture
def resolves_to(monkeypatch):
    """Let each name resolve to these addresses; return the ones connected to."""
    connected = []

    def resolve(*found):
        def getaddrinfo(host, port, *_args, **_kwargs):
            return [
                (
                    socket.AF_INET6 if ":" in one else socket.AF_INET,
                    socket.SOCK_STREAM,
                    6,
                    "",
                    (one, port),
                )
                for one in found
            ]

        def connect(_socket, address):
            connected.append(address[0])
            raise ConnectionRefusedError

        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
        monkeypatch.setattr(socket.socket, "connect", connect)
        return connected

    return resolve


PRIVATE = [
    "0.0.0.0",
    "10.0.0.1",
    "100.64.0.1",
    "127.0.0.1",
    "127.8.8.8",
    "169.254.169.254",
    "172.16.0.1",
    "192.0.0.8",
    "192.168.1.1",
    "192.88.99.1",
    "198.18.0.1",
    "224.0.0.1",
    "239.1.1.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "64:ff9b::7f00:1",
    "64:ff9b::808:808",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fec0::1",
    "ff02::1",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_a_name_that_resolves_to_such_an_address_is_not_connected_to(
    address, resolves_to
):
    connected = resolves_to(address)

    answer = post("https://hooks.example.com/")

    assert answer.error == "address_refused"
    assert connected == []


def test_one_private_address_among_public_ones_is_enough_to_refuse(resolves_to):
    connected = resolves_to("93.184.215.14", "10.0.0.1")

    assert post("https://hooks.example.com/").error == "address_refused"
    assert connected == []


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:4700::6810:84e5"])
def test_what_was_checked_is_what_is_connected_to(address, resolves_to):
    connected = resolves_to(address)

    answer = post("https://hooks.example.com/")

    assert answer.error == "no_connection"
    assert connected == [address]


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://169.254.169.254/latest/meta-data/",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://0177.0.0.1/",
        "https://localhost/",
    ],
)
def test_an_address_spelled_as_a_number_or_a_local_name_is_refused(url):
    assert post(url).error in {"address_refused", "no_connection"}
    with pytest.raises(AddressRefused):
        addresses.check_url("https://10.0.0.1/")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hooks.example.com",
        "http://hooks.example.com/",
        "ftp://hooks.example.com/",
        "https:///path",
        "https://user:password@hooks.example.com/",
        "https://user@hooks.example.com/",
        "https://hooks.example.com:8443/",
        "https://hooks.example.com:22/",
        "https://hooks.example.com:99999/",
        "https://hooks.example.com/#part",
        "https://hooks.example.com\\@evil.example/",
        "https://hooks.example.com/ path",
        "https://hooks.example.com/\r\nHost: evil",
        "https://bücher.example/",
        "https://10.1.2.3/",
        "https://[fe80::1]/",
        "https://hooks.example.com/" + "a" * 500,
    ],
)
def test_an_address_of_another_shape_is_refused_by_its_field(url):
    with pytest.raises(AddressRefused) as refused:
        addresses.check_url(url)

    assert refused.value.field == "url"
    assert post(url).error == "address_refused"


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.example.com",
        "https://hooks.example.com:443/a/b?c=d",
        "https://93.184.215.14/",
    ],
)
def test_a_public_https_address_is_taken(url):
    addresses.check_url(url)


def test_a_developer_may_send_to_his_own_machine(receiver):
    assert post(receiver.url).is_success


def test_what_was_allowed_when_it_was_chosen_is_checked_again_when_it_is_used(
    receiver, settings
):
    settings.WEBHOOK_ALLOW_PRIVATE = False

    assert post(receiver.url).error == "address_refused"
    assert receiver.requests == []


def test_a_redirect_is_not_followed(on_this_machine):
    with listening() as target, listening(statuses=[307]) as receiver:
        receiver.headers["Location"] = target.url

        answer = post(receiver.url)

        assert (answer.status_code, answer.is_success) == (307, False)
        assert target.requests == []


def test_no_proxy_of_the_environment_is_used(receiver, monkeypatch):
    with listening() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        monkeypatch.setenv("no_proxy", "")

        assert post(receiver.url).is_success
        assert proxy.requests == []


def test_a_huge_answer_is_not_read_to_its_end(receiver):
    receiver.body = b"x" * 50_000_000

    answer = post(receiver.url)

    assert answer.is_success
    assert "x" not in repr(answer).replace("next", "")


def test_an_answer_that_comes_too_late_is_no_answer(receiver):
    receiver.gate.clear()

    answer = post(receiver.url, timeout=0.2)

    assert (answer.status_code, answer.error) == (None, "timed_out")
    assert answer.elapsed_ms < 5_000


def test_an_answer_that_only_drips_is_cut_off():
    answer, seconds = drip(b"HTTP/1.1 200 OK\r\n" + b"X-Slow: very\r\n" * 100)

    assert answer.error == "timed_out"
    assert seconds < 4


def test_a_status_that_has_come_counts_though_the_rest_only_drips():
    start = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"

    answer, seconds = drip(b"x" * 100, start=start)

    assert answer.is_success
    assert seconds < 4


def drip(rest, start=b""):
    """Post to a server that sends a start at once and then a byte every 50 ms."""
    import threading
    import time

    from django.test import override_settings

    server = socket.create_server(("127.0.0.1", 0))

    def serve():
        peer, _ = server.accept()
        peer.recv(65_536)
        try:
            peer.sendall(start)
            for byte in rest:
                peer.sendall(bytes([byte]))
                time.sleep(0.05)
        except OSError:
            pass
        peer.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    began = time.monotonic()
    with override_settings(DEBUG=True, WEBHOOK_ALLOW_PRIVATE=True):
        port = server.getsockname()[1]
        answer = post(f"http://127.0.0.1:{port}/", timeout=0.5)
    seconds = time.monotonic() - began
    thread.join()
    server.close()
    return answer, seconds


@pytest.mark.parametrize(
    ("status", "header", "least", "most"),
    [
        (429, "120", 120, 120),
        (503, "30", 30, 30),
        (503, "Wed, 21 Oct 2099 07:28:00 GMT", 1e6, 1e10),
        (503, "Wed, 21 Oct 2015 07:28:00 GMT", 0, 0),
        (503, "soon", 0, 0),
        (500, "120", 0, 0),
    ],
)
def test_retry_after_is_read_where_it_means_something(
    receiver, status, header, least, most
):
    receiver.statuses = [status]
    receiver.headers["Retry-After"] = header

    assert least <= post(receiver.url).retry_after <= most
