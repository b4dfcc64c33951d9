"""Where a request ends is never in doubt: nobody hides a second one in it."""

import pytest
from gunicorn.config import Config
from gunicorn.http.errors import ParseException
from gunicorn.http.parser import RequestParser

from tests.marks import on_any_database

pytestmark = on_any_database
HIDDEN = "GET /admin/ HTTP/1.1\r\nHost: x\r\n\r\n"


def first_of(*headers, body=""):
    head = "\r\n".join(("POST / HTTP/1.1", "Host: x", *headers, "", ""))
    raw = (head + body).encode()
    return next(iter(RequestParser(Config(), iter([raw]), ("127.0.0.1", 1))))


@pytest.mark.parametrize(
    "headers",
    [
        ("Content-Length: 4", "Transfer-Encoding: chunked"),
        ("Content-Length: 4", "Content-Length: 5"),
        ("Content-Length: +4",),
        ("Content-Length: 4, 4",),
        ("Transfer-Encoding: xchunked",),
        ("Transfer-Encoding: chunked", "Transfer-Encoding: identity"),
        ("Transfer-Encoding : chunked",),
        ("Transfer-Encoding:\r\n chunked",),
        ("Content Length: 4",),
    ],
)
def test_a_request_whose_end_is_in_doubt_is_refused(headers):
    with pytest.raises(ParseException):
        first_of(*headers, body=f"0\r\n\r\n{HIDDEN}")


def test_one_that_is_clear_is_read_to_its_end():
    assert first_of("Content-Length: 4", body=f"abcd{HIDDEN}").body.read() == b"abcd"
    chunked = first_of("Transfer-Encoding: chunked", body=f"0\r\n\r\n{HIDDEN}")
    assert chunked.body.read() == b""
