"""The lender's end of a bank feed: source accounts at Codat, under ids of our choosing.

The account's number and sort code are the lender's, configured once and the same on
every feed; they are kept in what was sent to Codat, encrypted in what is to be sent,
and never written to a log.
"""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from xero_sync.bank_feeds import status as feed_status
from xero_sync.bank_feeds import wording as feed_wording
from xero_sync.codat import payloads
from xero_sync.codat.bank_feeds import SourceAccount
from xero_sync.codat.body_values import sort_code_digits
from xero_sync.codat.client import CodatClient
from xero_sync.codat.exceptions import (
    AccountCurrencyMismatch,
    BankFeedsNotEnabled,
    CodatAccessDenied,
    DecisionNotAllowed,
    MappingIncomplete,
)
from xero_sync.codat.setup_payloads import FEED_NUMBER_CHARACTERS
from xero_sync.models import Connection, LenderAccount
from xero_sync.models.choices import AccountKind, FeedStatus, Reason
from xero_sync.runtime.clock import database_now
from xero_sync.writeback import feed_refusals
from xero_sync.xero_app import facts

# Xero shows this much of a source account's name.
NAME_CHARACTERS = 30
# Source accounts of our own making start with this.
OUR_IDS = "lender-"


@dataclass(frozen=True)
class Numbers:
    """The numbers that the borrower sees on the feed; no text of ours shows them."""

    account_number: str = field(repr=False)
    sort_code: str = field(repr=False)

    def are_of(self, source: SourceAccount) -> bool:
        """Tell whether a source account has these numbers, however they are written."""
        return (_digits(self.account_number), _digits(self.sort_code)) == (
            _digits(source.account_number),
            _digits(source.sort_code),
        )


def _digits(number: str) -> str:
    return "".join(one for one in number if one.isalnum())


def numbers_of(
    connection: Connection, account_number: str = "", sort_code: str = ""
) -> Numbers:
    """Return what was given, or what is configured; never write it to a log.

    Raises:
        MappingIncomplete: a number is missing, or is what Codat would refuse.
    """
    if not account_number:
        account_number = settings.LENDER_ACCOUNT_NUMBER
        sort_code = sort_code or settings.LENDER_SORT_CODE
    if not 0 < len(account_number.strip()) <= FEED_NUMBER_CHARACTERS:
        raise MappingIncomplete(
            _("The lender account needs an account number of 1 to %(most)d characters.")
            % {"most": FEED_NUMBER_CHARACTERS},
            field="account_number",
        )
    if not sort_code and connection.company.currency != "GBP":
        return Numbers(account_number, "")
    try:
        sort_code_digits(sort_code)
    except ValueError as exc:
        raise MappingIncomplete(
            _("An account in pounds needs a sort code of six digits."),
            field="sort_code",
        ) from exc
    return Numbers(account_number, sort_code)


def require_app_feeds() -> None:
    """Refuse what needs bank feeds while the lender has switched them off.

    Raises:
        BankFeedsNotEnabled: they are off; nobody having said so is not off.
    """
    if facts.current().bank_feeds_on is False:
        raise BankFeedsNotEnabled(
            _(
                "Bank feeds are switched off for our Xero app. They need Xero's "
                "approval, the partner status, and the toggle on the Xero app's page."
            ),
            code=Reason.FEEDS_NOT_APPROVED,
            field="bank_feeds",
        )


def check_currency(connection: Connection, client: CodatClient) -> None:
    """Refuse a currency that this Xero has no accounts in, before one is made.

    Raises:
        AccountCurrencyMismatch: multi-currency is off, or the currency is not in use.
        CodatError: Codat did not answer.
    """
    wanted = connection.company.currency
    if connection.organisation_currency in {"", wanted}:
        return
    about = client.get_company_information(*feed_status.ids_of(connection))
    if not about.currencies or wanted in about.currencies:
        return
    message = (
        _(
            "This Xero has no accounts in %(currency)s. Ask the borrower to add the "
            "currency in Xero."
        )
        if about.multicurrency_enabled
        else _(
            "Multi-currency is off in this Xero, so it has no accounts in "
            "%(currency)s. The borrower can switch it on in Xero, if their plan has it."
        )
    )
    raise AccountCurrencyMismatch(message % {"currency": wanted}, field="currency")


