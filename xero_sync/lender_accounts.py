"""The lender's account in the borrower's Xero: created with its feed, or adopted."""

import time
import uuid
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from xero_sync import organisations
from xero_sync.clock import database_now
from xero_sync.codat import payloads
from xero_sync.codat.bank_feeds import FeedMapping, SourceAccount
from xero_sync.codat.body_values import sort_code_digits
from xero_sync.codat.client import CodatClient
from xero_sync.codat.exceptions import (
    AccountCurrencyMismatch,
    BankFeedsNotEnabled,
    CodatAccessDenied,
    CodatRejected,
    LenderAccountNotReady,
    MappingIncomplete,
    XeroNotReady,
)
from xero_sync.models import Connection, LenderAccount
from xero_sync.models.choices import FeedStatus
from xero_sync.offers import is_usable
from xero_sync.writeback import reconsider

PATIENCE = timedelta(minutes=2)
POLL_SECONDS = 1.0
# Xero shows this much of a source account's name.
NAME_CHARACTERS = 30
# Source accounts of our own making start with this.
OUR_IDS = "lender-"


def create(
    *,
    connection: Connection,
    account_number: str,
    client: CodatClient,
    sort_code: str = "",
    name: str = "",
    feed_start_date: date | None = None,
    wait: Callable[[float], None] = time.sleep,
) -> LenderAccount:
    """Create the lender account as a bank feed's source account, and wait for Xero.

    Called again it goes on where it stopped: an account is never created twice. Xero
    makes the target account when the mapping is read, so it is read until the account
    is there.

    Raises:
        BankFeedsNotEnabled: Xero refuses bank feeds for this organisation.
        OrganisationChanged: a person has to say first which organisation it is.
        MappingIncomplete: a number is missing or malformed.
        LenderAccountNotReady: Xero has not made the account within two minutes, or
            before `wait` gave up.
        CodatError: a call failed.
    """
    organisations.require_confirmed(connection)
    _check_numbers(connection, account_number, sort_code)
    account = _begun(connection) or _begin(connection, name, feed_start_date)
    known = {one.id for one in _source_accounts(connection, client)}
    if account.source_account_id not in known:
        _create_source(account, account_number, sort_code, client)
    if _mapping_of(account, client).status == FeedStatus.PENDING:
        _map(account, client)
    gives_up_at = database_now() + PATIENCE
    while database_now() < gives_up_at:
        account = look(account=account, client=client, now=database_now())
        if account.feed_status == FeedStatus.CONNECTED and account.target_account_id:
            return account
        try:
            wait(POLL_SECONDS)
        except XeroNotReady as exc:
            raise LenderAccountNotReady(field="lender_account") from exc
    raise LenderAccountNotReady(field="lender_account")


def _check_numbers(connection: Connection, account_number: str, sort_code: str) -> None:
    """Refuse what Codat would refuse, before anything is made there."""
    if not account_number.strip():
        raise MappingIncomplete(
            _("The lender account needs an account number."), field="account_number"
        )
    if not sort_code and connection.company.currency != "GBP":
        return
    try:
        sort_code_digits(sort_code)
    except ValueError as exc:
        raise MappingIncomplete(
            _("An account in pounds needs a sort code of six digits."),
            field="sort_code",
        ) from exc


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
    _check_numbers(connection, account_number, sort_code)
    finished = connection.lender_accounts.exclude(target_account_id="").filter(
        void_since=None
    )
    ours = {one.source_account_id: one for one in finished.order_by("pk")}
    wanted = _digits(account_number), _digits(sort_code)
    for source in _source_accounts(connection, client) if ours else []:
        if (_digits(source.account_number), _digits(source.sort_code)) == wanted:
            return ours.get(source.id)
    return None


def _digits(number: str) -> str:
    return "".join(one for one in number if one.isalnum())


def _begun(connection: Connection) -> LenderAccount | None:
    """Return the account whose making was begun and that nobody has chosen yet."""
    return connection.lender_accounts.filter(
        mappings=None,
        void_since=None,
        source_account_id__startswith=OUR_IDS,
        feed_status__in=(
            FeedStatus.PENDING,
            FeedStatus.CONNECTING,
            FeedStatus.CONNECTED,
        ),
    ).first()


def _begin(
    connection: Connection, name: str, feed_start_date: date | None
) -> LenderAccount:
    return LenderAccount.objects.create(
        connection=connection,
        source_account_id=f"{OUR_IDS}{uuid.uuid4()}",
        name=(name or settings.LENDER_NAME)[:NAME_CHARACTERS],
        currency=connection.company.currency,
        feed_status=FeedStatus.PENDING,
        feed_start_date=feed_start_date,
    )


def _ids(connection: Connection) -> tuple[uuid.UUID, uuid.UUID]:
    return connection.codat_company_id, connection.codat_connection_id


def _source_accounts(
    connection: Connection, client: CodatClient
) -> list[SourceAccount]:
    try:
        return client.list_source_accounts(*_ids(connection))
    except CodatAccessDenied as exc:
        raise _refused(exc) from exc


