"""What all views of the API share."""

from collections.abc import Callable, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from backoffice.api.framework.authentication import BearerKey, Caller
from backoffice.api.framework.filters import ListFilter, YesNoParameter
from backoffice.api.framework.idempotency import header_key
from backoffice.api.framework.pagination import (
    PAGE_PARAMETERS,
    check_parameters,
    page_of,
    paged,
)
from backoffice.api.framework.parsers import StrictJSONParser
from backoffice.api.framework.permissions import SAFE, HasScope
from backoffice.api.framework.problems import FieldFault, Problem, invalid, not_found
from backoffice.api.framework.throttles import KeyThrottle
from lending.models import Company, Loan, LoanEvent
from lending.selectors import loan_by_reference

DRY_RUN = "dry_run"


class ApiView(APIView):
    """Asks for a scope by method, and takes only the parameters it names."""

    authentication_classes = [BearerKey]
    permission_classes = [IsAuthenticated, HasScope]
    throttle_classes = [KeyThrottle]
    parser_classes = [StrictJSONParser]
    # The scope that each method needs.
    scopes: dict[str, str] = {}
    # The query parameters of each method.
    parameters: dict[str, set[str]] = {}
    # What GET can be narrowed by, where it is a list.
    filters: type[ListFilter] | None = None
    # The methods that call Codat before they answer.
    calls_codat: set[str] = set()
    # What answers hold that is only pointed at, for the description.
    parts: Sequence[type[Serializer]] = ()
    # Operations that take the natural key of what was just made: their parameter.
    leads_to: dict[str, str] = {}

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Let in who may, then refuse parameters that are not known."""
        super().initial(request, *args, **kwargs)
        method = str(request.method)
        if hasattr(self, method.lower()):
            check_parameters(request, self._known(method))
            header_key(request)

    def listed(
        self, queryset: QuerySet[Any], show: Callable[[Any], dict[str, Any]]
    ) -> Response:
        """Answer a page of what the view's filters leave.

        Raises:
            Problem: 400, naming the parameters that are malformed.
        """
        return self.listed_together(queryset, lambda rows: [show(one) for one in rows])

    def listed_together(
        self,
        queryset: QuerySet[Any],
        show: Callable[[list[Any]], list[dict[str, Any]]],
    ) -> Response:
        """Answer the same where the rows of a page need each other's queries."""
        if self.filters is None:
            raise TypeError(f"{type(self).__name__} names no filters")
        narrowed, ordering = self.filters.narrow(queryset, self.request)
        page = page_of(
            narrowed, request=self.request, ordering=ordering, loaded_by=queryset
        )
        return paged(page, show(list(page.rows)))

    def _known(self, method: str) -> set[str]:
        method = SAFE.get(method, method)
        known = self.parameters.get(method, set())
        if method == "GET" and self.filters is not None:
            return known | self.filters.names() | PAGE_PARAMETERS
        return known

    @property
    def caller(self) -> Caller:
        """Who calls."""
        found: Caller = self.request.user  # type: ignore[assignment]
        return found


def checked(serializer: type[Any], request: Request) -> dict[str, Any]:
    """Return the checked body of a request.

    Raises:
        ValidationError: naming each field that is missing, malformed or unknown.
    """
    checker = serializer.checker()
    # What a service calls by a name that the body lacks is no place in the body.
    request.body_fields = set(checker.fields)  # type: ignore[attr-defined]
    fields: dict[str, Any] = checker.run_validation(request.data)
    return fields


def is_dry_run(request: Request) -> bool:
    """Tell whether the write is only to be rehearsed.

    Raises:
        Problem: 400, the parameter is neither true nor false.
    """
    return says_yes(request, DRY_RUN)


def says_yes(request: Request, name: str) -> bool:
    """Tell whether a parameter is true; left out it is false.

    Raises:
        Problem: 400, it is neither true nor false.
    """
    field = YesNoParameter(required=False)
    try:
        return bool(field.clean(request.query_params.get(name)))
    except ValidationError as exc:
        words = f"{name}: {' '.join(exc.messages)}"
        raise invalid([FieldFault(words, parameter=name)]) from exc


def companies_of(caller: Caller) -> QuerySet[Company]:
    """Return the companies that the key may see."""
    if caller.key.all_companies:
        return Company.objects.all()
    return Company.objects.filter(pk__in=caller.key.companies.values("pk"))


def seen_by(
    caller: Caller, queryset: QuerySet[Any], path: str = "company"
) -> QuerySet[Any]:
    """Narrow a query to what belongs to companies that the key may see."""
    if caller.key.all_companies:
        return queryset
    return queryset.filter(**{f"{path}__in": caller.key.companies.values("pk")})


def company_or_404(caller: Caller, reference: str) -> Company:
    """Return a company.

    Raises:
        Problem: 404.
    """
    found = companies_of(caller).filter(reference=reference).first()
    if found is None:
        raise not_found(f"There is no company “{reference}”.")
    return found


def loan_or_404(caller: Caller, reference: str) -> Loan:
    """Return a loan with its company.

    Raises:
        Problem: 404.
    """
    return seen_or_404(caller, loan_by_reference(reference), reference)


def seen_or_404(caller: Caller, loan: Loan | None, reference: str) -> Loan:
    """Return a loan that was looked for, if the key may see it.

    Raises:
        Problem: 404.
    """
    if loan is None or not caller.may_see(loan.company_id):
        raise no_loan(reference)
    return loan


def no_loan(reference: str) -> Problem:
    """Return the 404 of a loan that is not there, or not to be seen."""
    return not_found(f"There is no loan “{reference}”.")


def event_or_404(caller: Caller, external_id: str) -> LoanEvent:
    """Return an event with its loan, its company and its reversal.

    Raises:
        Problem: 404.
    """
    events = LoanEvent.objects.select_related(
        "loan__company", "reverses", "reversed_by"
    )
    found = seen_by(caller, events, "loan__company").filter(external_id=external_id)
    event: LoanEvent | None = found.first()
    if event is None:
        raise not_found(f"There is no event “{external_id}”.")
    return event
