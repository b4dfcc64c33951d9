"""The timed part of `api`: whole requests through the WSGI application."""

import io
import json
import time
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import connection as database
from django.utils import timezone

from backoffice.api_keys.services import create_key
from lending.models import Loan, LoanEvent
from tests.bench import bare, rows

COMPANIES = 50
WARM = 50
BATCH = 100
Request = tuple[str, dict[str, Any]]


def post(*, events: int, runs: int) -> list[dict[str, float]]:
    """Post events singly, in batches, and bare rows, in turn."""
    bare.create_table()
    settings.ROOT_URLCONF = "tests.bench.bare"
    application = get_wsgi_application()
    _key, secret = create_key(
        client_name="bench",
        scopes=["events:write"],
        now=timezone.now(),
        requests_per_minute=1_000_000,
    )
    borrowers = rows.companies(COMPANIES)
    for _warm in (_singly, _in_batches, _bare):
        _timed(application, secret, list(_warm(rows.loans(borrowers, BATCH))), 0)
    found = []
    for _ in range(runs):
        figures = {"events": float(events)}
        for name, made in (("api", _singly), ("batch", _in_batches), ("bare", _bare)):
            requests = list(made(rows.loans(borrowers, events)))
            rows.settle()
            before = _rows()
            figures[name] = _timed(application, secret, requests, events)
            assert _rows() - before == events, name
        found.append(figures)
    return found


def _rows() -> int:
    return LoanEvent.objects.count() + bare.Note.objects.count()


def _event() -> dict[str, Any]:
    return {
        "external_id": f"evt-{uuid4().hex}",
        "kind": "drawdown",
        "amount": "800.00",
        "value_date": timezone.now().date().isoformat(),
    }


def _singly(loans: Sequence[Loan]) -> Iterator[Request]:
    for loan in loans:
        yield f"/api/v1/loans/{loan.reference}/events", _event()


def _in_batches(loans: Sequence[Loan]) -> Iterator[Request]:
    for first in range(0, len(loans), BATCH):
        items = [
            {**_event(), "loan": loan.reference}
            for loan in loans[first : first + BATCH]
        ]
        yield "/api/v1/loan-events/batch", {"events": items}


def _bare(loans: Sequence[Loan]) -> Iterator[Request]:
    for _loan in loans:
        yield "/bare/notes", {**_event(), "description": ""}


def _timed(
    application: Any, secret: str, requests: Sequence[Request], events: int
) -> float:
    """Send requests one after the other; return the seconds."""
    environs = [_environ(path, body, secret) for path, body in requests]
    answers: list[str] = []
    began = time.perf_counter()
    for environ in environs:
        response = application(environ, lambda status, *_: answers.append(status))
        b"".join(response)
        response.close()
    seconds = time.perf_counter() - began
    assert all(one[:3] in {"200", "201"} for one in answers), set(answers)
    assert database.connection is not None or not events
    return seconds


def _environ(path: str, body: Any, secret: str) -> dict[str, Any]:
    data = json.dumps(body).encode()
    return {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": path,
        "SCRIPT_NAME": "",
        "QUERY_STRING": "",
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(data)),
        "HTTP_HOST": "bench.example",
        "HTTP_AUTHORIZATION": f"Bearer {secret}",
        "SERVER_NAME": "bench.example",
        "SERVER_PORT": "443",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "https",
        "wsgi.input": io.BytesIO(data),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
