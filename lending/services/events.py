"""Record what happened on a loan, and take it back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext

from lending import money
from lending.audit import trail
from lending.exceptions import (
    EventAlreadyReversed,
    ExternalIdConflict,
    LendingError,
    ReversalNotReversible,
)
from lending.models import EventKind, Loan, LoanEvent
from lending.services import ceilings, checks
from lending.services.batch import EventBatch
from lending.signals import loan_event_recorded


@dataclass(frozen=True, kw_only=True)
class NewEvent:
    """A movement of money to be recorded; the fields are those of `record_event`."""

    loan: Loan
    kind: str
    amount: Decimal
    value_date: date
    recorded_by: str
    today: date
    external_id: str | None = None
    currency: str | None = None
    description: str = ""
    already_in_books: bool = False
    confirmed_amount: Decimal | None = None
    reason: str = ""


# The event and whether it is new; or why it was refused; or None, not attempted.
Outcome = tuple[LoanEvent, bool] | LendingError | None


class TakenMeanwhile(Exception):
    """An id was recorded on another loan at this moment; roll back and look again."""


@transaction.atomic
def record_event(
    *,
    loan: Loan,
    kind: str,
    amount: Decimal,
    value_date: date,
    recorded_by: str,
    today: date,
    external_id: str | None = None,
    currency: str | None = None,
    description: str = "",
    already_in_books: bool = False,
    confirmed_amount: Decimal | None = None,
    reason: str = "",
) -> tuple[LoanEvent, bool]:
    """Record a movement of money on a loan; answer the event and whether it is new.

    The same external id with the same content answers the event that is there, even on
    a loan closed since. An event is never edited; a mistake is answered by a reversal.
    `today` is the company's own date. The signal goes out in this transaction. What is
    above a ceiling takes `confirmed_amount`, the amount once more, and a `reason`,
    which stays on the trail; what is `already_in_books` is above none.

    Raises:
        UnknownEventKind: the kind is not one of ours.
        CurrencyMismatch: a currency was given and is not the company's.
        AmountNotAllowed: not a positive Decimal in the currency's units.
        InvalidReference: the external id is malformed or reserved.
        ExternalIdConflict: the external id belongs to an event with other content.
        LoanClosed: the loan accepts no more events.
        ValueDateNotAllowed: before the agreement or ahead of today.
        InvoiceOverpaid: the payments would exceed the invoice.
        CeilingExceeded: the amount is above a ceiling and was not repeated.
        InvalidValue: the value date is no date, the description is too long, a reason
            is missing, or nobody recorded it.
    """
    new = NewEvent(
        loan=loan,
        kind=kind,
        amount=amount,
        value_date=value_date,
        recorded_by=recorded_by,
        today=today,
        external_id=external_id,
        currency=currency,
        description=description,
        already_in_books=already_in_books,
        confirmed_amount=confirmed_amount,
        reason=reason,
    )
    try:
        outcome = _only(record_events([new]))
    except TakenMeanwhile:
        # The twin has committed: its event is found now.
        outcome = _only(record_events([new]))
    return outcome


def record_in_transaction(new: NewEvent) -> tuple[LoanEvent, bool]:
    """Record a movement as `record_event` does, in the caller's transaction.

    The caller has locked the loan by `lock_loan_of`.

    Raises:
        TakenMeanwhile: as for `record_events`.
        LendingError: as for `record_event`.
    """
    return _only(
        _record([new], EventBatch([(new.loan, new.external_id)], held=new.loan))
    )


def record_events(new: Sequence[NewEvent]) -> list[Outcome]:
    """Record many movements in the caller's transaction, with few statements.

    Each is recorded or refused as by `record_event`, in the given order. One that is
    refused leaves no trace, and the later ones of its loan are not attempted. The
    signal goes out once for all.

    Raises:
        TakenMeanwhile: an id was recorded on another loan at this moment; to be rolled
            back and called again.
    """
    if not new:
        return []
    return _record(new, EventBatch([(one.loan, one.external_id) for one in new]))


def _record(new: Sequence[NewEvent], batch: EventBatch) -> list[Outcome]:
    outcomes: list[Outcome] = []
    stopped: set[int] = set()
    for one in new:
        if one.loan.pk in stopped:
            outcomes.append(None)
            continue
        try:
            outcomes.append(_enter(batch, one))
        except LendingError as exc:
            stopped.add(one.loan.pk)
            outcomes.append(exc)
    _store(batch)
    return outcomes


def _only(outcomes: Sequence[Outcome]) -> tuple[LoanEvent, bool]:
    """Return the outcome of the only event of a call, or raise why it was refused."""
    (outcome,) = outcomes
    if isinstance(outcome, LendingError):
        raise outcome
    if outcome is None:
        raise TypeError("An event that is alone is always attempted.")
    return outcome


def _enter(batch: EventBatch, new: NewEvent) -> tuple[LoanEvent, bool]:
    """Check an event and give it its place, or return the one that is there."""
    loan = batch.loans[new.loan.pk]
    kind = checks.check_kind(new.kind)
    checks.check_currency(loan, new.currency)
    content: dict[str, object] = {
        "loan": loan,
        "kind": kind,
        "amount": money.validate_amount(new.amount, loan.company.currency),
        "value_date": checks.check_date(new.value_date, field="value_date"),
        "description": new.description,
        "already_in_books": new.already_in_books,
        "reverses": None,
    }
    existing = _find(batch, new.external_id)
    if existing is not None:
        return _same_or_conflict(existing, content), False
    checks.check_open(loan)
    checks.check_value_date(loan, new.value_date, today=new.today)
    if kind == EventKind.INVOICE_PAYMENT:
        checks.check_invoice_not_overpaid(loan, new.amount, batch.entered_on(loan))
    passed = "" if new.already_in_books else _ceilings_passed(batch, loan, kind, new)
    event = batch.enter(
        content, loan=loan, external_id=new.external_id, recorded_by=new.recorded_by
    )
    if passed:
        batch.confirmed.append((event, passed, new.reason))
    return event, True


def _ceilings_passed(
    batch: EventBatch, loan: Loan, kind: EventKind, new: NewEvent
) -> str:
    return ceilings.check(
        loan=loan,
        kind=kind,
        amount=new.amount,
        recorded_by=new.recorded_by,
        today=new.today,
        entered=batch.entered,
        moved=batch.moved,
        confirmed_amount=new.confirmed_amount,
        reason=new.reason,
    )


@transaction.atomic
def reverse_event(
    *,
    event: LoanEvent,
    recorded_by: str,
    today: date,
    value_date: date | None = None,
    external_id: str | None = None,
    description: str = "",
) -> tuple[LoanEvent, bool]:
    """Take an event back with one of opposite effect; a closed loan is reopened.

    The value date is today unless given. Repeats behave as in `record_event`; a repeat
    that gives no value date accepts the one that is stored.

    Raises:
        ReversalNotReversible: the event is itself a reversal.
        EventAlreadyReversed: another reversal has been recorded.
        InvalidReference: the external id is malformed or reserved.
        ExternalIdConflict: the external id belongs to an event with other content.
        ValueDateNotAllowed: before the agreement or ahead of today.
        InvalidValue: the value date is no date, the description is too long, or nobody
            recorded it.
    """
    given = (event, recorded_by, today, value_date, external_id, description)
    try:
        return _reverse(*given)
    except TakenMeanwhile:
        return _reverse(*given)


def _reverse(
    event: LoanEvent,
    recorded_by: str,
    today: date,
    value_date: date | None,
    external_id: str | None,
    description: str,
) -> tuple[LoanEvent, bool]:
    batch = EventBatch([(event.loan, external_id)])
    loan = batch.loans[event.loan_id]
    content: dict[str, object] = {
        "loan": loan,
        "kind": EventKind(event.kind),
        "amount": money.quantize(event.amount, loan.company.currency),
        "description": description,
        "reverses": event,
    }
    if value_date is not None:
        content["value_date"] = checks.check_date(value_date, field="value_date")
    existing = _find(batch, external_id)
    if existing is not None:
        return _same_or_conflict(existing, content), False
    _check_reversible(event)
    content.setdefault("value_date", today)
    checks.check_value_date(loan, value_date or today, today=today)
    if loan.is_closed:
        _reopen(loan, by=recorded_by)
    reversal = batch.enter(
        content, loan=loan, external_id=external_id, recorded_by=recorded_by
    )
    _store(batch)
    return reversal, True


def _store(batch: EventBatch) -> None:
    """Insert what was entered, and tell the receivers."""
    if batch.store():
        raise TakenMeanwhile(TakenMeanwhile.__doc__)
    for event, passed, reason in batch.confirmed:
        trail.record(
            "event.above_ceiling",
            event,
            by=event.recorded_by,
            company_id=event.loan.company_id,
            reason=reason,
            after={"amount": event.amount, "passed": passed},
        )
    if batch.entered:
        loan_event_recorded.send(sender=LoanEvent, events=batch.entered)


def _find(batch: EventBatch, external_id: str | None) -> LoanEvent | None:
    """Return the event of an id that the caller gave, if it is there."""
    if external_id is None:
        return None
    return batch.known.get(checks.check_reference(external_id, field="external_id"))


def _check_reversible(event: LoanEvent) -> None:
    if event.is_reversal:
        message = gettext(
            "reverses: %(event)s is a reversal itself; record the original again."
        ) % {"event": event.external_id}
        raise ReversalNotReversible(message, field="reverses")
    earlier = LoanEvent.objects.filter(reverses=event).first()
    if earlier is not None:
        message = gettext(
            "reverses: %(event)s was reversed by %(reversal)s; nothing is left to do."
        ) % {"event": event.external_id, "reversal": earlier.external_id}
        raise EventAlreadyReversed(message, field="reverses")


def _same_or_conflict(existing: LoanEvent, content: Mapping[str, object]) -> LoanEvent:
    """Answer the stored event if it says the same, or raise ExternalIdConflict."""
    differences = {
        field: (getattr(existing, field), given)
        for field, given in content.items()
        if getattr(existing, field) != given
    }
    if not differences:
        return existing
    currency = existing.loan.company.currency
    words = "; ".join(
        gettext("%(field)s is %(stored)s, not %(given)s")
        % {
            "field": field,
            "stored": _in_words(stored, currency),
            "given": _in_words(given, currency),
        }
        for field, (stored, given) in differences.items()
    )
    message = gettext(
        "external_id: “%(id)s” is recorded with other content: %(differences)s. Use "
        "a new id for a new event."
    ) % {"id": existing.external_id, "differences": words}
    raise ExternalIdConflict(message, differences=differences)


def _in_words(value: object, currency: str) -> object:
    return money.as_text(value, currency) if isinstance(value, Decimal) else value


def _reopen(loan: Loan, *, by: str) -> None:
    before = trail.values_of(loan, "closed_at", "closed_by", "close_reason")
    loan.closed_at = None
    loan.closed_by = ""
    loan.close_reason = ""
    loan.save(update_fields=[*before])
    trail.record_change("loan.reopened", loan, by=by, before=before)
