"""Links that open a borrower's own pages, without an account or a password.

A link is a random token; of each we keep a hash, for whom it is, and until when it
opens. Whoever holds it is let in, so it stands nowhere but in a mail or in the hands of
who made it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from secrets import token_urlsafe
from uuid import UUID

from django.conf import settings
from django.core.signing import BadSignature, TimestampSigner
from django.db import transaction
from django.urls import reverse

from lending.audit import trail
from lending.models import Company
from xero_sync.models import BorrowerLink, BorrowerSitting, Connection
from xero_sync.models.links import BorrowerLinkQuerySet, LinkRole

# 256 bits, in characters that no mail program breaks.
TOKEN_BYTES = 32
VISIT_SALT = "xero_sync.borrowers.visit"
# A link of Codat's works for a day, so nobody comes back from it later.
VISIT_LASTS = timedelta(days=1)


class LinkNotValid(Exception):
    """The link was never ours, was cut short, or has been revoked."""


class LinkExpired(Exception):
    """The link was ours and is too old now."""

    def __init__(self, link: BorrowerLink) -> None:
        self.link = link
        super().__init__(LinkExpired.__doc__)


@dataclass(frozen=True)
class Visit:
    """A borrower whom we sent to Xero: on which connection, from which sitting."""

    connection: Connection
    sitting_id: UUID
    language: str


def make(
    *,
    company: Company,
    made_by: str,
    now: datetime,
    role: str = LinkRole.OWNER,
    starts_at_task: bool = False,
) -> str:
    """Make a link to a company's pages; return its address, which is kept nowhere."""
    return _made(company, made_by, now, role, starts_at_task=starts_at_task)[1]


def _made(
    company: Company,
    made_by: str,
    now: datetime,
    role: str,
    *,
    starts_at_task: bool = False,
) -> tuple[BorrowerLink, str]:
    token = token_urlsafe(TOKEN_BYTES)
    link = BorrowerLink.objects.create(
        company=company,
        role=role,
        token_hash=hash_of(token),
        starts_at_task=starts_at_task,
        made_at=now,
        made_by=made_by,
        expires_at=now + lasts(),
    )
    return link, address_of(token)


def owe(*, company: Company, sent_to: str, made_by: str, now: datetime) -> BorrowerLink:
    """Store an accountant's link, which opens nothing until a mail carries it."""
    return BorrowerLink.objects.create(
        company=company,
        role=LinkRole.ACCOUNTANT,
        sent_to=sent_to,
        made_at=now,
        made_by=made_by,
        expires_at=now + lasts(),
    )


def write_out(link: BorrowerLink) -> str:
    """Return the address of a link that a mail carries now; an earlier one ends."""
    token = token_urlsafe(TOKEN_BYTES)
    BorrowerLink.objects.filter(pk=link.pk).update(token_hash=hash_of(token))
    return address_of(token)


def address_of(token: str) -> str:
    """Return the address that a token opens."""
    path = reverse("customer", kwargs={"token": token})
    return f"{settings.PUBLIC_BASE_URL}{path}"


def hash_of(secret: str) -> str:
    """Return what is kept of a token or a cookie.

    They are random and long, so that no salt is needed against guessing.
    """
    return sha256(secret.encode()).hexdigest()


@transaction.atomic
def hand_out(
    *, company: Company, by: str, now: datetime, role: str = LinkRole.OWNER
) -> tuple[BorrowerLink, str]:
    """Make a link for a person to hand on, and write down that they have it.

    Returns:
        The link, and its address, which is kept nowhere.
    """
    link, address = _made(company, by, now, role)
    after = {"link": str(link.pk), "role": role}
    trail.record("company.link_made", company, by=by, at=now, after=after)
    return link, address


def find(token: str, *, now: datetime) -> BorrowerLink:
    """Return the link of a token.

    Raises:
        LinkNotValid: it opens nothing, or no longer.
        LinkExpired: it is too old.
    """
    links = BorrowerLink.objects.select_related("company")
    link = links.filter(token_hash=hash_of(token)).first()
    if link is None or link.revoked_at is not None:
        raise LinkNotValid(LinkNotValid.__doc__)
    if link.expires_at <= now:
        raise LinkExpired(link)
    return link


def lasts() -> timedelta:
    """Return for how long a link opens."""
    return timedelta(days=settings.CUSTOMER_LINK_DAYS)


@transaction.atomic
def revoke(*, link: BorrowerLink, by: str, now: datetime) -> None:
    """Let one link open no more, and end its sittings."""
    if _revoke(BorrowerLink.objects.filter(pk=link.pk), by=by, now=now):
        after = {"link": str(link.pk)}
        trail.record("company.link_revoked", link.company, by=by, at=now, after=after)


@transaction.atomic
def revoke_all(*, company: Company, by: str, now: datetime) -> None:
    """Let no link open any more that a company was given, and end the sittings.

    Those as well that are about it by a link of another organisation of the borrower's.
    """
    _revoke(BorrowerLink.objects.filter(company=company), by=by, now=now)
    here = BorrowerSitting.objects.filter(company=company, ended_at=None)
    here.update(ended_at=now)
    trail.record("company.links_revoked", company, by=by, at=now)


def _revoke(links: BorrowerLinkQuerySet, *, by: str, now: datetime) -> int:
    count: int = links.filter(revoked_at=None).update(revoked_at=now, revoked_by=by)
    return count


def visit_for(connection: Connection, sitting: BorrowerSitting, language: str) -> str:
    """Return what comes back with a borrower whom we send to Xero.

    Codat hands it through, so it opens no page: it names the sitting that left.
    """
    held = [str(connection.pk), str(sitting.pk), language]
    return _signer().sign_object(held)


def visit_of(token: str) -> Visit:
    """Return who comes back.

    Raises:
        LinkNotValid: nobody whom we sent within the last day.
    """
    try:
        held = _signer().unsign_object(token, max_age=VISIT_LASTS)
    except BadSignature as exc:
        raise LinkNotValid(LinkNotValid.__doc__) from exc
    connection_id, sitting_id, language = held
    rows = Connection.objects.select_related("company")
    connection = rows.filter(pk=UUID(connection_id)).first()
    if connection is None:
        raise LinkNotValid(LinkNotValid.__doc__)
    return Visit(connection, UUID(sitting_id), language)


def _signer() -> TimestampSigner:
    return TimestampSigner(salt=VISIT_SALT, sep=".")
