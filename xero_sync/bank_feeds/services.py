"""A bank feed connected to an account in Xero, cut off, changed and closed.

Codat's rules for a source account: its name can be changed; its balance while it is not
connected; its status only to disconnected. Deleting it takes its mapping along, while
the account in Xero stays. A mapping that Codat has already is not asked for again.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from lending.money import quantize
from xero_sync.bank_feeds import source_accounts
from xero_sync.bank_feeds import status as feed_status
from xero_sync.bank_feeds import wording as feed_wording
from xero_sync.bank_feeds.status import ids_of, note
from xero_sync.codat.bank_feeds import TargetAccountOption
from xero_sync.codat.body_values import cut_text
from xero_sync.codat.client import CodatClient
from xero_sync.codat.exceptions import (
    AlreadyUnderWay,
    BankFeedsNotEnabled,
    CodatAccessDenied,
    CodatRejected,
    CodatUnavailable,
    ConnectionNotLinked,
    DecisionNotAllowed,
    FeedNotMapped,
    MappingIncomplete,
)
from xero_sync.models import LenderAccount, SyncRecord
from xero_sync.models.choices import (
    STANDING_STATES,
    UNDER_WAY_STATES,
    ConnectionStatus,
    FeedStatus,
    Step,
)
from xero_sync.organisations import changes as organisations
from xero_sync.runtime import leases
from xero_sync.runtime.clock import database_now
from xero_sync.writeback import feed_refusals, setups

GONE = 404
FED = (FeedStatus.CONNECTING, FeedStatus.CONNECTED)


def targets(
    *, account: LenderAccount, client: CodatClient
) -> tuple[TargetAccountOption, ...]:
    """Return the accounts in Xero that a feed may be connected to.

    Codat offers those of the feed's currency and kind that no other company feeds.

    Raises:
        DecisionNotAllowed: the account has no feed, or it was closed.
        CodatError: Codat did not answer.
    """
    account = _with_feed(account)
    with source_accounts.refusals_of(account.connection):
        return feed_status.mapping_of(account, client).options


def map_once(
    *, account: LenderAccount, target_account_id: str, client: CodatClient
) -> None:
    """Ask Codat for a mapping, once; without a target Xero makes a new account.

    Repeating it while Xero works may make a second account, so what follows a lost
    answer is a look.

    Raises:
        BankFeedsNotEnabled: Xero refuses bank feeds for this organisation.
        FeedNotMapped: the account is fed elsewhere, or does not fit.
        CodatError: Codat did not answer.
    """
    before = account.feed_status
    _say(account, FeedStatus.CONNECTING)
    try:
        with source_accounts.refusals_of(account.connection):
            outcome = client.create_bank_feed_mapping(
                *ids_of(account.connection),
                source_account_id=account.source_account_id,
                target_account_id=target_account_id or None,
                feed_start_date=account.feed_start_date,
            )
    except CodatRejected as exc:
        _say(account, before)
        raise _not_mapped(exc.detail or str(exc)) from exc
    except (BankFeedsNotEnabled, CodatAccessDenied, CodatUnavailable):
        # It was not taken in, so nothing is being connected.
        _say(account, before)
        raise
    if outcome.error:
        _say(account, before)
        raise _not_mapped(outcome.error)


def _say(account: LenderAccount, status: str) -> None:
    LenderAccount.objects.filter(pk=account.pk).update(
        feed_status=status, feed_status_since=database_now()
    )


def _not_mapped(words: str) -> FeedNotMapped:
    message = _("Codat did not connect the feed: %(words)s %(remedy)s") % {
        "words": words,
        "remedy": feed_wording.FED_ELSEWHERE,
    }
    return FeedNotMapped(message, field="target_account_id")


def connect(
    *,
    account: LenderAccount,
    client: CodatClient,
    by: str,
    now: datetime,
    target_account_id: str = "",
) -> LenderAccount:
    """Connect a feed to an account in Xero: the one it had, one that is there, or new.

    What is connected so already is left as it is. A feed that goes to another account
    is cut off first. Lines that waited go on in order, each once.

    Raises:
        DecisionNotAllowed: the account has no feed, or entries stand on the account
            that it would leave.
        ConnectionNotLinked: the borrower has to reconnect first.
        OrganisationChanged: a person has to say first which organisation it is.
        BankFeedsNotEnabled: bank feeds are switched off, or Xero refuses them.
        FeedNotMapped: the account is fed elsewhere, or does not fit.
        AlreadyUnderWay: somebody else is choosing for this connection.
        CodatError: Codat did not answer.
    """
    account = _with_feed(account)
    source_accounts.require_app_feeds()
    connection = account.connection
    if connection.status != ConnectionStatus.LINKED or connection.deleted_at:
        raise ConnectionNotLinked(field="connection")
    organisations.require_confirmed(connection)
    wanted = target_account_id or account.target_account_id
    if account.target_account_id not in {"", wanted}:
        _require_unused(account)
    _require_free(account, wanted)
    with _alone(account):
        present = feed_status.mapping_of(account, client)
        is_so = wanted in {"", present.target_account_id}
        if not (present.status in FED and is_so):
            if present.status in FED:
                _require_offered(wanted, present.options)
                _cut(account, client)
            map_once(account=account, target_account_id=wanted, client=client)
        with transaction.atomic():
            account.target_account_id = wanted
            account.save(update_fields=["target_account_id"])
            target = {"field": "target_account_id", "after": wanted}
            note(account, "feed.connected", by=by, at=now, **target)
        account = feed_status.look(account=account, client=client, now=now)
    connection.refresh_from_db(fields=["feed_refusal"])
    if connection.feed_refusal and account.feed_status in FED:
        feed_refusals.lift(
            company_id=connection.company_id, now=now, by=by, note=account.name
        )
    return account


def disconnect(
    *, account: LenderAccount, client: CodatClient, by: str, now: datetime
) -> LenderAccount:
    """Cut a feed off; its lines wait, and the account in Xero stays.

    One that is cut off already is left as it is.

    Raises:
        DecisionNotAllowed: the account has no feed, or it was closed.
        AlreadyUnderWay: somebody else is choosing for this connection.
        CodatError: Codat did not answer.
    """
    account = _with_feed(account)
    with _alone(account):
        if feed_status.mapping_of(account, client).status in FED:
            _cut(account, client)
            with transaction.atomic():
                note(account, "feed.disconnected", by=by, at=now)
        return feed_status.look(account=account, client=client, now=now)


def rename(
    *, account: LenderAccount, name: str, client: CodatClient, by: str, now: datetime
) -> LenderAccount:
    """Change what a source account is called; the account in Xero keeps its name.

    Raises:
        DecisionNotAllowed: the account has no feed, or it was closed.
        MappingIncomplete: there is no name, or it is too long for Xero.
        CodatError: Codat did not answer, or refused.
    """
    account = _with_feed(account)
    most = source_accounts.NAME_CHARACTERS
    if not name or name != cut_text(name, most):
        raise MappingIncomplete(
            _("Give a name of up to %(most)d characters on one line.") % {"most": most},
            field="name",
        )
    _patch(account, {"accountName": name}, client)
    return _changed(account, "feed.renamed", "name", name, by=by, now=now)


def set_opening_balance(
    *,
    account: LenderAccount,
    balance: Decimal,
    client: CodatClient,
    by: str,
    now: datetime,
) -> LenderAccount:
    """Change what the statement begins with, in the account's currency.

    Raises:
        DecisionNotAllowed: the feed is connected, or lines stand on the statement.
        MappingIncomplete: the balance is too exact for the currency.
        CodatError: Codat did not answer, or refused.
    """
    account = _with_feed(account)
    if quantize(balance, account.currency) != balance:
        raise MappingIncomplete(
            _("Too exact for %(currency)s; round it.") % {"currency": account.currency},
            field="balance",
        )
    if account.feed_status in (*FED, FeedStatus.ELSEWHERE):
        raise DecisionNotAllowed(
            _("The balance can only be changed while the feed is not connected."),
            field="balance",
        )
    if has_lines(account):
        raise DecisionNotAllowed(
            _("Lines stand on this statement; its opening balance is fixed."),
            field="balance",
        )
    _patch(account, {"balance": balance}, client)
    field = "opening_balance"
    return _changed(account, "feed.balance_changed", field, balance, by=by, now=now)


@transaction.atomic
def _changed(
    account: LenderAccount,
    verb: str,
    field: str,
    value: object,
    *,
    by: str,
    now: datetime,
) -> LenderAccount:
    before = getattr(account, field)
    setattr(account, field, value)
    account.save(update_fields=[field])
    if before != value:
        note(account, verb, field=field, before=before, after=value, by=by, at=now)
    return account


def close(
    *, account: LenderAccount, client: CodatClient, by: str, now: datetime
) -> LenderAccount:
    """Delete a source account and its mapping for good; the account in Xero stays.

    Lines that wait stay held, since loans keep their lender account; new loans need the
    accounts chosen anew. One that Codat has not any more is closed here as well.

    Raises:
        DecisionNotAllowed: the account has no feed, or lines are under way.
        AlreadyUnderWay: somebody else is choosing for this connection.
        CodatError: Codat did not answer.
    """
    account = _with_feed(account)
    with _alone(account):
        if _lines(account).filter(state__in=UNDER_WAY_STATES).exists():
            raise DecisionNotAllowed(
                _("Lines are under way; close the account once they are settled.")
            )
        ids = ids_of(account.connection)
        try:
            client.delete_source_account(*ids, account.source_account_id)
        except CodatRejected as exc:
            if exc.status_code != GONE:
                raise
        return feed_status.store(
            account, status=FeedStatus.CLOSED, verb="feed.closed", by=by, now=now
        )


def _with_feed(account: LenderAccount) -> LenderAccount:
    """Read an account afresh, and refuse one that has no feed to act on."""
    row = LenderAccount.objects.select_related("connection__company").get(pk=account.pk)
    if not row.source_account_id:
        raise DecisionNotAllowed(_("This account has no bank feed."))
    if row.void_since:
        raise DecisionNotAllowed(
            _("This account is in the organisation that was connected before.")
        )
    if row.feed_status == FeedStatus.CLOSED:
        raise DecisionNotAllowed(_("This account's bank feed was closed for good."))
    return row


def _require_unused(account: LenderAccount) -> None:
    """Refuse to move a feed from an account that entries stand on."""
    if account.mappings.exists() or account.sync_records.exists():
        raise DecisionNotAllowed(
            _(
                "Entries stand on the account in Xero that this feed belongs to. To "
                "use another one, choose the accounts anew: later loans go there."
            ),
            field="target_account_id",
        )


def _require_free(account: LenderAccount, wanted: str) -> None:
    others = account.connection.lender_accounts.exclude(pk=account.pk)
    if wanted and others.filter(target_account_id=wanted).exists():
        raise FeedNotMapped(
            _("Another lender account of this connection is that account in Xero."),
            field="target_account_id",
        )


def _require_offered(wanted: str, options: tuple[TargetAccountOption, ...]) -> None:
    if wanted not in {one.id for one in options}:
        raise FeedNotMapped(
            _("Xero offers no such account for this feed."), field="target_account_id"
        )


@contextmanager
def _alone(account: LenderAccount) -> Iterator[None]:
    with leases.alone(act="choosing", on=account.connection_id) as lease:
        if lease is None:
            raise AlreadyUnderWay
        setups.require_none(account.connection, now=database_now())
        yield


def _cut(account: LenderAccount, client: CodatClient) -> None:
    _patch(account, {"status": FeedStatus.DISCONNECTED.value}, client)


def _patch(
    account: LenderAccount, body: dict[str, object], client: CodatClient
) -> None:
    client.update_source_account(
        *ids_of(account.connection), account.source_account_id, body
    )


def has_lines(account: LenderAccount) -> bool:
    """Tell whether lines stand on an account's statement, or may come to."""
    states = (*STANDING_STATES, *UNDER_WAY_STATES)
    return _lines(account).filter(state__in=states).exists()


def _lines(account: LenderAccount) -> QuerySet[SyncRecord]:
    return account.sync_records.filter(step=Step.STATEMENT_LINE)
