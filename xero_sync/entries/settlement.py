"""Whether a loan is at its end, in the lender's book and in Xero."""

from lending.models import Loan
from lending.positions import Position, loan_position
from xero_sync.models import SyncRecord


def is_settled(loan: Loan, position: Position | None = None) -> bool:
    """Tell whether a loan is at its end, in the lender's book and in Xero.

    At least one drawdown, the lender account at zero, the invoice paid in full, and
    every entry closed; lines held because bank feeds are off do not count. Without a
    `position` the loan's own is worked out.
    """
    position = position or loan_position(loan=loan)
    drawn = loan.events.filter(kind="drawdown", reverses=None, reversed_by=None)
    own = SyncRecord.objects.filter(loan=loan)
    if not position.is_settled or not drawn.exists() or own.unfinished().exists():
        return False
    # What may stand twice is not at its end in Xero.
    return not own.filter(is_alarmed=True).exists()
