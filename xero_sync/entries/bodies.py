"""What entries would say if they were sent now, made by the code that sends them.

Neither the entries nor what they are made from need be stored, and nothing is.
"""

from datetime import date
from decimal import Decimal

from xero_sync.models import LoanInXero, SyncRecord
from xero_sync.models.choices import Step
from xero_sync.writeback import freezing, lines
from xero_sync.writeback.readiness import AnyAccount, AnyConnection, AnyMapping

# The one thing that only Xero knows: a body names it as what it is.
LOOKED_UP = "(looked up before sending)"


class Bodies:
    """The bodies of entries by one connection's accounts."""

    def __init__(self, *, connection: AnyConnection, mapping: AnyMapping) -> None:
        self._connection = connection
        self._mapping = mapping
        self._statements: dict[int, tuple[Decimal, date | None]] = {}

    def account_of(self, booking: SyncRecord, in_xero: LoanInXero | None) -> AnyAccount:
        """Return the lender account that a booking and its statement line go by."""
        return freezing.account_of(
            connection=self._connection,
            mapping=freezing.mapping_of(booking, self._mapping),
            in_xero=in_xero or LoanInXero(loan=booking.loan),
        )

    def of_booking(self, record: SyncRecord, in_xero: LoanInXero | None) -> bytes:
        """Return the body of a transfer, a direct cost or a payment.

        Raises:
            ValueError: it could not be sent either; the words say what is wrong.
        """
        known = in_xero or LoanInXero(loan=record.loan)
        basis = freezing.Basis(
            self._connection,
            freezing.mapping_of(record, self._mapping),
            self.account_of(record, in_xero),
            _found(known, record) if record.step == Step.PAYMENT else known,
        )
        return freezing.freeze_booking(record=record, basis=basis)

    def of_line(self, record: SyncRecord, account: AnyAccount) -> bytes:
        """Return the push of a statement line, as if it went alone.

        Its balance grows by what waits before it.

        Raises:
            ValueError: the account has no bank feed, or the line cannot be sent as it
                is.
        """
        balance, latest = self._statement(account)
        return freezing.freeze_lines(
            records=[record], account=account, balance=balance, latest_sent=latest
        )

    def _statement(self, account: AnyAccount) -> tuple[Decimal, date | None]:
        if not account.pk:
            # It is still to be made, so nothing stands on it.
            return account.opening_balance, None
        if account.pk not in self._statements:
            self._statements[account.pk] = (
                lines.statement_balance(account),
                lines.latest_date_sent(account),
            )
        return self._statements[account.pk]


def _found(known: LoanInXero, record: SyncRecord) -> LoanInXero:
    """Return the invoice as it is known, or as one that is looked up later."""
    if known.invoice_id:
        return known
    return LoanInXero(
        loan=record.loan,
        invoice_id=record.loan.invoice_external_id or LOOKED_UP,
        customer_id=LOOKED_UP,
    )
