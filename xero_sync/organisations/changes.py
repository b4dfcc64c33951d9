"""Which Xero organisation a connection leads to, and what follows when it changes.

Codat compares no organisations when a Xero connection is linked anew, and gives no id
of them: what tells one from another is what it says of itself, its name and its base
currency. So a renamed organisation looks like another one, and a person is asked.
"""

import logging
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from lending.audit import trail
from xero_sync.codat.client import CodatClient
from xero_sync.codat.exceptions import (
    CodatError,
    CodatUnavailable,
    DecisionNotAllowed,
    OrganisationChanged,
)
from xero_sync.models import Connection, SyncRecord
from xero_sync.models.choices import Cause, Reason, State
from xero_sync.signals import notify_changes
from xero_sync.writeback import reconsider
from xero_sync.writeback.transitions import lock_connection

logger = logging.getLogger(__name__)

LOCK = "ledger_lock_date"


def read(connection: Connection, client: CodatClient) -> dict[str, object]:
    """Read what the connected organisation says of itself, as far as it does.

    Raises:
        CodatUnavailable: Codat takes no more calls now.
    """
    facts: dict[str, object] = {}
    try:
        profile = client.get_accounting_profile(connection.codat_company_id)
        facts[LOCK] = profile.ledger_lock_date
        facts["books_name"] = profile.company_name
        facts["organisation_currency"] = profile.base_currency
    except CodatUnavailable:
        # To go on asking would be too much; the caller hears of it.
        raise
    except CodatError as exc:
        # Codat answers 409 and 404 before its first read; the daily check comes back.
        logger.info("No accounting profile yet: %s", exc)
    try:
        information = client.get_company_information(
            connection.codat_company_id, connection.codat_connection_id
        )
        facts["feed_name"] = information.company_name
        facts["organisation_currency"] = information.base_currency
        facts["plan_type"] = information.plan_type[:PLAN_CHARACTERS]
    except CodatUnavailable:
        raise
    except CodatError as exc:
        logger.info("No company information yet: %s", exc)
    return {key: value for key, value in facts.items() if value or key == LOCK}


PLAN_CHARACTERS = 50


def take_over(row: Connection, facts: dict[str, object]) -> None:
    """Set what was read on a locked row, and notice another organisation."""
    before = row.organisation_name
    is_other = _is_other(row, facts)
    for field, value in facts.items():
        setattr(row, field, value)
    row.organisation_name = row.feed_name or row.books_name or before
    if is_other and not row.organisation_changed:
        row.organisation_changed = True
        row.previous_organisation_name = before


def _is_other(row: Connection, facts: dict[str, object]) -> bool:
    feed, books = facts.get("feed_name"), facts.get("books_name")
    currency = facts.get("organisation_currency")
    if row.organisation_currency and currency not in {None, row.organisation_currency}:
        # Xero never changes the base currency of an organisation.
        return True
    if feed and row.feed_name:
        return feed != row.feed_name
    if books and row.books_name:
        return books != row.books_name
    # The books and the bank feed may spell one organisation in two ways.
    named = {feed, books} - {None}
    return bool(row.organisation_name and named and row.organisation_name not in named)


def require_confirmed(connection: Connection) -> None:
    """Refuse to touch what may be another organisation.

    Raises:
        OrganisationChanged: a person has to say first which one it is.
    """
    if connection.organisation_changed:
        raise OrganisationChanged(field="connection")


@transaction.atomic
def confirm_same(
    *, connection: Connection, confirmed_by: str, now: datetime, reason: str = ""
) -> Connection:
    """Take a person's word that the organisation is the same under another name.

    The accounts that were chosen go on being used, and what was held is sent.
    """
    row = lock_connection(connection, now=now)
    if not row.organisation_changed:
        return row
    return _decide(
        row, "connection.same_organisation", by=confirmed_by, reason=reason, at=now
    )


@transaction.atomic
def replace(
    *, connection: Connection, replaced_by: str, now: datetime, reason: str = ""
) -> Connection:
    """Take a person's word that it is another organisation, wanted as it is.

    The accounts have to be chosen anew: no id of the earlier organisation is used
    again, and the loans that began in it stay held.

    Raises:
        DecisionNotAllowed: nothing has changed.
    """
    row = lock_connection(connection, now=now)
    if not row.organisation_changed:
        raise DecisionNotAllowed(_("The connection leads where it led before."))
    row.lender_accounts.filter(void_since=None).update(void_since=now)
    row.note_lost([], now=now)
    return _decide(
        row, "connection.other_organisation", by=replaced_by, reason=reason, at=now
    )


def _decide(
    row: Connection, verb: str, *, by: str, reason: str, at: datetime
) -> Connection:
    before, name = row.previous_organisation_name, row.organisation_name
    with notify_changes(row):
        row.organisation_changed = False
        row.previous_organisation_name = ""
        row.save(
            update_fields=[
                "organisation_changed",
                "previous_organisation_name",
                "unusable_account",
                "unusable_choices",
            ]
        )
    trail.record(
        verb,
        row,
        by=by,
        at=at,
        reason=reason,
        before={"organisation_name": before},
        after={"organisation_name": name},
    )
    held = SyncRecord.objects.filter(
        company=row.company_id, state=State.HELD, reason=Reason.ORGANISATION_CHANGED
    )
    reconsider.records(
        records=list(held.select_related("compensates")),
        now=at,
        cause=Cause.PERSON,
        actor=by,
        note=name,
    )
    return row
