"""The stand-in as seen from outside: over HTTP, and not through our own tables."""

import json
from decimal import Decimal
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import urlsplit

TIMEOUT_SECONDS = 10
OK = 200


def get(url: str) -> tuple[int, bytes]:
    """Return the status and the body of an address on this machine."""
    return _call("GET", url, None)


def answers(url: str) -> bool:
    """Tell whether an address answers as it should."""
    try:
        return get(url)[0] == OK
    except (OSError, HTTPException):
        return False


def _call(method: str, url: str, body: str | None) -> tuple[int, bytes]:
    parts = urlsplit(url)
    connection = HTTPConnection(
        parts.hostname or "", parts.port, timeout=TIMEOUT_SECONDS
    )
    try:
        connection.request(method, parts.path, body)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


class Sandbox:
    """The stand-in's controls: to arrange a borrower, and to look into their books."""

    def __init__(self, url: str) -> None:
        self.url = f"{url}/_sandbox"

    def arrange(self, name: str, /, **values: str) -> Any:
        """Make something at Codat or in Xero, as the borrower would."""
        return self._json("POST", name, json.dumps(values))

    def look(self, name: str) -> Any:
        """Read something; money comes as exact decimal numbers."""
        return self._json("GET", name, None)

    def _json(self, method: str, name: str, body: str | None) -> Any:
        status, answer = _call(method, f"{self.url}/{name}", body)
        if status != OK:
            raise HTTPException(f"{method} {name}: {status} {answer[:200]!r}")
        return json.loads(answer, parse_float=Decimal)
