"""When gunicorn lends a thread to a request."""

import pytest

from backoffice.web.worker import GATHERED, is_there
from tests.marks import on_any_database

pytestmark = on_any_database

HEAD = b"POST / HTTP/1.1\r\nHost: x\r\n"
CHUNKS = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    "sent",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        HEAD + b"Content-Length: 3\r\n\r\nabc",
        HEAD + b"content-length:0\r\n\r\n",
        CHUNKS + b"3\r\nabc\r\n0\r\n\r\n",
        CHUNKS + b"0\r\n\r\n",
        # It waits for a word of ours.
        HEAD + b"Content-Length: 3\r\nExpect: 100-continue\r\n\r\n",
        # The thread reads on.
        HEAD + b"Content-Length: 900000\r\n\r\n" + b" " * GATHERED,
        b"x" * GATHERED,
    ],
)
def test_once_it_is_there(sent):
    assert is_there(bytearray(sent))


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"GET / HTTP/1.1\r\nHost: x\r\n",
        HEAD + b"Content-Length: 3\r\n\r\nab",
        CHUNKS + b"3\r\nabc\r\n",
        CHUNKS + b"10\r\n",
    ],
)
def test_never_before(sent):
    assert not is_there(bytearray(sent))
