"""What is wrong with a request, as RFC 9457 says it, with every way out of it."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import OperationalError
from django.http import Http404, HttpRequest, JsonResponse
from rest_framework import exceptions
from rest_framework.response import Response

from lending.exceptions import ExternalIdConflict, LendingError
from xero_sync.codat.exceptions import (
    AlreadyUnderWay,
    CodatAccessDenied,
    CodatError,
    CodatNoAnswer,
    CodatOutcomeUnknown,
    CodatRejected,
    CodatUnavailable,
    ConnectionCapReached,
    DecisionNotAllowed,
    IntegrationOff,
    WritebackBlocked,
    XeroNotReady,
    XeroSyncError,
)

logger = logging.getLogger(__name__)

CONTENT_TYPE = "application/problem+json"
# A fault of this code is wrong only together with another field.
CONTRADICTORY = "contradictory"
# Where the framework complains about a body as a whole.
WHOLE = "non_field_errors"
# Where the codes are explained, below the address of the product.
TYPES = "/api/v1/problems/"
# A body can hold so many faults that their answer would be a hundred times its size.
MOST_FAULTS = 20
# Under load a lock frees itself within moments.
BUSY_SECONDS = 2
# Xero takes moments to minutes to do what Codat has taken in.
XERO_SECONDS = 15


@dataclass(frozen=True)
class FieldFault:
    """One place in the request that is wrong: a JSON pointer, or a parameter's name."""

    detail: str
    pointer: str | None = None
    parameter: str | None = None
    code: str = "invalid_value"


class Problem(Exception):
    """A refusal: `code` is stable, `detail` is for a person.

    `retry_after` says in how many seconds the same request may succeed unchanged; with
    None it will not, until something is mended.
    """

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        status: int = HTTPStatus.UNPROCESSABLE_ENTITY,
        faults: Sequence[FieldFault] = (),
        retry_after: float | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.code = code
        self.detail = detail
        self.status = int(status)
        self.faults = list(faults)
        self.retry_after = retry_after
        self.headers = dict(headers or {})
        super().__init__(detail)


def as_problem(exc: Exception) -> Problem | None:
    """Translate what our services, Django and the framework raise, or return None."""
    match exc:
        case Problem():
            return exc
        case LendingError() | XeroSyncError():
            return _refused_by_a_service(exc)
        case Http404() | exceptions.NotFound():
            return not_found(str(exc) or "There is nothing at this address.")
        case PermissionDenied() | exceptions.PermissionDenied():
            detail = str(getattr(exc, "detail", "This key may not do that."))
            return Problem("not_permitted", detail, status=HTTPStatus.FORBIDDEN)
        case exceptions.ValidationError():
            return _invalid_fields(list(faults_of(exc.detail)))
        case OperationalError() if is_busy(exc):
            return busy()
        case exceptions.APIException():
            return _by_the_framework(exc)
    return None


def is_busy(exc: OperationalError) -> bool:
    """Tell whether a lock was not given in time: SQLite's, or PostgreSQL's 55P03."""
    state = getattr(exc.__cause__, "sqlstate", None)
    return "database is locked" in str(exc) or state in {"55P03", "40P01"}


def busy() -> Problem:
    """Say that a write to the same loan, or under the same key, is still running."""
    return Problem(
        "still_running",
        "Another request to the same resource is still running; nothing was written. "
        "Repeat this one.",
        status=HTTPStatus.CONFLICT,
        retry_after=BUSY_SECONDS,
    )


def not_found(detail: str) -> Problem:
    """Say that there is no such resource, or that the key may not see it."""
    return Problem("not_found", detail, status=HTTPStatus.NOT_FOUND)


def invalid(
    faults: Sequence[FieldFault], *, status: int = HTTPStatus.BAD_REQUEST
) -> Problem:
    """Say which fields are missing, malformed or unknown, of many the first ones."""
    faults = faults[:MOST_FAULTS]
    detail = " ".join(dict.fromkeys(fault.detail for fault in faults))
    return Problem("invalid_request", detail, status=status, faults=faults)


