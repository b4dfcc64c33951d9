"""Problems as they are answered: documents as RFC 9457 wants them."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.http import HttpRequest, JsonResponse
from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers
from rest_framework.response import Response

from backoffice.api.framework.answers import Answer, Shown, text
from backoffice.api.framework.problems import FieldFault, Problem
from backoffice.api.framework.refusals import as_problem
from lending.exceptions import LendingError
from xero_sync.codat.exceptions import XeroSyncError

CONTENT_TYPE = "application/problem+json"
# Where the codes are explained, below the address of the product.
TYPES = "/api/v1/problems/"


class FaultShown(Answer):
    """One place that is wrong."""

    detail = serializers.CharField(help_text="What is wrong, and the remedy.")
    pointer = text(required=False, help_text="A field of the body (RFC 6901).")
    parameter = text(required=False, help_text="A parameter or header.")
    code = serializers.CharField()


class Retry(Answer):
    """Whether the same request may succeed later without a change."""

    allowed = serializers.BooleanField(source="may_be_repeated")
    after_seconds = serializers.IntegerField(min_value=1, allow_null=True)


@extend_schema_serializer(component_name="Problem")
class ProblemDocument(Answer):
    """A problem document (RFC 9457)."""

    type = serializers.URLField(help_text="Explains the code.")
    title = serializers.CharField()
    status = serializers.IntegerField(min_value=400, max_value=599)
    code = serializers.CharField(help_text="Stable; decide by it.")
    detail = serializers.CharField(help_text="For a person.")
    instance = serializers.CharField(help_text="The request's id.")
    errors = FaultShown(many=True, source="faults")  # type: ignore[assignment]
    retry = Retry()

    @classmethod
    def known(cls, rows: Sequence[Problem]) -> Sequence[Mapping[str, Any]]:
        """Return what follows from the code and the status."""
        return [
            {
                "type": f"{settings.PUBLIC_BASE_URL}{TYPES}{one.code}",
                "title": HTTPStatus(one.status).phrase,
                "retry": one,
            }
            for one in rows
        ]


def document(problem: Problem, request: Any) -> Shown:
    """Return what is answered to a request."""
    instance = f"urn:uuid:{getattr(request, 'request_id', '')}"
    return ProblemDocument.of(problem, instance=instance)


def handler(exc: Exception, context: dict[str, Any]) -> Response | None:
    """Answer an exception of a view; what is not known becomes a 500 further out."""
    problem = as_problem(exc)
    if problem is None:
        return None
    request = context["request"]
    if isinstance(exc, LendingError | XeroSyncError):
        problem.faults = [one for one in problem.faults if _is_in_body(one, request)]
    response = Response(
        document(problem, request),
        status=problem.status,
        headers=_headers(problem),
        content_type=CONTENT_TYPE,
    )
    response.exception = True
    return response


def as_response(problem: Problem, request: HttpRequest) -> JsonResponse:
    """Answer outside the framework, where no view was reached."""
    return JsonResponse(
        document(problem, request),
        status=problem.status,
        headers=_headers(problem),
        content_type=CONTENT_TYPE,
    )


def _is_in_body(fault: FieldFault, request: Any) -> bool:
    """Tell whether a service's field is one of the body; others are of what it acts on.

    A closed loan, say, is named by the address: no field would mend that.
    """
    first = (fault.pointer or "").split("/")[1:2]
    return set(first) <= getattr(request, "body_fields", set())


def _headers(problem: Problem) -> dict[str, str]:
    headers = dict(problem.headers)
    if problem.may_be_repeated:
        headers["Retry-After"] = str(problem.after_seconds)
    return headers
