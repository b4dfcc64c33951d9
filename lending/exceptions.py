"""Why the lender's book refuses something, and what to do about it."""

# The names say what is the case, as the callers read them: no "Error" at the end.

from collections.abc import Mapping
from decimal import Decimal
from inspect import cleandoc

from django.utils.translation import gettext


class LendingError(Exception):
    """The lender's book refused this."""

    code = "lending_error"

    def __init__(self, message: str | None = None, *, field: str | None = None) -> None:
        self.field = field
        self.message = message or gettext(cleandoc(type(self).__doc__ or ""))
        super().__init__(self.message)


class InvalidValue(LendingError):
    """A value is missing or malformed."""

    code = "invalid_value"


class InvalidReference(InvalidValue):
    """The reference is malformed or reserved."""

    code = "invalid_reference"


class UnknownCurrency(InvalidValue):
    """The currency is not an ISO 4217 code in use."""

    code = "unknown_currency"


class ReferenceTaken(LendingError):
    """The reference is already in use; choose another."""

    code = "reference_taken"


class UnknownEventKind(LendingError):
    """The kind of event is not known."""

    code = "unknown_event_kind"


class AmountNotAllowed(LendingError):
    """The amount is not a positive amount in the currency's units."""

    code = "amount_not_allowed"


class CurrencyMismatch(LendingError):
    """The currency is not the one of the company."""

    code = "currency_mismatch"


class ValueDateNotAllowed(LendingError):
    """The value date lies before the agreement or ahead of today."""

    code = "value_date_not_allowed"


class InvoiceOverpaid(LendingError):
    """The payments would exceed the invoice; `surplus` says by how much."""

    code = "invoice_overpaid"

    def __init__(
        self, message: str | None = None, *, surplus: Decimal, field: str = "amount"
    ) -> None:
        self.surplus = surplus
        super().__init__(message, field=field)


class CeilingExceeded(LendingError):
    """The amount is above a ceiling; it takes the amount once more, and a reason."""

    code = "ceiling_exceeded"


class LoanClosed(LendingError):
    """The loan is closed and accepts only a reversal."""

    code = "loan_closed"


class LoanNotSettled(LendingError):
    """The loan is not settled; closing it takes a reason."""

    code = "loan_not_settled"


class RouteFrozen(LendingError):
    """The collection route can no longer be changed."""

    code = "route_frozen"


class EventAlreadyReversed(LendingError):
    """The event has been reversed already."""

    code = "event_already_reversed"


class ReversalNotReversible(LendingError):
    """A reversal cannot be reversed; record the event again instead."""

    code = "reversal_not_reversible"


class ExternalIdConflict(LendingError):
    """The external id belongs to an event with other content.

    `differences` maps each differing field to what is stored and what was given.
    """

    code = "external_id_conflict"

    def __init__(
        self,
        message: str | None = None,
        *,
        differences: Mapping[str, tuple[object, object]],
    ) -> None:
        self.differences = dict(differences)
        super().__init__(message, field="external_id")