def _invalid_fields(faults: list[FieldFault]) -> Problem:
    """Tell what is malformed from what only contradicts itself."""
    if all(fault.code == CONTRADICTORY for fault in faults):
        return invalid(faults, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    return invalid(faults)


def faults_of(detail: Any, pointer: str = "", name: str = "") -> Iterator[FieldFault]:
    """Give each complaint of a serializer the pointer of its field (RFC 6901)."""
    if isinstance(detail, Mapping):
        for field, found in detail.items():
            if field == WHOLE and not _is_unknown(found):
                yield from faults_of(found, pointer, name)
            else:
                inner = f"{pointer}/{escaped(str(field))}"
                yield from faults_of(found, inner, str(field))
    elif isinstance(detail, list):
        for number, found in enumerate(detail):
            is_leaf = isinstance(found, str)
            inner = pointer if is_leaf else f"{pointer}/{number}"
            yield from faults_of(found, inner, name)
    else:
        words = f"{name}: {detail}" if name else str(detail)
        yield FieldFault(
            words, pointer=pointer, code=getattr(detail, "code", "invalid")
        )


def escaped(name: str) -> str:
    """Write a field's name as a part of a JSON pointer."""
    return name.replace("~", "~0").replace("/", "~1")


def _is_unknown(found: Any) -> bool:
    """Tell a field that happens to have the name of the whole from the whole."""
    return any(getattr(one, "code", "") == "unknown_field" for one in found)


def _refused_by_a_service(exc: LendingError | XeroSyncError) -> Problem:
    match exc:
        case ExternalIdConflict():
            faults = [
                FieldFault(exc.message, pointer=f"/{field}", code=exc.code)
                for field in exc.differences
            ]
            return Problem(exc.code, exc.message, faults=faults)
        case AlreadyUnderWay():
            return busy()
        case XeroNotReady():
            return Problem(
                exc.code,
                str(exc.message),
                status=HTTPStatus.SERVICE_UNAVAILABLE,
                retry_after=XERO_SECONDS,
            )
        case LendingError() | WritebackBlocked():
            is_late = isinstance(exc, ConnectionCapReached | IntegrationOff) or (
                isinstance(exc, DecisionNotAllowed) and not exc.field
            )
            status = HTTPStatus.CONFLICT if is_late else HTTPStatus.UNPROCESSABLE_ENTITY
            words = str(exc.message)
            faults = (
                [FieldFault(words, pointer=f"/{exc.field}", code=exc.code)]
                if exc.field
                else []
            )
            return Problem(exc.code, words, status=status, faults=faults)
        case CodatError():
            return _refused_by_codat(exc)
    return Problem("refused", str(exc))


def _refused_by_codat(exc: CodatError) -> Problem:
    match exc:
        case CodatUnavailable():
            return Problem(
                "codat_unavailable",
                "Codat did not take the call in; nothing was changed. Repeat it later.",
                status=HTTPStatus.SERVICE_UNAVAILABLE,
                retry_after=exc.retry_after or 30,
            )
        case CodatAccessDenied():
            return Problem(
                "codat_access_denied",
                "Codat refuses our key or permission; an operator has to mend it.",
                status=HTTPStatus.BAD_GATEWAY,
            )
        case CodatRejected():
            words = exc.detail or str(exc.message)
            return Problem("codat_refused", f"Codat refused: {words}")
        case CodatNoAnswer() | CodatOutcomeUnknown():
            return Problem(
                "codat_no_answer",
                "Codat gave no clear answer. Repeat this: it goes on where it stopped.",
                status=HTTPStatus.SERVICE_UNAVAILABLE,
                retry_after=XERO_SECONDS,
            )
    return Problem("codat_error", str(exc), status=HTTPStatus.BAD_GATEWAY)


_CODES = {
    HTTPStatus.BAD_REQUEST: "malformed",
    HTTPStatus.UNAUTHORIZED: "not_authenticated",
    HTTPStatus.METHOD_NOT_ALLOWED: "method_not_allowed",
    HTTPStatus.NOT_ACCEPTABLE: "not_acceptable",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "unsupported_media_type",
    HTTPStatus.TOO_MANY_REQUESTS: "too_many_requests",
}


def _by_the_framework(exc: exceptions.APIException) -> Problem:
    headers = {}
    if challenge := getattr(exc, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    wait = getattr(exc, "wait", None)
    return Problem(
        _CODES.get(HTTPStatus(exc.status_code), "refused"),
        str(exc.detail),
        status=exc.status_code,
        retry_after=wait,
        headers=headers,
    )


def handler(exc: Exception, context: dict[str, Any]) -> Response | None:
    """Answer an exception of a view; what is not known becomes a 500 further out."""
    problem = as_problem(exc)
    if problem is None:
        return None
    request = context["request"]
    if isinstance(exc, LendingError | XeroSyncError):
        problem.faults = [one for one in problem.faults if _is_in_body(one, request)]
    response = Response(
        as_body(problem, request),
        status=problem.status,
        headers=_headers(problem),
        content_type=CONTENT_TYPE,
    )
    response.exception = True
    return response


def _is_in_body(fault: FieldFault, request: Any) -> bool:
    """Tell whether a service's field is one of the body; others are of what it acts on.

    A closed loan, say, is named by the address: no field would mend that.
    """
    first = (fault.pointer or "").split("/")[1:2]
    return set(first) <= getattr(request, "body_fields", set())


def as_body(problem: Problem, request: Any) -> dict[str, Any]:
    """Return the members of a problem document."""
    return {
        "type": f"{settings.PUBLIC_BASE_URL}{TYPES}{problem.code}",
        "title": HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "code": problem.code,
        "detail": problem.detail,
        "instance": f"urn:uuid:{getattr(request, 'request_id', '')}",
        "errors": [
            {key: value for key, value in asdict(fault).items() if value is not None}
            for fault in problem.faults
        ],
        "retry": {
            "allowed": problem.retry_after is not None,
            "after_seconds": _whole(problem.retry_after),
        },
    }


def as_response(problem: Problem, request: HttpRequest) -> JsonResponse:
    """Answer outside the framework, where no view was reached."""
    return JsonResponse(
        as_body(problem, request),
        status=problem.status,
        headers=_headers(problem),
        content_type=CONTENT_TYPE,
    )


def _headers(problem: Problem) -> dict[str, str]:
    headers = dict(problem.headers)
    if problem.retry_after is not None:
        headers["Retry-After"] = str(_whole(problem.retry_after))
    return headers


def _whole(seconds: float | None) -> int | None:
    return None if seconds is None else max(1, -int(-seconds // 1))
