"""Real sockets on the loopback: what was surely not sent, and what may have been."""

import gc
import socket
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.xero_sync.codat.builders import (
    API_KEY,
    IDEMPOTENCY_KEY,
    PUSH_PATH,
    http_answer,
    listening,
    make_client,
    push_json,
    read_request,
    reset,
)
from xero_sync.codat.exceptions import (
    CodatNoAnswer,
    CodatOutcomeUnknown,
    CodatUnavailable,
)


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    monkeypatch.setenv("no_proxy", "127.0.0.1,localhost")


def send(client, body=b'{"amount":800.00}'):
    return client.send_push(path=PUSH_PATH, body=body, idempotency_key=IDEMPOTENCY_KEY)


def answer_once(connection):
    read_request(connection)
    connection.sendall(http_answer(push_json()))


def test_a_refused_port_means_that_nothing_was_sent():
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    with make_client(base_url=f"http://127.0.0.1:{port}") as client:
        with pytest.raises(CodatUnavailable) as caught:
            send(client)

    assert caught.value.rate_limited is False
    assert caught.value.retry_after is None
    assert API_KEY not in str(caught.value)


def test_a_name_that_does_not_resolve_means_that_nothing_was_sent():
    with make_client(base_url="http://codat.invalid") as client:
        with pytest.raises(CodatUnavailable):
            send(client)


def test_a_full_backlog_means_that_nothing_was_sent():
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        waiting = [socket.socket() for _ in range(4)]
        for knocking in waiting:
            knocking.setblocking(False)
            knocking.connect_ex(full.getsockname())
        address = f"http://127.0.0.1:{full.getsockname()[1]}"
        with make_client(base_url=address, connect_timeout=0.3) as client:
            with pytest.raises(CodatUnavailable):
                send(client)
        for knocking in waiting:
            knocking.close()


# Python leaves its own socket open when a handshake is reset; it is collected here, so
# that the warning does not reach another test.
@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
@pytest.mark.parametrize("ending", [lambda c: c.recv(65536), reset])
def test_a_broken_tls_handshake_means_that_nothing_was_sent(ending):
    with listening(ending) as (url, _):
        address = url.replace("http:", "https:")
        with make_client(base_url=address) as client:
            with pytest.raises(CodatUnavailable):
                send(client)

    gc.collect()


def test_a_tls_handshake_that_hangs_means_that_nothing_was_sent():
    done = threading.Event()
    with listening(lambda _: done.wait(5)) as (url, _):
        address = url.replace("http:", "https:")
        with make_client(base_url=address, connect_timeout=0.3) as client:
            with pytest.raises(CodatUnavailable):
                send(client)
        done.set()


def test_an_answer_in_plain_text_to_a_tls_handshake_means_that_nothing_was_sent():
    def speak_plainly(connection):
        connection.sendall(http_answer({}))
        connection.recv(65536)

    with listening(speak_plainly) as (url, _):
        with make_client(base_url=url.replace("http:", "https:")) as client:
            with pytest.raises(CodatUnavailable):
                send(client)


def test_a_connection_closed_after_the_request_leaves_no_answer():
    with listening(read_request) as (url, accepted):
        with (
            make_client(base_url=url) as client,
            pytest.raises(CodatNoAnswer) as caught,
        ):
            send(client)

    assert caught.value.in_progress is False
    assert len(accepted) == 1


def test_a_connection_reset_after_the_request_leaves_no_answer():
    def read_and_reset(connection):
        read_request(connection)
        reset(connection)

    with listening(read_and_reset) as (url, _):
        with make_client(base_url=url) as client, pytest.raises(CodatNoAnswer):
            send(client)


def test_a_connection_reset_while_the_request_is_sent_leaves_no_answer():
    def take_a_little(connection):
        connection.recv(10)
        reset(connection)

    with listening(take_a_little) as (url, _):
        with make_client(base_url=url) as client, pytest.raises(CodatNoAnswer):
            send(client, body=b" " * 20_000_000)


def test_an_answer_that_takes_too_long_is_no_answer():
    done = threading.Event()

    def hang(connection):
        read_request(connection)
        done.wait(5)

    with listening(hang) as (url, _):
        with make_client(base_url=url, read_timeout=0.2) as client:
            with pytest.raises(CodatNoAnswer):
                send(client)
        done.set()


def test_an_answer_cut_off_in_its_middle_is_no_answer():
    def cut_off(connection):
        read_request(connection)
        connection.sendall(http_answer(push_json())[:-20])

    with listening(cut_off) as (url, _):
        with make_client(base_url=url) as client, pytest.raises(CodatNoAnswer):
            send(client)


