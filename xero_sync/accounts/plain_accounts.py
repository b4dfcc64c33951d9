"""A lender account in Xero without a bank feed, which is joined to it later.

Which kinds can be made is read from Codat's model of the connection, as none of Xero's
is published. What the model does not list is not sent.

The number goes into the bytes of the write, which are kept as evidence. So a card's
whole number is never taken: Xero itself asks for the last four digits only (its help
page on adding a bank account). Until it is sent a number is encrypted, and no log has
it; what is shown of one that was sent is masked.
"""

import re
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.utils.translation import gettext as _

from xero_sync.accounts.wanted import NewPlainAccount
from xero_sync.bank_feeds import source_accounts
from xero_sync.bank_feeds.status import ids_of
from xero_sync.codat import payloads
from xero_sync.codat.body_values import cut_text
from xero_sync.codat.client import CodatClient
from xero_sync.codat.exceptions import (
    CodatAccessDenied,
    CodatRejected,
    MappingIncomplete,
)
from xero_sync.codat.setup_payloads import (
    ACCOUNT_NAME_CHARACTERS,
    FEED_NUMBER_CHARACTERS,
)
from xero_sync.codat.write_models import WriteModel
from xero_sync.models import Connection, LenderAccount
from xero_sync.models.choices import AccountKind, FeedStatus
from xero_sync.models.setups import SetupKind
from xero_sync.xero_app import facts

# What Codat calls each kind; the lender's account is one that money goes through.
TYPES = {
    AccountKind.BANK: "Debit",
    AccountKind.CREDIT_CARD: "Credit",
    AccountKind.OTHER: "Debit",
}
CARD_ENDING = re.compile("[0-9]{4}")
# As long as payment cards' numbers are, and with their first digits.
CARD_NUMBER = re.compile("[2-6][0-9]{12,18}")


def feeds_wait(connection: Connection) -> bool:
    """Tell whether no bank feed can come now, so that an account has to go without."""
    return (
        not connection.bank_feeds
        or connection.is_demo
        or bool(connection.feed_refusal)
        or facts.current().bank_feeds_on is False
    )


def name() -> str:
    """Return what the account is called in Xero."""
    return cut_text(settings.LENDER_NAME, ACCOUNT_NAME_CHARACTERS)


def kinds(*, connection: Connection, client: CodatClient) -> list[AccountKind]:
    """Return the kinds that can be made without a feed; none where a feed can come.

    Raises:
        CodatError: Codat did not answer.
    """
    if not feeds_wait(connection):
        return []
    return list(_kinds(_model(connection, client), connection))


def _model(connection: Connection, client: CodatClient) -> WriteModel:
    """Return what Codat takes; nothing where it refuses to say."""
    try:
        return client.get_write_model(*ids_of(connection), "bankAccounts")
    except (CodatAccessDenied, CodatRejected):
        return WriteModel({})


def _kinds(model: WriteModel, connection: Connection) -> Iterator[AccountKind]:
    currency = connection.company.currency
    # Left out, it is the organisation's own.
    has_currency = model.takes("currency", currency) or (
        currency == connection.organisation_currency
    )
    for kind, account_type in TYPES.items():
        known = {"accountName", "accountNumber", "accountType", "currency", "status"}
        if kind == AccountKind.BANK and currency == "GBP":
            known.add("sortCode")
        if (
            has_currency
            and {"accountName", "accountNumber"} <= model.properties.keys()
            and model.takes("accountType", account_type)
            and model.required <= known
        ):
            yield kind


def body_of(
    *, connection: Connection, wanted: NewPlainAccount, client: CodatClient
) -> dict[str, Any]:
    """Return what makes the account, with nothing in it that the model does not take.

    Raises:
        MappingIncomplete: a feed can come, so the account comes with it; the kind
            cannot be made; or the number is not as `number_of` wants it.
        CodatError: Codat did not answer.
    """
    if not feeds_wait(connection):
        raise MappingIncomplete(
            _("Bank feeds are on: a new account is made with its feed."),
            field="lender_account",
        )
    model = _model(connection, client)
    if wanted.kind not in list(_kinds(model, connection)):
        raise MappingIncomplete(
            _("This Xero takes no new account of this kind; adopt one that is there."),
            field="kind",
        )
    kind = AccountKind(wanted.kind)
    number, sort_code = number_of(kind, wanted.account_number), ""
    if kind == AccountKind.BANK:
        ours = source_accounts.numbers_of(connection, number, wanted.sort_code)
        number, sort_code = ours.account_number, ours.sort_code
    body = payloads.bank_account(
        name=name(),
        account_type=TYPES[kind],
        account_number=number,
        sort_code=sort_code,
        currency=connection.company.currency,
    )
    return {key: value for key, value in body.items() if model.takes(key, value)}


def number_of(kind: AccountKind, typed: str) -> str:
    """Return the number that a new account of a kind is known by, if it will do.

    Raises:
        MappingIncomplete: it is missing or too long; of a card it is not just the last
            four digits; or it looks like a card's whole number, which is never taken.
    """
    number = cut_text(typed, FEED_NUMBER_CHARACTERS + 1)
    if kind == AccountKind.CREDIT_CARD:
        if not CARD_ENDING.fullmatch(number):
            raise MappingIncomplete(
                _("Give the last four digits of the card's number, and no more."),
                field="account_number",
            )
        return number
    if _is_of_a_card(number):
        raise MappingIncomplete(
            _("This looks like a card's whole number, which is never taken."),
            field="account_number",
        )
    if kind == AccountKind.OTHER and not 0 < len(number) <= FEED_NUMBER_CHARACTERS:
        raise MappingIncomplete(
            _("The account needs a number of 1 to %(most)d characters.")
            % {"most": FEED_NUMBER_CHARACTERS},
            field="account_number",
        )
    return number


def _is_of_a_card(number: str) -> bool:
    """Tell whether digits end in the check digit that cards' numbers have (Luhn)."""
    digits = re.sub("[ -]", "", number)
    if not CARD_NUMBER.fullmatch(digits):
        return False
    # Of every second digit, counted from the end, the double's digits are added up.
    doubled = "".join(str(2 * int(one)) for one in digits[-2::-2])
    return sum(int(one) for one in digits[::-2] + doubled) % 10 == 0


def begin(connection: Connection, kind: str) -> LenderAccount:
    """Return the row of an account that nobody has made yet, a new one if need be."""
    begun = connection.lender_accounts.filter(
        source_account_id="", target_account_id="", void_since=None, mappings=None
    ).first()
    account = begun or LenderAccount(
        connection=connection, currency=connection.company.currency
    )
    account.name, account.kind = name(), kind
    account.save()
    return account


def to_be_joined(connection: Connection) -> LenderAccount | None:
    """Return the account that was made without a feed and still has none.

    Xero has no name twice, so one that is called as a new one would be is taken for it.
    """
    ours = Q(setups__steps__kind=SetupKind.PLAIN_ACCOUNT) | Q(name=name())
    waits = Q(source_account_id="") | Q(
        feed_status__in=(FeedStatus.PENDING, FeedStatus.CONNECTING)
    )
    accounts = connection.lender_accounts.filter(ours, waits, void_since=None)
    return accounts.exclude(target_account_id="").order_by("pk").last()
