"""The loans that new events go to, and what is known of them, read once for all."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from uuid import uuid4

from django.db.models import Max, OuterRef, Subquery

from lending.db.prepared import Prepared, insert_unless_there
from lending.models import Loan, LoanEvent, is_reference
from lending.services import checks
from lending.services.loans import lock_loan, lock_loans

_EVENTS = LoanEvent.objects.select_related("loan__company", "reverses")
# Of one event, the commonest case: the key of its id if that is there, and its place.
_OF_ONE = Prepared(
    lambda loan, external_id: Loan.objects.filter(pk=loan).values_list(
        Subquery(LoanEvent.objects.filter(external_id=external_id).values("pk")),
        Subquery(
            LoanEvent.objects.filter(loan=OuterRef("pk"))
            .order_by("-sequence")
            .values("sequence")[:1]
        ),
    ),
    loan=Loan._meta.pk,
    external_id=LoanEvent._meta.get_field("external_id"),
)


class EventBatch:
    """Loans, held to the transaction's end, and the events that are entered on them.

    `loans` are read afresh, by key; `known` are the events of the wanted ids, with what
    was entered since. `held` is the loan of a single event if the caller has locked it
    in this transaction.
    """

    def __init__(
        self, wanted: Sequence[tuple[Loan, str | None]], *, held: Loan | None = None
    ) -> None:
        ids = {one for _, one in wanted if one is not None and is_reference(one)}
        self.known: dict[str, LoanEvent] = {}
        self.entered: list[LoanEvent] = []
        # Those above a ceiling: which one, and why it is right all the same.
        self.confirmed: list[tuple[LoanEvent, str, str]] = []
        # What the day has moved before this batch, as far as a ceiling had to know.
        self.moved: dict[object, Decimal] = {}
        if len(wanted) == 1:
            loan = held or lock_loan(wanted[0][0])
            self.loans = {loan.pk: loan}
            known, latest = self._of_one(loan, next(iter(ids), ""))
            self._latest = {loan.pk: latest}
            ids = ids if known else set()
        else:
            self.loans = lock_loans({loan.pk for loan, _ in wanted})
            on_loans = LoanEvent.objects.filter(loan__in=self.loans)
            latest_of = (
                on_loans.order_by().values_list("loan").annotate(Max("sequence"))
            )
            self._latest = dict(latest_of)
        if ids:
            self.known = {
                one.external_id: one for one in _EVENTS.filter(external_id__in=ids)
            }

    def enter(
        self,
        content: Mapping[str, object],
        *,
        loan: Loan,
        external_id: str | None,
        recorded_by: str,
    ) -> LoanEvent:
        """Give an event its place in its loan; it is stored with the others.

        Raises:
            InvalidValue: a field is malformed, or nobody recorded it.
        """
        checks.check_author(recorded_by, field="recorded_by")
        sequence = self._latest.get(loan.pk, 0) + 1
        event = LoanEvent(
            external_id=external_id or f"evt-{uuid4().hex}",
            sequence=sequence,
            recorded_by=recorded_by,
            **content,
        )
        checks.check_fields(event, skip=("loan", "reverses"))
        self._latest[loan.pk] = sequence
        self.known[event.external_id] = event
        self.entered.append(event)
        return event

    def entered_on(self, loan: Loan) -> list[LoanEvent]:
        """Return what was entered on a loan and is not stored yet."""
        return [one for one in self.entered if one.loan_id == loan.pk]

    def store(self) -> list[LoanEvent]:
        """Insert what was entered; return those whose id was taken meanwhile.

        The locks keep twins on one loan apart; on another loan the id can be taken.
        """
        return insert_unless_there(self.entered, unique="external_id")

    @staticmethod
    def _of_one(loan: Loan, external_id: str) -> tuple[int | None, int]:
        row = _OF_ONE.first(loan=loan.pk, external_id=external_id)
        known, latest = row or (None, None)
        return known, latest or 0
