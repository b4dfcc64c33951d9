"""What all views of the API share."""

from typing import Any

from django.db.models import QuerySet
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.views import APIView

from backoffice.api.authentication import BearerKey, Caller
from backoffice.api.pagination import check_parameters
from backoffice.api.parsers import StrictJSONParser
from backoffice.api.permissions import HasScope
from backoffice.api.problems import Fault, Problem, not_found
from backoffice.api.throttles import KeyThrottle
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

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Let in who may, then refuse parameters that are not known."""
        super().initial(request, *args, **kwargs)
        check_parameters(request, self.parameters.get(str(request.method), set()))

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
    given = serializer(data=request.data)
    given.is_valid(raise_exception=True)
    fields: dict[str, Any] = given.validated_data
    return fields


def is_dry_run(request: Request) -> bool:
    """Tell whether the write is only to be rehearsed.

    Raises:
        Problem: 400, the parameter is neither true nor false.
    """
    text = request.query_params.get(DRY_RUN, "false")
    if text in {"true", "false"}:
        return text == "true"
    words = "dry_run: say true or false."
    raise Problem(
        "invalid_request", words, status=400, faults=[Fault(words, parameter=DRY_RUN)]
    )


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
    loan = loan_by_reference(reference)
    if loan is None or not caller.may_see(loan.company_id):
        raise not_found(f"There is no loan “{reference}”.")
    return loan


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
