"""What a loan's events come to on each account, at any value date.

Signs are those of the borrower's books: a debit (more asset, more cost) is positive.
The five accounts always add up to the invoice amount, because every event moves what
one account loses to another.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils.translation import gettext

from lending import formats
from lending.models import CollectionRoute, Company, EventKind, Loan, LoanEvent
from lending.money import quantize

ZERO = Decimal(0)

FeeTax = Callable[[LoanEvent], Decimal]


def no_tax(event: LoanEvent) -> Decimal:  # noqa: ARG001
    """Take a fee to hold no tax."""
    return ZERO


@dataclass(frozen=True)
class Effect:
    """Signed change of each account."""

    lender: Decimal = ZERO
    nominated: Decimal = ZERO
    expense: Decimal = ZERO
    tax: Decimal = ZERO
    receivable: Decimal = ZERO

    def reversed(self) -> "Effect":
        """The change that takes this one back."""
        return Effect(
            lender=-self.lender,
            nominated=-self.nominated,
            expense=-self.expense,
            tax=-self.tax,
            receivable=-self.receivable,
        )


@dataclass(frozen=True)
class Position:
    """Where the accounts stand, in the currency's units."""

    currency: str
    lender_account: Decimal
    nominated_account: Decimal
    fee_expense: Decimal
    tax: Decimal
    receivable: Decimal

    @property
    def is_settled(self) -> bool:
        """Whether the lender account is at zero and the invoice is paid."""
        return self.lender_account == ZERO and self.receivable == ZERO


@dataclass(frozen=True)
class Settlement:
    """The event that would bring the lender account to zero."""

    kind: EventKind
    amount: Decimal


def effect_of(event: LoanEvent, loan: Loan, tax: Decimal = ZERO) -> Effect:
    """Signed effect of one event; `tax` is the part of a fee that is tax, positive."""
    effect = _effect_of_kind(EventKind(event.kind), event.amount, loan, tax)
    return effect.reversed() if event.is_reversal else effect


def movements(
    *,
    loan: Loan,
    events: Iterable[LoanEvent] | None = None,
    as_of: date | None = None,
    fee_tax: FeeTax = no_tax,
) -> list[tuple[LoanEvent, Effect]]:
    """Each event with its effect, in the order of recording.

    Without `events` the loan's own are read. A reversal carries the tax of the event it
    takes back, so that the two cancel whatever `fee_tax` says today.
    """
    found = sorted(
        loan.events.all() if events is None else events,
        key=lambda event: event.sequence,
    )
    by_id = {event.pk: event for event in found}

    def tax_of(event: LoanEvent) -> Decimal:
        if event.kind != EventKind.FEE:
            return ZERO
        if not event.is_reversal:
            return fee_tax(event)
        return fee_tax(by_id.get(event.reverses_id or 0) or event.reverses or event)

    return [
        (event, effect_of(event, loan, tax_of(event)))
        for event in found
        if as_of is None or event.value_date <= as_of
    ]


def loan_position(
    *,
    loan: Loan,
    events: Iterable[LoanEvent] | None = None,
    as_of: date | None = None,
    fee_tax: FeeTax = no_tax,
) -> Position:
    """Where a loan stands, on its events up to and including `as_of`."""
    moved = movements(loan=loan, events=events, as_of=as_of, fee_tax=fee_tax)
    effects = [effect for _, effect in moved]
    return _position(
        currency=loan.company.currency, invoiced=loan.invoice_amount, effects=effects
    )


def company_position(
    *, company: Company, as_of: date | None = None, fee_tax: FeeTax = no_tax
) -> Position:
    """Where a company stands: the sum of its loans agreed by `as_of`."""
    loans = company.loans.prefetch_related("events")
    if as_of is not None:
        loans = loans.filter(agreed_on__lte=as_of)
    invoiced, effects = ZERO, []
    for loan in loans:
        invoiced += loan.invoice_amount
        moved = movements(loan=loan, as_of=as_of, fee_tax=fee_tax)
        effects += [effect for _, effect in moved]
    return _position(currency=company.currency, invoiced=invoiced, effects=effects)


def settling_event(position: Position, loan: Loan) -> Settlement | None:  # noqa: ARG001
    """The one event that brings the lender account to zero, or None if it is there.

    What we hold too much of goes back to the borrower; what is missing, the borrower
    pays. That is so on both routes: only who collects the invoice differs.
    """
    if position.lender_account > ZERO:
        return Settlement(EventKind.RESIDUAL_RELEASE, position.lender_account)
    if position.lender_account < ZERO:
        return Settlement(EventKind.FINAL_PAYMENT, -position.lender_account)
    return None


def explain(position: Position, loan: Loan) -> list[str]:
    """Say what does not come to zero and which event would settle it."""
    sentences = []
    if position.receivable > ZERO:
        sentences.append(
            gettext(
                "%(amount)s of the invoice is unpaid; an invoice payment of %(amount)s "
                "would settle it."
            )
            % {"amount": formats.money(position.receivable, position.currency)}
        )
    if position.receivable < ZERO:
        sentences.append(
            gettext(
                "The payments exceed the invoice by %(amount)s; reverse the one that "
                "is too much."
            )
            % {"amount": formats.money(-position.receivable, position.currency)}
        )
    settlement = settling_event(position, loan)
    if settlement is not None:
        sentences.append(_explain_lender_account(position, loan, settlement))
    return sentences


def _explain_lender_account(
    position: Position, loan: Loan, settlement: Settlement
) -> str:
    words = {
        "balance": formats.money(position.lender_account, position.currency),
        "amount": formats.money(settlement.amount, position.currency),
    }
    if settlement.kind == EventKind.RESIDUAL_RELEASE:
        return (
            gettext(
                "The lender account stands at %(balance)s, not at zero; a residual "
                "release of %(amount)s would settle it."
            )
            % words
        )
    if loan.collection_route == CollectionRoute.LENDER and position.receivable > ZERO:
        return (
            gettext(
                "The lender account stands at %(balance)s, not at zero; the invoice "
                "payment counts towards it, and without one a final payment of "
                "%(amount)s would settle it."
            )
            % words
        )
    return (
        gettext(
            "The lender account stands at %(balance)s, not at zero; a final payment of "
            "%(amount)s would settle it."
        )
        % words
    )


def _effect_of_kind(
    kind: EventKind, amount: Decimal, loan: Loan, tax: Decimal
) -> Effect:
    match kind:
        case EventKind.DRAWDOWN | EventKind.RESIDUAL_RELEASE:
            return Effect(lender=-amount, nominated=amount)
        case EventKind.FINAL_PAYMENT:
            return Effect(lender=amount, nominated=-amount)
        case EventKind.FEE:
            return Effect(lender=-amount, expense=amount - tax, tax=tax)
        case EventKind.INVOICE_PAYMENT:
            # Booked by us or by the borrower, the money is where the debtor sent it.
            if loan.collection_route == CollectionRoute.LENDER:
                return Effect(lender=amount, receivable=-amount)
            return Effect(nominated=amount, receivable=-amount)


def _position(*, currency: str, invoiced: Decimal, effects: list[Effect]) -> Position:
    def total(values: Iterable[Decimal]) -> Decimal:
        return quantize(sum(values, ZERO), currency)

    return Position(
        currency=currency,
        lender_account=total(effect.lender for effect in effects),
        nominated_account=total(effect.nominated for effect in effects),
        fee_expense=total(effect.expense for effect in effects),
        tax=total(effect.tax for effect in effects),
        receivable=total([invoiced, *(effect.receivable for effect in effects)]),
    )
