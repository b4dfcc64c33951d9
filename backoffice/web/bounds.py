"""What reaches Django: whole bodies that are not too large, and only so many at once.

Django runs in a few threads of its own, so that a process opens as many connections to
the database and no more, however many clients it has. Requests beyond those wait for
their turn; beyond a bound they are refused at once, with a 503 that says when to come
again. Probes and Codat's messages are never refused and have threads of their own.
"""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from fcntl import LOCK_EX, LOCK_SH, flock
from http import HTTPStatus
from io import BytesIO
from pathlib import Path
from threading import Lock
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpResponse

from backoffice.api.framework.middleware import PREFIX
from backoffice.api.framework.parsers import LARGEST_BODY
from backoffice.api.framework.problem_documents import as_response
from backoffice.api.framework.problems import Problem
from xero_sync.portal import errors

Environ = dict[str, Any]
Application = Callable[[Environ, Any], Iterable[bytes]]

AT_ONCE, UNDER_WAY = 4, 64
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
# A probe that is refused ends the process, and Codat repeats what was not taken.
ALIVE = "/healthz"
READY, MESSAGES = "/readyz", "/webhooks/codat/"
FREE_AT_ONCE = 2
AGAIN_SECONDS = 2


class Bounded:
    """The application as gunicorn calls it, from as many threads as it likes."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._under_way = 0
        self._lock = Lock()
        # Their threads start with the first request: after gunicorn's fork.
        self._pool = ThreadPoolExecutor(AT_ONCE, "request")
        self._free = ThreadPoolExecutor(FREE_AT_ONCE, "free")

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        """Answer one request, or refuse it."""
        path = environ.get("PATH_INFO", "")
        if path == ALIVE:
            # It needs no database, and tells whether this very process answers.
            return self._application(environ, start_response)
        try:
            take_body(environ)
            if path in (READY, MESSAGES):
                answer = self._first if path == MESSAGES else self._application
                return self._free.submit(answer, environ, start_response).result()
            self._begin()
        except Problem as exc:
            return refuse(exc, environ, start_response)
        is_safe = environ["REQUEST_METHOD"] in SAFE
        answer = self._application if is_safe else self._in_turn
        try:
            return self._pool.submit(answer, environ, start_response).result()
        finally:
            with self._lock:
                self._under_way -= 1

    def _begin(self) -> None:
        with self._lock:
            if self._under_way >= UNDER_WAY:
                raise Problem(
                    "overloaded",
                    "There are more requests than can be answered; nothing was done. "
                    "Repeat this one.",
                    status=HTTPStatus.SERVICE_UNAVAILABLE,
                    retry_after=AGAIN_SECONDS,
                )
            self._under_way += 1

    def _first(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        with turn(LOCK_EX):
            return self._application(environ, start_response)

    def _in_turn(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        with turn(LOCK_SH):
            pass
        return self._application(environ, start_response)


@contextmanager
def turn(kind: int) -> Iterator[None]:
    """On SQLite, let other writes begin once Codat's message has been written.

    SQLite has one writer, and who waits for it looks now and then whether it is free: a
    message that must be answered in time would seldom find it so.
    """
    if not settings.IS_SQLITE:
        yield
        return
    with Path(f"{settings.DATABASES['default']['NAME']}-turn").open("w") as file:
        flock(file, kind)
        yield


def take_body(environ: Environ) -> None:
    """Read the body before anything else is done, also one sent in chunks.

    Raises:
        Problem: 413, it is too large; 400, it ended too early or came too slowly.
    """
    declared = environ.get("CONTENT_LENGTH") or ""
    length = int(declared) if declared.isdecimal() else None
    if length is not None and length > LARGEST_BODY:
        raise _too_large()
    if length is None and not environ.get("wsgi.input_terminated"):
        # Without a length there is no body, and a server might wait for one for ever.
        return
    try:
        body = environ["wsgi.input"].read(
            LARGEST_BODY + 1 if length is None else length
        )
    except (OSError, ValueError) as exc:
        raise _cut_short() from exc
    if len(body) > LARGEST_BODY:
        raise _too_large()
    if length is not None and len(body) < length:
        raise _cut_short()
    environ["wsgi.input"] = BytesIO(body)
    environ["CONTENT_LENGTH"] = str(len(body))


def refuse(problem: Problem, environ: Environ, start_response: Any) -> list[bytes]:
    """Answer in the shape that the caller can read."""
    response = _refusal(problem, environ)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Content-Length"] = str(len(response.content))
    if problem.may_be_repeated:
        response.headers["Retry-After"] = str(problem.after_seconds)
    else:
        # What is left of its body is not read.
        response.headers["Connection"] = "close"
    start_response(
        f"{problem.status} {response.reason_phrase}", list(response.headers.items())
    )
    return [response.content]


def _refusal(problem: Problem, environ: Environ) -> HttpResponse:
    path = environ.get("PATH_INFO", "")
    if path.startswith(PREFIX):
        request_id = str(uuid4())
        response = as_response(problem, SimpleNamespace(request_id=request_id))  # type: ignore[arg-type]
        response.headers["X-Request-Id"] = request_id
        return response
    is_theirs = not path.startswith(errors.NOT_FOR_CUSTOMERS)
    if is_theirs and problem.may_be_repeated:
        return errors.busy(WSGIRequest(environ))
    return HttpResponse(
        problem.detail, status=problem.status, content_type="text/plain; charset=utf-8"
    )


def _too_large() -> Problem:
    return Problem(
        "body_too_large",
        f"The body exceeds {LARGEST_BODY} bytes; send less at once.",
        status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    )


def _cut_short() -> Problem:
    return Problem(
        "malformed",
        "The body ended before it was whole.",
        status=HTTPStatus.BAD_REQUEST,
    )