def test_an_answer_that_hangs_in_its_middle_is_no_answer():
    done = threading.Event()

    def stall(connection):
        read_request(connection)
        connection.sendall(http_answer(push_json())[:-20])
        done.wait(5)

    with listening(stall) as (url, _):
        with make_client(base_url=url, read_timeout=0.2) as client:
            with pytest.raises(CodatNoAnswer):
                send(client)
        done.set()


def test_an_answer_that_is_not_http_is_no_answer():
    def babble(connection):
        read_request(connection)
        connection.sendall(b"what?\r\n\r\n")

    with listening(babble) as (url, _):
        with make_client(base_url=url) as client, pytest.raises(CodatNoAnswer):
            send(client)


def test_an_answer_that_cannot_be_unpacked_leaves_the_outcome_unknown():
    def send_broken_gzip(connection):
        read_request(connection)
        connection.sendall(http_answer(b"junk", headers="Content-Encoding: gzip\r\n"))

    with listening(send_broken_gzip) as (url, _):
        with make_client(base_url=url) as client, pytest.raises(CodatOutcomeUnknown):
            send(client)


def test_a_reset_on_a_kept_connection_is_not_hidden_by_sending_again():
    received = []

    def answer_then_reset(connection):
        read_request(connection)
        connection.sendall(http_answer(push_json()))
        received.append(read_request(connection))
        reset(connection)

    with listening(answer_then_reset, answer_once) as (url, accepted):
        with make_client(base_url=url) as client:
            send(client)
            with pytest.raises(CodatNoAnswer):
                send(client)

        assert len(received) == 1
        assert len(accepted) == 1


def test_a_kept_connection_is_used_again():
    def answer_twice(connection):
        answer_once(connection)
        answer_once(connection)

    with listening(answer_twice) as (url, accepted):
        with make_client(base_url=url) as client:
            send(client)
            send(client)

    assert len(accepted) == 1


def test_the_frozen_bytes_and_the_key_arrive_as_they_are():
    received = []

    def note(connection):
        received.append(read_request(connection))
        connection.sendall(http_answer(push_json()))

    body = '{"amount":800.00,"text":"Zoë  \\u00e9"}'.encode()
    with listening(note) as (url, _), make_client(base_url=url) as client:
        send(client, body=body)

    head, _, arrived = received[0].partition(b"\r\n\r\n")
    assert arrived == body
    assert head.startswith(f"POST {PUSH_PATH} HTTP/1.1".encode())
    assert f"Idempotency-Key: {IDEMPOTENCY_KEY}".encode() in head


def test_several_threads_share_one_client():
    def answer_and_leave(connection):
        read_request(connection)
        connection.sendall(http_answer(push_json(), headers="Connection: close\r\n"))

    scripts = [answer_and_leave] * 8
    with listening(*scripts) as (url, _), make_client(base_url=url) as client:
        with ThreadPoolExecutor(8) as threads:
            operations = list(threads.map(lambda _: send(client), range(8)))

    assert len(operations) == 8


def test_a_cookie_is_neither_kept_nor_sent_back():
    received = []

    def set_cookie(connection):
        for _ in range(2):
            received.append(read_request(connection))
            connection.sendall(
                http_answer(push_json(), headers="Set-Cookie: session=1\r\n")
            )

    with listening(set_cookie) as (url, _), make_client(base_url=url) as client:
        send(client)
        send(client)

    assert b"Cookie" not in received[1]


def test_the_proxy_of_the_environment_is_used(monkeypatch):
    received = []

    def forward(connection):
        received.append(read_request(connection))
        connection.sendall(http_answer(push_json()))

    with listening(forward) as (proxy, _):
        monkeypatch.setenv("HTTP_PROXY", proxy)
        monkeypatch.setenv("http_proxy", proxy)
        with make_client(base_url="http://codat.test") as client:
            send(client)

    assert received[0].startswith(f"POST http://codat.test{PUSH_PATH} ".encode())


def test_a_proxy_that_is_not_there_means_that_nothing_was_sent(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as gone:
        proxy = f"http://127.0.0.1:{gone.getsockname()[1]}"
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, proxy)

    for address in ("http://codat.test", "https://codat.test"):
        with make_client(base_url=address) as client:
            with pytest.raises(CodatUnavailable):
                send(client)


def test_a_proxy_that_opens_no_tunnel_means_that_nothing_was_sent(monkeypatch):
    def refuse(connection):
        read_request(connection)
        connection.sendall(http_answer(b"", status="407 Proxy Authentication Required"))

    with listening(refuse) as (proxy, _):
        monkeypatch.setenv("HTTPS_PROXY", proxy)
        monkeypatch.setenv("https_proxy", proxy)
        with make_client(base_url="https://codat.test") as client:
            with pytest.raises(CodatUnavailable):
                send(client)
