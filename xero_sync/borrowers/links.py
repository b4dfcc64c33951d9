"""Links that open a borrower's own pages, without an account or a password.

A link names the company and nothing else, signed and dated. It opens until it is
`CUSTOMER_LINK_DAYS` old or a person revokes the company's links. Whoever holds it is
let in, so we keep it nowhere: it stands in a mail, and in what a web server logs of the
addresses that were asked for.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.core.signing import BadSignature, SignatureExpired, TimestampSigner
from django.db import transaction
from django.urls import reverse

from lending.audit import trail
from lending.models import Company
from xero_sync.models import Connection, LinkRevocation

# Neither kind of token opens what the other one is for.
LINK_SALT = "xero_sync.customers.link"
VISIT_SALT = "xero_sync.customers.visit"
# A link of Codat's works for a day, so nobody comes back from it later.
VISIT_LASTS = timedelta(days=1)


class LinkNotValid(Exception):
    """The link was never ours, was cut short, or has been revoked."""


class LinkExpired(Exception):
    """The link was ours and is too old now."""

    def __init__(self, company: Company) -> None:
        self.company = company
        super().__init__(LinkExpired.__doc__)


@dataclass(frozen=True)
class Visit:
    """A borrower whom we sent to Xero: on which connection, in which language."""

    connection: Connection
    language: str


def token_for(company: Company) -> str:
    """Return a fresh token that opens the company's pages."""
    return _signer(LINK_SALT).sign_object([company.pk, _revocations(company.pk)])


def link_for(company: Company) -> str:
    """Return a fresh link to the company's page."""
    path = reverse("customer", kwargs={"token": token_for(company)})
    return f"{settings.PUBLIC_BASE_URL}{path}"


@transaction.atomic
def hand_out(*, company: Company, by: str) -> str:
    """Return a fresh link for a person to hand on, and write down that they have it."""
    trail.record("company.link_made", company, by=by)
    return link_for(company)


def company_of(token: str) -> Company:
    """Return the company whose pages a token opens.

    Raises:
        LinkNotValid: it opens nothing, or no longer.
        LinkExpired: it is too old.
    """
    signer = _signer(LINK_SALT)
    try:
        held, is_expired = signer.unsign_object(token, max_age=lasts()), False
    except SignatureExpired:
        held, is_expired = signer.unsign_object(token), True
    except BadSignature as exc:
        raise LinkNotValid(LinkNotValid.__doc__) from exc
    company_id, revocations = held
    company = Company.objects.filter(pk=company_id).first()
    if company is None or revocations != _revocations(company_id):
        raise LinkNotValid(LinkNotValid.__doc__)
    if is_expired:
        raise LinkExpired(company)
    return company


def lasts() -> timedelta:
    """Return for how long a link opens."""
    return timedelta(days=settings.CUSTOMER_LINK_DAYS)


@transaction.atomic
def revoke(*, company: Company, revoked_by: str, now: datetime) -> None:
    """Let none of the links open any more that the company was given so far."""
    LinkRevocation.objects.create(
        company=company, revoked_at=now, revoked_by=revoked_by
    )
    trail.record("company.links_revoked", company, by=revoked_by, at=now)


def visit_for(connection: Connection, *, language: str) -> str:
    """Return what comes back with a borrower whom we send to Xero.

    Codat hands it through, so it opens no page for longer than the way there and back.
    """
    company_id = connection.company_id
    return _signer(VISIT_SALT).sign_object(
        [str(connection.pk), _revocations(company_id), language]
    )


def visit_of(token: str) -> Visit:
    """Return who comes back.

    Raises:
        LinkNotValid: nobody whom we sent within the last day.
    """
    try:
        held = _signer(VISIT_SALT).unsign_object(token, max_age=VISIT_LASTS)
    except BadSignature as exc:
        raise LinkNotValid(LinkNotValid.__doc__) from exc
    connection_id, revocations, language = held
    rows = Connection.objects.select_related("company")
    connection = rows.filter(pk=UUID(connection_id)).first()
    if connection is None or revocations != _revocations(connection.company_id):
        raise LinkNotValid(LinkNotValid.__doc__)
    return Visit(connection, language)


def _revocations(company_id: int) -> int:
    return LinkRevocation.objects.filter(company=company_id).count()


def _signer(salt: str) -> TimestampSigner:
    # A colon, Django's own choice, ends an address in some mail programs.
    return TimestampSigner(salt=salt, sep=".")
