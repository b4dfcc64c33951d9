"""A borrower who asks for their link gets it by mail, at the address on file alone."""

from datetime import datetime
from uuid import uuid4

from django.db import transaction

from lending.audit import trail
from lending.models import Company
from xero_sync.borrowers import notices
from xero_sync.models.borrowers import NoticeKind


def mail_link(*, company: Company, now: datetime) -> None:
    """Mail a fresh link to a company, at most once an hour."""
    notices.tell(
        company=company,
        kind=NoticeKind.LINK,
        subject=f"asked for at {now:%Y-%m-%d %H}h",
        now=now,
    )


@transaction.atomic
def mail_link_for(*, company: Company, author: str, now: datetime) -> None:
    """Mail a fresh link to a company because one of us wants it to have one."""
    notices.tell(
        company=company,
        kind=NoticeKind.LINK,
        subject=f"sent by {author[:100]}, {uuid4()}",
        now=now,
    )
    trail.record("company.link_mailed", company, by=author, at=now)


def ask(*, reference: str, email: str, now: datetime) -> None:
    """Mail the link if the address is the one on file; tell the caller nothing."""
    company = Company.objects.filter(reference=reference.strip()).first()
    known = company.contact_email.casefold() if company else ""
    if company and known and known == email.strip().casefold():
        mail_link(company=company, now=now)