def _refused(exc: CodatAccessDenied) -> Exception:
    if exc.problem:
        return BankFeedsNotEnabled(
            _("Xero refuses bank feeds for this organisation: %(words)s")
            % {"words": exc.detail or exc.problem},
            field="bank_feeds",
        )
    return exc


def _create_source(
    account: LenderAccount, account_number: str, sort_code: str, client: CodatClient
) -> None:
    body = payloads.source_account(
        account_id=account.source_account_id,
        name=account.name,
        account_number=account_number,
        sort_code=sort_code,
        currency=account.currency,
    )
    try:
        client.create_source_account(*_ids(account.connection), body)
    except CodatAccessDenied as exc:
        raise _refused(exc) from exc


def _mapping_of(account: LenderAccount, client: CodatClient) -> FeedMapping:
    for mapping in client.get_bank_feed_mapping(*_ids(account.connection)):
        if mapping.source_account_id == account.source_account_id:
            return mapping
    raise MappingIncomplete(
        _("Codat does not know the source account %(id)s.")
        % {"id": account.source_account_id},
        field="lender_account",
    )


def _map(account: LenderAccount, client: CodatClient) -> None:
    # Asked for once: repeating it while Xero works may make a second account.
    LenderAccount.objects.filter(pk=account.pk).update(
        feed_status=FeedStatus.CONNECTING
    )
    try:
        outcome = client.create_bank_feed_mapping(
            *_ids(account.connection),
            source_account_id=account.source_account_id,
            feed_start_date=account.feed_start_date,
        )
    except CodatAccessDenied as exc:
        _not_mapped(account)
        raise _refused(exc) from exc
    if outcome.error:
        _not_mapped(account)
        raise CodatRejected(outcome.error, method="POST", path="bankFeedAccounts")


def _not_mapped(account: LenderAccount) -> None:
    LenderAccount.objects.filter(pk=account.pk).update(feed_status=FeedStatus.PENDING)


def look(
    *, account: LenderAccount, client: CodatClient, now: datetime
) -> LenderAccount:
    """Read the state of an account's feed, and release the lines that waited for it."""
    if not account.source_account_id:
        return account
    try:
        mapping = _mapping_of(account, client)
    except MappingIncomplete:
        return _store(account, status=FeedStatus.DISCONNECTED, target="", now=now)
    return _store(
        account, status=mapping.status, target=mapping.target_account_id, now=now
    )


@transaction.atomic
def _store(
    account: LenderAccount, *, status: str, target: str, now: datetime
) -> LenderAccount:
    row = LenderAccount.objects.select_for_update(no_key=True).get(pk=account.pk)
    known = status in FeedStatus.values
    row.feed_status = FeedStatus(status) if known else FeedStatus.UNKNOWN
    # An id once learnt stays: a feed that is cut off does not move the account.
    row.target_account_id = row.target_account_id or target
    row.save(update_fields=["feed_status", "target_account_id"])
    reconsider.company(company_id=row.connection.company_id, now=now)
    return row


def _check_target(
    connection: Connection, target_account_id: str, client: CodatClient
) -> None:
    for account in client.list_bank_accounts(*_ids(connection)):
        if account.id != target_account_id or not is_usable(account):
            continue
        if account.currency != connection.company.currency:
            raise AccountCurrencyMismatch(field="target_account_id")
        return
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
) -> LenderAccount:
    """Take an account that exists in Xero as the lender account.

    With a source account its feed goes on from `opening_balance`, in the company's
    currency; without one no statement lines are written.

    Raises:
        OrganisationChanged: a person has to say first which organisation it is.
        MappingIncomplete: Xero has no such active bank account, or the source account
            does not feed it.
        AccountCurrencyMismatch: the account is kept in another currency.
        CodatError: a call failed.
    """
    organisations.require_confirmed(connection)
    status: str = FeedStatus.NONE
    name = settings.LENDER_NAME
    if source_account_id:
        fed = [
            mapping
            for mapping in client.get_bank_feed_mapping(*_ids(connection))
            if mapping.source_account_id == source_account_id
            and mapping.target_account_id == target_account_id
        ]
        if not fed:
            raise MappingIncomplete(
                _("The source account %(source)s does not feed this account in Xero.")
                % {"source": source_account_id},
                field="source_account_id",
            )
        status, name = fed[0].status, fed[0].source_account_name or name
    else:
        _check_target(connection, target_account_id, client)
    account, _is_new = LenderAccount.objects.update_or_create(
        connection=connection,
        target_account_id=target_account_id,
        defaults={
            "source_account_id": source_account_id,
            "name": name,
            "currency": connection.company.currency,
            "feed_status": status,
            "feed_start_date": feed_start_date,
            "opening_balance": opening_balance,
            # The borrower may have come back to the organisation that has it.
            "void_since": None,
        },
    )
    return account
