"""A borrower who asks for their link gets it by mail, at the address on file alone."""

from datetime import datetime
from typing import Any
from uuid import uuid4

from django.db import transaction

from lending.audit import trail
from lending.models import Company
from xero_sync.borrowers import links, notices
from xero_sync.models import BorrowerLink, BorrowerSitting, LinkRequest
from xero_sync.models.borrowers import ASKED, NoticeKind
from xero_sync.runtime import task_queue
from xero_sync.runtime.clock import database_now

ANSWER = "xero_sync.borrowers.link_requests.answer"
# So many are looked at by one job; the rest by the next.
AT_ONCE = 500


def ask(*, reference: str, email: str, now: datetime) -> None:
    """Take down what somebody entered; whether we know them is looked at by a job.

    So the caller learns nothing, not even from the time that it takes.
    """
    LinkRequest.objects.create(reference=reference, email=email, asked_at=now)
    task_queue.nudge(ANSWER)


def answer(**_ignored: Any) -> str:
    """Mail the link to each who asked with the address on file; forget the others."""
    task_queue.answer(job=ANSWER)
    now, known = database_now(), 0
    for request in LinkRequest.objects.order_by("pk")[:AT_ONCE]:
        known += _answer(request, now)
    return f"{known} known"


@transaction.atomic
def _answer(request: LinkRequest, now: datetime) -> bool:
    company = Company.objects.filter(reference=request.reference.strip()).first()
    known = company.contact_email.casefold() if company else ""
    is_known = bool(known) and known == request.email.strip().casefold()
    if company and is_known:
        mail_link(company=company, now=now)
    request.delete()
    return is_known


def mail_link(*, company: Company, now: datetime) -> None:
    """Mail a fresh link to a company, at most once an hour."""
    notices.tell(
        company=company,
        kind=NoticeKind.LINK,
        subject=f"{ASKED} {now:%Y-%m-%d %H}h",
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


@transaction.atomic
def share(*, sitting: BorrowerSitting, email: str, now: datetime) -> BorrowerLink:
    """Mail a link of their own to the borrower's accountant.

    With it they may do all but disconnect, share, and say which organisation it is; the
    borrower is told of each act.
    """
    link = links.owe(
        company=sitting.company, sent_to=email, made_by=sitting.actor, now=now
    )
    notices.tell(
        company=sitting.company,
        kind=NoticeKind.ACCOUNTANT_LINK,
        subject=str(link.pk),
        now=now,
    )
    trail.record(
        "company.link_shared",
        sitting.company,
        by=sitting.actor,
        at=now,
        after={"link": str(link.pk)},
    )
    return link
