"""What the tests of the Codat client are built from."""

import contextlib
import json
import socket
import threading
from uuid import UUID

import responses

from xero_sync.codat.client import CodatClient

BASE_URL = "https://codat.test"
API_KEY = "k3y-which-must-never-be-seen"
TOKEN = "azN5LXdoaWNoLW11c3QtbmV2ZXItYmUtc2Vlbg=="
COMPANY = "8a210b68-6988-11ed-a1eb-0242ac120002"
CONNECTION = "2e9d2c44-f675-40ba-8049-353bfcb5e171"
PUSH_KEY = UUID("c2f8847d-3047-4619-a157-6d947d8e4a73")
IDEMPOTENCY_KEY = UUID("11111111-2222-4333-8444-555555555555")
COMPANY_URL = f"{BASE_URL}/companies/{COMPANY}"
CONNECTION_URL = f"{COMPANY_URL}/connections/{CONNECTION}"
PUSH_PATH = f"/companies/{COMPANY}/connections/{CONNECTION}/push/transfers"


def make_client(**overrides):
    return CodatClient(**{"base_url": BASE_URL, "api_key": API_KEY, **overrides})


def read(url, answer, call, *, method="GET", status=200, match=()):
    """Return what a call makes of one answer; a text is answered as it is."""
    with responses.RequestsMock() as wire:
        body = answer if isinstance(answer, str) else None
        wire.add(
            method,
            url,
            status=status,
            body=body,
            json=None if body is not None else answer,
            match=match,
        )
        with make_client() as client:
            return call(client)


def push_json(**overrides):
    return {
        "changes": None,
        "dataType": "transfers",
        "companyId": COMPANY,
        "pushOperationKey": str(PUSH_KEY),
        "dataConnectionKey": CONNECTION,
        "requestedOnUtc": "2026-06-01T09:00:00.1234567Z",
        "status": "Pending",
        "validation": {"errors": [], "warnings": []},
        "statusCode": 202,
        **overrides,
    }


def error_json(**overrides):
    return {
        "statusCode": 400,
        "service": "PublicApi",
        "error": "Something was wrong.",
        "correlationId": "7eb40d6b415d7bcd99ce658268284056",
        "canBeRetried": "Unknown",
        "detailedErrorCode": 0,
        **overrides,
    }


def page_json(results, *, following=None):
    links = {"self": {"href": "/here"}, "current": {"href": "/here?page=1"}}
    if following:
        links["next"] = {"href": following}
    return {"results": results, "pageNumber": 1, "pageSize": 100, "_links": links}


def http_answer(body, *, status="200 OK", headers=""):
    encoded = body if isinstance(body, bytes) else json.dumps(body).encode()
    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(encoded)}\r\n{headers}\r\n"
    return head.encode() + encoded


@contextlib.contextmanager
def listening(*scripts):
    """Serve one connection after the other on the loopback, each by its script.

    A script gets the accepted socket; the server counts the connections it accepted.
    """
    server = socket.create_server(("127.0.0.1", 0))
    accepted = []

    def serve():
        for script in scripts:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            accepted.append(script)
            with connection:
                connection.settimeout(5)
                script(connection)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.getsockname()[1]}", accepted
    finally:
        with contextlib.suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join(5)


def read_request(connection):
    """Read one request off the wire and return its bytes."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += connection.recv(65536)
    head, _, body = received.partition(b"\r\n\r\n")
    length = 0
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def reset(connection):
    """Close the connection with a TCP reset."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
    connection.close()
