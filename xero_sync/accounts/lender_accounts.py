"""The lender's account in the borrower's Xero: created with its feed, or adopted."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from lending.audit import trail
from xero_sync.accounts import plain_accounts
from xero_sync.accounts.options import is_usable
from xero_sync.bank_feeds import services as bank_feeds
from xero_sync.bank_feeds import source_accounts
from xero_sync.bank_feeds import status as feed_status
from xero_sync.bank_feeds.status import ids_of
from xero_sync.codat.accounts import BankAccount
from xero_sync.codat.client import CodatClient
from xero_sync.codat.exceptions import (
    AccountCurrencyMismatch,
    AlreadyUnderWay,
    DecisionNotAllowed,
    MappingIncomplete,
)
from xero_sync.models import Connection, LenderAccount
from xero_sync.models.choices import AccountKind, FeedStatus
from xero_sync.organisations import changes as organisations
from xero_sync.runtime import leases
from xero_sync.runtime.clock import database_now
from xero_sync.writeback import setups
from xero_sync.xero_app import facts


def ensure_source(
    *, connection: Connection, client: CodatClient
) -> LenderAccount | None:
    """Make the source account of a borrower who is about to be sent to Xero.

    Codat's guide to bank feeds asks for the source accounts before the link, so that
    the borrower can connect them there. Called again it makes nothing twice.

    Returns:
        The account; None where there is nothing to make: bank feeds are off here or for
        the lender, the organisation is a demo company, the accounts are chosen already,
        or a source account was made by hand.

    Raises:
        MappingIncomplete: our own account's number is not configured, or malformed.
        AlreadyUnderWay: somebody else is doing it at this moment.
        CodatError: a call failed.
    """
    if (
        not connection.bank_feeds
        or connection.is_demo
        or facts.current().bank_feeds_on is False
        or connection.mappings.exists()
    ):
        return None
    if not settings.LENDER_ACCOUNT_NUMBER:
        _require_made_by_hand(connection)
        return None
    numbers = source_accounts.numbers_of(connection)
    with leases.alone(act="choosing", on=connection.pk) as lease:
        if lease is None:
            raise AlreadyUnderWay
        setups.require_none(connection, now=database_now())
        if plain := plain_accounts.to_be_joined(connection):
            return source_accounts.give_feed(
                account=plain, numbers=numbers, client=client
            )
        return source_accounts.unchosen(
            connection=connection, numbers=numbers, client=client
        )


def _require_made_by_hand(connection: Connection) -> None:
    made = connection.lender_accounts.exclude(source_account_id="")
    if not made.exclude(feed_status=FeedStatus.CLOSED).filter(void_since=None).exists():
        raise MappingIncomplete(
            _(
                "Bank feeds are on, and the lender account has to be there before the "
                "borrower is sent to Xero: set LENDER_ACCOUNT_NUMBER and "
                "LENDER_SORT_CODE, or switch their bank feeds on once they are "
                "connected."
            ),
            field="account_number",
        )


def of_number(
    *,
    connection: Connection,
    account_number: str,
    sort_code: str,
    client: CodatClient,
) -> LenderAccount | None:
    """Return the finished lender account of these numbers, which only Codat knows.

    Raises:
        MappingIncomplete: a number is missing or malformed.
        CodatError: a call failed.
    """
    wanted = source_accounts.numbers_of(connection, account_number, sort_code)
    finished = (
        connection.lender_accounts.filter(void_since=None)
        .exclude(target_account_id="")
        .exclude(feed_status=FeedStatus.CLOSED)
    )
    ours = {one.source_account_id: one for one in finished.order_by("pk")}
    for source in source_accounts.listed(connection, client) if ours else []:
        if source.id in ours and wanted.are_of(source):
            return ours[source.id]
    return None


def _target(
    connection: Connection, target_account_id: str, client: CodatClient
) -> BankAccount:
    """Return an account as Xero has it, once it is sure that it fits."""
    for account in client.list_bank_accounts(*ids_of(connection)):
        if account.id != target_account_id or not is_usable(account):
            continue
        if account.currency != connection.company.currency:
            raise AccountCurrencyMismatch(field="target_account_id")
        return account
    raise MappingIncomplete(
        _("Xero has no active bank account %(id)s.") % {"id": target_account_id},
        field="target_account_id",
    )


def adopt(
    *,
    connection: Connection,
    target_account_id: str,
    client: CodatClient,
    source_account_id: str = "",
    opening_balance: Decimal = Decimal(0),
    feed_start_date: date | None = None,
    by: str = "",
) -> LenderAccount:
    """Take an account that exists in Xero as the lender account.

    Raises:
        WritebackBlocked: as `adoption` does.
        CodatError: a call failed.
    """
    take = adoption(
        connection=connection,
        target_account_id=target_account_id,
        client=client,
        source_account_id=source_account_id,
        opening_balance=opening_balance,
        feed_start_date=feed_start_date,
        by=by,
    )
    return take()


def adoption(
    *,
    connection: Connection,
    target_account_id: str,
    client: CodatClient,
    source_account_id: str = "",
    opening_balance: Decimal = Decimal(0),
    feed_start_date: date | None = None,
    by: str = "",
) -> Callable[[], LenderAccount]:
    """Check an account that is to be adopted; return what then stores it.

    With a source account its feed goes on from `opening_balance`, in the company's
    currency; without one no statement lines are written. One that is a lender account
    with a feed already keeps it unless another is named, and its start date unless one
    is given.

    Raises:
        OrganisationChanged: a person has to say first which organisation it is.
        DecisionNotAllowed: lines stand on the statement of the feed that it has, which
            is another one or begins with another balance.
        MappingIncomplete: Xero has no such active bank account, or the source account
            does not feed it.
        AccountCurrencyMismatch: the account is kept in another currency.
        CodatError: a call failed.
    """
    organisations.require_confirmed(connection)
    status: str = FeedStatus.NONE
    name, known = settings.LENDER_NAME, {}
    if source_account_id:
        fed = [
            mapping
            for mapping in client.get_bank_feed_mapping(*ids_of(connection))
            if mapping.source_account_id == source_account_id
            and mapping.target_account_id == target_account_id
        ]
        if not fed:
            raise MappingIncomplete(
                _("The source account %(source)s does not feed this account in Xero.")
                % {"source": source_account_id},
                field="source_account_id",
            )
        _require_same(connection, target_account_id, source_account_id, opening_balance)
        status, name = fed[0].status, fed[0].source_account_name or name
    else:
        there = _target(connection, target_account_id, client)
        name = there.name or name
        if there.account_type == plain_accounts.TYPES[AccountKind.CREDIT_CARD]:
            known = {"kind": AccountKind.CREDIT_CARD}
        if fed_already := _with_feed(connection, target_account_id):
            return lambda: starting(fed_already, feed_start_date, by)

    def take() -> LenderAccount:
        account = _taken(
            connection,
            target_account_id,
            by,
            source_account_id=source_account_id,
            name=name,
            currency=connection.company.currency,
            feed_status=status,
            opening_balance=opening_balance,
            # The borrower may have come back to the organisation that has it.
            void_since=None,
            **known,
        )
        return starting(account, feed_start_date, by)

    return take


@transaction.atomic
def _taken(
    connection: Connection, target_id: str, by: str, **values: object
) -> LenderAccount:
    there = connection.lender_accounts.filter(target_account_id=target_id).first()
    before = trail.values_of(there, *values) if there else {}
    account, _is_new = LenderAccount.objects.update_or_create(
        connection=connection, target_account_id=target_id, defaults=values
    )
    trail.record_change(
        "lender_account.adopted",
        account,
        by=by,
        company_id=connection.company_id,
        before=before,
        after=values,
    )
    return account


def _with_feed(connection: Connection, target_id: str) -> LenderAccount | None:
    """Return the lender account that is this one in Xero, if its feed stands."""
    accounts = connection.lender_accounts.filter(
        target_account_id=target_id, void_since=None
    )
    fed = accounts.exclude(source_account_id="").exclude(feed_status=FeedStatus.CLOSED)
    return fed.first()


def _require_same(
    connection: Connection, target_id: str, source_id: str, balance: Decimal
) -> None:
    """Refuse to begin a statement anew that lines stand on."""
    present = _with_feed(connection, target_id)
    if present is None or not bank_feeds.has_lines(present):
        return
    if present.source_account_id != source_id:
        raise DecisionNotAllowed(
            _("Lines stand on the statement of the feed that this account has."),
            field="source_account_id",
        )
    if present.opening_balance != balance:
        raise DecisionNotAllowed(
            _("Lines stand on this statement; its opening balance is fixed."),
            field="opening_balance",
        )


def starting(account: LenderAccount, on: date | None, by: str) -> LenderAccount:
    """Give an account the start date of its feed that is wanted now, if one is."""
    if on is None:
        return account
    return feed_status.set_start(
        account=account, starts_on=on, now=database_now(), by=by
    )
