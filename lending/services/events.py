"""Record what happened on a loan, and take it back."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from uuid import uuid4

from django.db import transaction
from django.utils.translation import gettext

from lending import money
from lending.exceptions import (
    EventAlreadyReversed,
    ExternalIdConflict,
    ReversalNotReversible,
)
from lending.models import EventKind, Loan, LoanEvent
from lending.prepared import Prepared, insert_unless_there
from lending.services import checks
from lending.services.loans import lock_loan
from lending.signals import loan_event_recorded

_KNOWN = Prepared(
    lambda external_id: LoanEvent.objects.filter(external_id=external_id).values_list(
        "pk"
    ),
    external_id=LoanEvent._meta.get_field("external_id"),
)
_LATEST = Prepared(
    lambda loan: (
        LoanEvent.objects.filter(loan=loan)
        .order_by("-sequence")
        .values_list("sequence")[:1]
    ),
    loan=Loan._meta.pk,
)


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
) -> tuple[LoanEvent, bool]:
    """Record a movement of money on a loan; answer the event and whether it is new.

    The same external id with the same content answers the event that is there, even on
    a loan closed since. An event is never edited; a mistake is answered by a reversal.
    `today` is the company's own date. The signal goes out in this transaction.

    Raises:
        UnknownEventKind: the kind is not one of ours.
        CurrencyMismatch: a currency was given and is not the company's.
        AmountNotAllowed: not a positive Decimal in the currency's units.
        InvalidReference: the external id is malformed or reserved.
        ExternalIdConflict: the external id belongs to an event with other content.
        LoanClosed: the loan accepts no more events.
        ValueDateNotAllowed: before the agreement or ahead of today.
        InvoiceOverpaid: the payments would exceed the invoice.
        InvalidValue: the value date is no date, the description is too long, or nobody
            recorded it.
    """
    loan = lock_loan(loan)
    known_kind = checks.check_kind(kind)
    checks.check_currency(loan, currency)
    content: dict[str, object] = {
        "loan": loan,
        "kind": known_kind,
        "amount": money.validate_amount(amount, loan.company.currency),
        "value_date": checks.check_date(value_date, field="value_date"),
        "description": description,
        "already_in_books": already_in_books,
        "reverses": None,
    }
    existing = _find(external_id)
    if existing is not None:
        return _same_or_conflict(existing, content), False
    checks.check_open(loan)
    checks.check_value_date(loan, value_date, today=today)
    if known_kind == EventKind.INVOICE_PAYMENT:
        checks.check_invoice_not_overpaid(loan, amount)
    return _store(content, loan, external_id, recorded_by)


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
    loan = lock_loan(event.loan)
    content: dict[str, object] = {
        "loan": loan,
        "kind": EventKind(event.kind),
        "amount": money.quantize(event.amount, loan.company.currency),
        "description": description,
        "reverses": event,
    }
    if value_date is not None:
        content["value_date"] = checks.check_date(value_date, field="value_date")
    existing = _find(external_id)
    if existing is not None:
        return _same_or_conflict(existing, content), False
    _check_reversible(event)
    content.setdefault("value_date", today)
    checks.check_value_date(loan, value_date or today, today=today)
    if loan.is_closed:
        _reopen(loan)
    return _store(content, loan, external_id, recorded_by)


def _find(external_id: str | None) -> LoanEvent | None:
    """Return the event of an id that the caller gave, if it is there."""
    if external_id is None:
        return None
    checks.check_reference(external_id, field="external_id")
    if _KNOWN.first(external_id=external_id) is None:
        return None
    events = LoanEvent.objects.select_related("loan__company", "reverses")
    return events.filter(external_id=external_id).first()


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


def _store(
    content: Mapping[str, object],
    loan: Loan,
    external_id: str | None,
    recorded_by: str,
) -> tuple[LoanEvent, bool]:
    """Insert the event and tell the receivers; a parallel twin wins quietly."""
    checks.check_author(recorded_by, field="recorded_by")
    (latest,) = _LATEST.first(loan=loan.pk) or (0,)
    event = LoanEvent(
        external_id=external_id or f"evt-{uuid4().hex}",
        sequence=latest + 1,
        recorded_by=recorded_by,
        **content,
    )
    checks.check_fields(event, skip=("loan", "reverses"))
    if not insert_unless_there(event, unique="external_id"):
        # The lock keeps twins on one loan apart; on another loan the id can be taken.
        existing = LoanEvent.objects.select_related("loan__company", "reverses").get(
            external_id=event.external_id
        )
        return _same_or_conflict(existing, content), False
    loan_event_recorded.send(sender=LoanEvent, event=event)
    return event, True


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


def _reopen(loan: Loan) -> None:
    loan.closed_at = None
    loan.closed_by = ""
    loan.close_reason = ""
    loan.save(update_fields=["closed_at", "closed_by", "close_reason"])
