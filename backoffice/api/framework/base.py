"""What all views of the API share."""

from typing import Any

from django.db.models import QuerySet
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backoffice.api.framework.answers import Answer
from backoffice.api.framework.authentication import BearerKey, Caller
from backoffice.api.framework.fields import StrictSerializer
from backoffice.api.framework.idempotency import header_key
from backoffice.api.framework.pagination import page_of, read_page
from backoffice.api.framework.parsers import StrictJSONParser
from backoffice.api.framework.permissions import SAFE, HasScope
from backoffice.api.framework.queries import Given, ListQuery, Query
from backoffice.api.framework.throttles import KeyThrottle

OK, CREATED = 200, 201


class ApiView(APIView):
    """Asks for a scope by method, and takes only the parameters it names."""

    authentication_classes = [BearerKey]
    permission_classes = [IsAuthenticated, HasScope]
    throttle_classes = [KeyThrottle]
    parser_classes = [StrictJSONParser]
    # The scope that each method needs.
    scopes: dict[str, str] = {}
    # The query parameters of each method that takes any.
    queries: dict[str, type[Query]] = {}
    # What the parameters of this request say.
    given: Given
    # The methods that call Codat before they answer.
    calls_codat: set[str] = set()
    # Operations that take the natural key of what was just made: their parameter.
    leads_to: dict[str, str] = {}

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Let in who may, then refuse parameters that are not known."""
        super().initial(request, *args, **kwargs)
        method = SAFE.get(str(request.method), str(request.method))
        if hasattr(self, method.lower()):
            self.given = self.queries.get(method, Query).read(request)
            header_key(request)

    def listed(self, queryset: QuerySet[Any], answer: type[Answer]) -> Response:
        """Answer a page of what the parameters of a list leave.

        Raises:
            Problem: 422, the cursor is of another list or order.
        """
        query = self.queries["GET"]
        if not issubclass(query, ListQuery):
            raise TypeError(f"{query.__name__} is not of a list")
        page = read_page(
            query.narrow(queryset, self.given),
            request=self.request,
            given=self.given,
            loaded_by=queryset,
        )
        return Response(page_of(answer).of(page))

    @property
    def is_dry_run(self) -> bool:
        """Whether the write is only to be rehearsed."""
        return bool(self.given.get("dry_run"))

    @property
    def caller(self) -> Caller:
        """Who calls."""
        found: Caller = self.request.user  # type: ignore[assignment]
        return found


def checked(serializer: type[StrictSerializer], request: Request) -> dict[str, Any]:
    """Return the checked body of a request.

    Raises:
        ValidationError: naming each field that is missing, malformed or unknown.
    """
    checker = serializer.checker()
    # What a service calls by a name that the body lacks is no place in the body.
    request.body_fields = set(checker.fields)  # type: ignore[attr-defined]
    fields: dict[str, Any] = checker.run_validation(request.data)
    return fields
