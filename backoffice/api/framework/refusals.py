"""Which problem stands for what our services, Codat, Django and the framework raise."""

from http import HTTPStatus

from django.core.exceptions import PermissionDenied
from django.db import OperationalError
from django.http import Http404
from rest_framework import exceptions

from backoffice.api.framework.problems import (
    CONTRADICTORY,
    FieldFault,
    Problem,
    busy,
    faults_of,
    invalid,
    not_found,
)
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
    OtherVersion,
    SetupUnderWay,
    WritebackBlocked,
    XeroNotReady,
    XeroSyncError,
)

# Xero takes moments to minutes to do what Codat has taken in.
XERO_SECONDS = 15
# What the framework refuses, by its status.
CODES = {
    HTTPStatus.BAD_REQUEST: "malformed",
    HTTPStatus.UNAUTHORIZED: "not_authenticated",
    HTTPStatus.METHOD_NOT_ALLOWED: "method_not_allowed",
    HTTPStatus.NOT_ACCEPTABLE: "not_acceptable",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "unsupported_media_type",
    HTTPStatus.TOO_MANY_REQUESTS: "too_many_requests",
}


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


def _invalid_fields(faults: list[FieldFault]) -> Problem:
    """Tell what is malformed from what only contradicts itself."""
    if all(fault.code == CONTRADICTORY for fault in faults):
        return invalid(faults, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    return invalid(faults)


def _refused_by_a_service(exc: LendingError | XeroSyncError) -> Problem:
    match exc:
        case ExternalIdConflict():
            faults = [
                FieldFault(exc.message, pointer=f"/{field}", code=exc.code)
                for field in exc.differences
            ]
            return Problem(exc.code, exc.message, faults=faults)
        case SetupUnderWay():
            words = str(exc.message)
            return Problem(exc.code, words, status=HTTPStatus.CONFLICT)
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
            late = ConnectionCapReached | IntegrationOff | OtherVersion
            is_late = isinstance(exc, late) or (
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


def _by_the_framework(exc: exceptions.APIException) -> Problem:
    headers = {}
    if challenge := getattr(exc, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    wait = getattr(exc, "wait", None)
    return Problem(
        CODES.get(HTTPStatus(exc.status_code), "refused"),
        str(exc.detail),
        status=exc.status_code,
        retry_after=wait,
        headers=headers,
    )
