import http.client
import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest

from tests.xero_sync.sandbox.builders import authorization, new_key, transfer
from xero_sync.sandbox import Sandbox
from xero_sync.sandbox.demo import seed_demo
from xero_sync.sandbox.sandbox import post
from xero_sync.sandbox.server import SandboxServer
from xero_sync.sandbox.wire import encode


@pytest.fixture
def server():
    with SandboxServer(Sandbox()) as running:
        yield running


def connect(server):
    parts = urlsplit(server.url)
    return http.client.HTTPConnection(parts.hostname, parts.port, timeout=5)


def test_one_connection_carries_many_calls(server):
    company = server.sandbox.add_company("Harbour Bakery Ltd")
    client = connect(server)

    statuses = []
    for _ in range(3):
        client.request(
            "GET",
            f"/companies/{company.id}",
            headers={"Authorization": authorization()},
        )
        reply = client.getresponse()
        assert json.loads(reply.read())["name"] == "Harbour Bakery Ltd"
        statuses.append(reply.status)
    client.close()

    assert statuses == [200, 200, 200]


def test_an_empty_answer_does_not_hold_up_the_next(server):
    company = server.sandbox.add_company("Harbour Bakery Ltd")
    client = connect(server)
    headers = {"Authorization": authorization()}

    client.request("DELETE", f"/companies/{company.id}", headers=headers)
    gone = client.getresponse()
    gone.read()
    client.request("GET", f"/companies/{company.id}", headers=headers)
    after = client.getresponse()
    after.read()
    client.close()

    assert (gone.status, after.status) == (204, 404)


def test_a_lost_reply_closes_the_connection(server):
    server.sandbox.faults.add("lose_reply_before")
    client = connect(server)

    client.request("GET", "/companies", headers={"Authorization": authorization()})

    with pytest.raises(http.client.RemoteDisconnected):
        client.getresponse()
    client.close()


def test_a_call_whose_sender_died_while_writing_it_was_never_made(server):
    sandbox = server.sandbox
    company = sandbox.add_company("Harbour Bakery Ltd")
    connection = sandbox.add_connection(company.id)
    lender = sandbox.add_account(connection.id, name="Lender", category="Asset.Bank").id
    nominated = sandbox.books(connection.id).account("Business Current Account").id
    body = encode(transfer("800.00", lender, nominated))
    headers = {"Authorization": authorization(), "Idempotency-Key": new_key()}
    path = f"/companies/{company.id}/connections/{connection.id}/push/transfers"

    for sent in (b"", body[:-1]):
        dying = connect(server)
        dying.putrequest("POST", path)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            dying.putheader(name, value)
        dying.endheaders(sent)
        dying.sock.shutdown(socket.SHUT_WR)
        with pytest.raises(http.client.RemoteDisconnected):
            dying.response_class(dying.sock).begin()
        dying.close()
    client = connect(server)
    client.request("POST", path, body, headers)

    assert client.getresponse().status == 200
    assert sandbox.violations == []
    client.close()


def test_a_slow_answer_takes_its_time(server):
    server.sandbox.faults.add("slow", seconds=0.1)
    client = connect(server)
    started = time.monotonic()

    client.request("GET", "/companies", headers={"Authorization": authorization()})
    client.getresponse().read()
    client.close()

    assert time.monotonic() - started >= 0.1


def test_a_webhook_travels_over_http(server):
    receiver = Sandbox()
    with SandboxServer(receiver) as other:
        status = post(f"{other.url}/hook?a=1", {"webhook-id": "msg_1"}, b"{}")

    assert status == 401
    assert receiver.requests == [] or receiver.requests[0].path == "/hook"


def test_many_at_once_under_one_key_write_once(server):
    sandbox = server.sandbox
    company = sandbox.add_company("Harbour Bakery Ltd")
    connection = sandbox.add_connection(company.id)
    other = sandbox.add_account(connection.id, name="Lender", category="Asset.Bank").id
    nominated = sandbox.books(connection.id).account("Business Current Account").id
    body = encode(transfer("800.00", other, nominated))
    headers = {"Authorization": authorization(), "Idempotency-Key": new_key()}
    path = f"/companies/{company.id}/connections/{connection.id}/push/transfers"

    def send(_number):
        client = connect(server)
        client.request("POST", path, body, headers)
        reply = client.getresponse()
        text = reply.read()
        client.close()
        return reply.status, text

    with ThreadPoolExecutor(8) as pool:
        replies = set(pool.map(send, range(40)))

    assert {status for status, _text in replies} == {200}
    assert len(replies) == 1
    assert len(sandbox.books(connection.id).entries_of("transfers")) == 1


def test_the_ticker_settles_and_delivers():
    delivered = []
    sandbox = Sandbox(
        webhook_url="http://127.0.0.1:9/hook",
        deliver=lambda *message: delivered.append(message) or 200,
    )
    with SandboxServer(sandbox):
        sandbox.add_company("Harbour Bakery Ltd")
        deadline = time.monotonic() + 5
        while not delivered and time.monotonic() < deadline:
            time.sleep(0.01)

    assert delivered


def test_the_link_leads_to_the_server(server):
    seed_demo(server.sandbox)
    company = server.sandbox.companies[0]
    connection = server.sandbox.connections_of(company.id)[0]
    client = connect(server)

    client.request(
        "GET",
        f"/companies/{company.id}/connections/{connection.id}",
        headers={"Authorization": authorization()},
    )
    link = json.loads(client.getresponse().read())["linkUrl"]
    client.request("GET", link.removeprefix(server.url))
    page = client.getresponse()

    assert link.startswith(server.url)
    assert page.status == 200
    assert b"Connect Harbour Bakery Ltd" in page.read()
    client.close()


def test_the_demo_has_borrowers_with_invoices():
    sandbox = Sandbox()

    seed_demo(sandbox)

    for company in sandbox.companies:
        connection = sandbox.connections_of(company.id)[0]
        assert sandbox.books(connection.id).accounts_receivable > 0
