"""Adopt a company and its Xero connection that exist at Codat already."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from lending.audit import trail
from lending.models import Company
from xero_sync.codat.client import CodatClient
from xero_sync.codat.companies import Connection as RemoteConnection
from xero_sync.codat.exceptions import (
    ConnectionNotLinked,
    ConnectionTaken,
)
from xero_sync.connections.status import refresh, status_of
from xero_sync.models import (
    Connection,
)

XERO = "gbol"


def import_codat_company(
    *,
    company: Company,
    codat_company_id: UUID,
    codat_connection_id: UUID | None,
    client: CodatClient,
    now: datetime,
) -> Connection:
    """Adopt a company and its Xero connection that exist at Codat already.

    Without a connection id the company's only Xero connection is taken.

    Raises:
        ConnectionNotLinked: there is no such connection, or more than one.
        ConnectionTaken: it is another company's.
        CodatError: Codat did not answer, or refused.
    """
    found = _choose(
        client.list_connections(codat_company_id), wanted=codat_connection_id
    )
    other = company.connections.live().exclude(codat_connection_id=UUID(found.id))
    if other.exists():
        raise ConnectionNotLinked(
            _("The company has a connection already; it has to be deleted first."),
            field="codat_connection_id",
        )
    try:
        connection, is_new = _taken_in(company, codat_company_id, found)
    except IntegrityError as exc:
        raise ConnectionNotLinked(
            _("The company, or this company of Codat's, has a live connection."),
            field="codat_company_id",
        ) from exc
    if not is_new and connection.company_id != company.pk:
        raise ConnectionTaken(
            _("This connection belongs to the company %(reference)s already.")
            % {"reference": connection.company.reference},
            company_id=connection.company_id,
        )
    return refresh(connection=connection, client=client, now=now)


@transaction.atomic
def _taken_in(
    company: Company, codat_company_id: UUID, found: RemoteConnection
) -> tuple[Connection, bool]:
    connection, is_new = Connection.objects.get_or_create(
        codat_connection_id=UUID(found.id),
        defaults={
            "company": company,
            "codat_company_id": codat_company_id,
            "status": status_of(found),
        },
    )
    if is_new:
        ids = trail.values_of(connection, "codat_company_id", "codat_connection_id")
        trail.record("connection.made", connection, after=ids)
    return connection, is_new


def _choose(
    found: Iterable[RemoteConnection], *, wanted: UUID | None
) -> RemoteConnection:
    fitting = [
        one
        for one in found
        if (one.id == str(wanted) if wanted else one.platform_key in {XERO, ""})
    ]
    if len(fitting) == 1:
        return fitting[0]
    raise ConnectionNotLinked(
        _("Codat knows %(count)d fitting Xero connections of this company; name one.")
        % {"count": len(fitting)},
        field="codat_connection_id",
    )
