"""What holds for every answer under `/api/`, whoever gives it."""

import logging
from collections.abc import Callable
from http import HTTPStatus

from django.http import HttpRequest, HttpResponseBase

from backoffice.api.framework.problem_documents import CONTENT_TYPE, as_response
from backoffice.api.framework.problems import Problem

logger = logging.getLogger(__name__)

Handler = Callable[[HttpRequest], HttpResponseBase]
PREFIX = "/api/"
SERVER_FAULT = 500


class ApiMiddleware:
    """Name each request, and make a problem document of every bare error page.

    An address that does not exist, a host that is not ours and a crash are answered
    outside the views; a service deserves the same shape from them.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path.startswith(PREFIX):
            return self.get_response(request)
        response = self.get_response(request)
        kind = response.headers.get("Content-Type", "")
        if response.status_code >= HTTPStatus.BAD_REQUEST and kind != CONTENT_TYPE:
            response = as_response(_problem_of(response), request)
        response.headers["X-Request-Id"] = request.request_id  # type: ignore[attr-defined]
        response.headers.setdefault("Cache-Control", "no-store")
        if response.status_code >= SERVER_FAULT:
            logger.error(
                "%s %s answered %s to request %s",
                request.method,
                request.path,
                response.status_code,
                request.request_id,  # type: ignore[attr-defined]
            )
        return response


def _problem_of(response: HttpResponseBase) -> Problem:
    status = response.status_code
    if status == HTTPStatus.NOT_FOUND:
        return Problem("not_found", "There is nothing at this address.", status=status)
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        return Problem(
            "method_not_allowed",
            "This address does not answer the method.",
            status=status,
            headers={"Allow": response.headers["Allow"]},
        )
    if status >= SERVER_FAULT:
        return Problem(
            "internal_error",
            "Something is wrong on our side. Repeat the request: under the same "
            "external_id or Idempotency-Key that is harmless.",
            status=status,
            retry_after=5,
        )
    return Problem("malformed", "The request cannot be read.", status=status)