def give_feed(
    *, account: LenderAccount, numbers: Numbers, client: CodatClient
) -> LenderAccount:
    """Make a source account for a lender account that has none; not connected yet.

    Codat's page on write-back: an account that was there before bank feeds came is fed
    itself, so that there is no second one.

    Raises:
        DecisionNotAllowed: it is not in Xero yet.
    """
    if not account.target_account_id:
        # A feed without a target would make another account.
        raise DecisionNotAllowed(_("This account is not in Xero yet."))
    account = with_source_id(account)
    known = {one.id for one in listed(account.connection, client)}
    if account.source_account_id not in known:
        _create(account, numbers, client)
    return account


def with_source_id(account: LenderAccount) -> LenderAccount:
    """Choose the id of a source account for a lender account that has none."""
    if not account.source_account_id:
        LenderAccount.objects.filter(pk=account.pk, source_account_id="").update(
            source_account_id=f"{OUR_IDS}{uuid.uuid4()}",
            feed_status=FeedStatus.PENDING,
            feed_status_since=database_now(),
        )
        account.refresh_from_db()
    return account


@contextmanager
def refusals_of(connection: Connection) -> Iterator[None]:
    """Remember what Xero refuses of bank feeds in the block, and say what mends it.

    Raises:
        BankFeedsNotEnabled: Xero refused with a problem of its own.
        CodatAccessDenied: Codat refused the key or the plan.
    """
    try:
        yield
    except CodatAccessDenied as exc:
        if not exc.problem:
            raise
        if feed_refusals.is_one(exc.problem):
            feed_refusals.remember(
                connection_id=connection.pk, problem=exc.problem, now=database_now()
            )
        words = feed_wording.in_words(exc.problem, exc.detail)
        raise BankFeedsNotEnabled(words, field="bank_feeds") from exc


def listed(connection: Connection, client: CodatClient) -> list[SourceAccount]:
    """Return what Codat has of a connection's source accounts."""
    with refusals_of(connection):
        return client.list_source_accounts(*feed_status.ids_of(connection))


def unchosen(
    *, connection: Connection, numbers: Numbers, client: CodatClient, name: str = ""
) -> LenderAccount:
    """Return the lender account that nobody has chosen yet, its source account made.

    Called again it makes nothing twice. One that was made for other numbers and never
    connected is given up.
    """
    known = {one.id: one for one in listed(connection, client)}
    account = next(iter(begun(connection)), None)
    source = known.get(account.source_account_id) if account else None
    if account and source and not numbers.are_of(source):
        if account.feed_status == FeedStatus.PENDING:
            client.delete_source_account(*feed_status.ids_of(connection), source.id)
            feed_status.store(account, status=FeedStatus.CLOSED, now=database_now())
        account = source = None
    account = account or begin(connection, name)
    if source is None:
        _create(account, numbers, client)
    return account


def begun(connection: Connection) -> list[LenderAccount]:
    """Return the accounts whose making was begun and that nobody has chosen yet."""
    accounts = connection.lender_accounts.filter(
        mappings=None,
        void_since=None,
        source_account_id__startswith=OUR_IDS,
        feed_status__in=(
            FeedStatus.PENDING,
            FeedStatus.CONNECTING,
            FeedStatus.CONNECTED,
        ),
    )
    return list(accounts.order_by("pk"))


def begin(connection: Connection, name: str = "") -> LenderAccount:
    """Choose the id of a new source account, which nobody has made yet."""
    return LenderAccount.objects.create(
        connection=connection,
        source_account_id=f"{OUR_IDS}{uuid.uuid4()}",
        name=(name or settings.LENDER_NAME)[:NAME_CHARACTERS],
        currency=connection.company.currency,
        feed_status=FeedStatus.PENDING,
        feed_status_since=database_now(),
    )


def body_of(account: LenderAccount, numbers: Numbers) -> dict[str, Any]:
    """Return the body that makes an account's source account.

    One that was in Xero before has the borrower's name for it; its feed has ours. Codat
    offers a feed the accounts of its kind only.
    """
    is_card = account.kind == AccountKind.CREDIT_CARD
    name = settings.LENDER_NAME if account.target_account_id else account.name
    return payloads.source_account(
        account_id=account.source_account_id,
        name=name[:NAME_CHARACTERS],
        account_number=numbers.account_number,
        sort_code=numbers.sort_code,
        currency=account.currency,
        account_type="creditCard" if is_card else "checking",
    )


def _create(account: LenderAccount, numbers: Numbers, client: CodatClient) -> None:
    body = body_of(account, numbers)
    with refusals_of(account.connection):
        client.create_source_account(*feed_status.ids_of(account.connection), body)
    with transaction.atomic():
        made = {"field": "source_account_id", "after": account.source_account_id}
        feed_status.note(account, "feed.created", at=database_now(), **made)
