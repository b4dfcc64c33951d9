"""Borrowers are asked by mail, once for each cause, about what is lost or not chosen.

It is found in the rows by the sweep, as for statement lines: whoever finds that an
account is gone waits for no mail, and a cause that a process died over is told of too.
"""

from datetime import datetime

from lending.models import Company
from xero_sync.borrowers import account_matters, notices
from xero_sync.models import BorrowerNotice
from xero_sync.models.borrowers import NoticeKind


def tell(*, now: datetime) -> None:
    """Owe a mail to each borrower who has to choose, once for each cause."""
    for company in account_matters.in_doubt():
        for one in account_matters.lost(company):
            _tell(company, NoticeKind.CHOICE_LOST, one.cause, now)
        if cause := account_matters.awaited(company):
            _tell(company, NoticeKind.ACCOUNTS_AWAITED, cause, now)


def _tell(company: Company, kind: NoticeKind, cause: str, now: datetime) -> None:
    told = BorrowerNotice.objects.filter(company=company, kind=kind, subject=cause)
    if not told.exists():
        notices.tell(company=company, kind=kind, subject=cause, now=now)
