"""Sittings: who opened a link sits in their browser for a while, by a cookie.

They have nothing to do with the admin's sessions. A sitting ends after 30 minutes in
which nothing was asked for, after 12 hours, and with its link.
"""

from datetime import datetime, timedelta
from secrets import token_urlsafe
from uuid import UUID

from django.db import transaction
from django.db.models import F

from lending.models import Company
from xero_sync.borrowers import notices
from xero_sync.borrowers.links import TOKEN_BYTES, hash_of
from xero_sync.models import BorrowerLink, BorrowerSitting
from xero_sync.models.borrowers import NoticeKind

# A page a second need not write a row each time.
SEEN_EVERY = timedelta(minutes=1)


class NotTheirs(Exception):
    """The company is none of the borrower's."""


@transaction.atomic
def begin(*, link: BorrowerLink, now: datetime) -> str:
    """Open a sitting by a link that opens, and return the value of its cookie."""
    secret = token_urlsafe(TOKEN_BYTES)
    BorrowerSitting.objects.create(
        link=link,
        company=link.company,
        secret_hash=hash_of(secret),
        started_at=now,
        seen_at=now,
    )
    BorrowerLink.objects.filter(pk=link.pk).update(
        openings=F("openings") + 1, last_opened_at=now
    )
    return secret


def find(
    secret: str, *, now: datetime, is_somebody: bool = True
) -> BorrowerSitting | None:
    """Return the sitting of a cookie, if it goes on, and note that it was seen.

    A page that looks again by itself is not somebody. One that is about a company which
    is the borrower's no more goes back to that of its link.
    """
    rows = BorrowerSitting.objects.open(now).select_related("company", "link__company")
    sitting = rows.filter(secret_hash=hash_of(secret)).first()
    if sitting is None:
        return None
    if is_somebody and sitting.seen_at < now - SEEN_EVERY:
        BorrowerSitting.objects.filter(pk=sitting.pk).update(seen_at=now)
    if not _is_theirs(sitting.company, sitting.link.company):
        sitting.company = sitting.link.company
        sitting.save(update_fields=["company"])
    return sitting


def _is_theirs(company: Company, own: Company) -> bool:
    shared = own.borrower_reference
    return company == own or (shared != "" and company.borrower_reference == shared)


def is_owners(sitting_id: UUID) -> bool:
    """Tell whether a sitting, also one that is over, is or was the borrower's own."""
    rows = BorrowerSitting.objects.select_related("link")
    sitting = rows.filter(pk=sitting_id).first()
    return sitting is not None and sitting.is_owner


def end(*, sitting: BorrowerSitting, now: datetime) -> None:
    """End a sitting; its cookie opens nothing any more."""
    BorrowerSitting.objects.filter(pk=sitting.pk, ended_at=None).update(ended_at=now)


def speak(*, sitting: BorrowerSitting, language: str) -> None:
    """Remember the language that was chosen on a page."""
    if sitting.language != language:
        sitting.language = language
        sitting.save(update_fields=["language"])


def companies(sitting: BorrowerSitting) -> list[Company]:
    """Return the borrower's companies, one for each organisation in Xero.

    Those that share our reference of the borrower; without one, the link's own alone.
    """
    own = sitting.link.company
    if not own.borrower_reference:
        return [own]
    same = Company.objects.filter(borrower_reference=own.borrower_reference)
    return list(same.order_by("legal_name", "pk"))


def choose(*, sitting: BorrowerSitting, reference: str) -> None:
    """Go on with another organisation of the same borrower.

    Raises:
        NotTheirs: the reference is none of theirs.
    """
    for company in companies(sitting):
        if company.reference == reference:
            sitting.company = company
            sitting.save(update_fields=["company"])
            return
    raise NotTheirs(NotTheirs.__doc__)


def acted(*, sitting: BorrowerSitting, what: str, now: datetime) -> None:
    """Let the borrower know of what their accountant has just done.

    `what` is one of `mails.ACTS`; what the borrower does themself they know.
    """
    if sitting.is_owner:
        return
    notices.tell(
        company=sitting.company,
        kind=NoticeKind.ACCOUNTANT_ACTED,
        subject=f"{what} {now.isoformat()} {sitting.link_id}",
        now=now,
    )
