"""The lender account without a bank feed, as one of the answers to its question.

Its number is encrypted in the answer, which is kept, and comes back with the form.
"""

from collections.abc import Mapping

from django.conf import settings
from django.utils.translation import gettext as _

from lending.db.encryption import Unreadable, seal, unseal
from xero_sync.accounts import plain_accounts
from xero_sync.accounts.choice import NewPlainAccount
from xero_sync.borrowers.questions.asking import (
    Answer,
    Asking,
    Field,
    Group,
    NotTaken,
    Option,
)
from xero_sync.codat.exceptions import MappingIncomplete
from xero_sync.entries.redaction import last_characters
from xero_sync.models import Connection
from xero_sync.models.choices import AccountKind

PLAIN = "plain"
# Of the answer: the kind, its number encrypted, and the end of that.
OF, NUMBER, ENDING = "of", "number", "ending"
# The fields that ask for a number, by the kinds that need one from the borrower.
NUMBERS = {
    AccountKind.CREDIT_CARD: "card_ending",
    AccountKind.OTHER: "account_number",
}


def kinds(asking: Asking) -> list[AccountKind]:
    """Return the kinds that can be made without a feed.

    None where a feed can come, or where an account has the name already: Xero has no
    name twice. It can be kept, or chosen among theirs.

    Raises:
        BooksUnreadable: Codat did not say in time.
    """
    if not plain_accounts.feeds_wait(asking.connection):
        return []
    there = [one.name for one in asking.books.bank_accounts()]
    if asking.in_force is not None:
        there.append(asking.in_force.lender_account.name)
    ours = plain_accounts.name().casefold()
    if any(one.casefold() == ours for one in there):
        return []
    has_numbers = bool(settings.LENDER_ACCOUNT_NUMBER)
    return [
        one
        for one in asking.books.account_kinds()
        if one != AccountKind.BANK or has_numbers
    ]


def without_a_feed(connection: Connection) -> str:
    """Say why a new account comes without its bank feed."""
    later = _("Statement lines do not come by themselves.")
    if connection.is_demo:
        why = _("A demo company takes no bank feed, so the account comes without one.")
    elif connection.feed_refusal:
        why = _(
            "Xero does not take bank feeds from us for your organisation at the "
            "moment, so a new account comes without one."
        )
    else:
        why = _(
            "Our bank feed waits for Xero's approval. A new account is made without "
            "one, and gets it later."
        )
    return f"{why} {later}"


def value_of(kind: str) -> str:
    """Return the value of a kind's option."""
    return f"new_{kind}"


def group_of(kind: AccountKind) -> Group:
    """Return the option of a kind, with what is asked besides."""
    field = (_number_field(kind),) if kind in NUMBERS else ()
    hint = _("We make it for you, without a bank feed.")
    return Group((Option(value_of(kind), _label(kind), hint),), fields=field)


def _label(kind: AccountKind) -> str:
    label = {
        AccountKind.BANK: _("A new bank account, “%(name)s”"),
        AccountKind.CREDIT_CARD: _("A new credit card account, “%(name)s”"),
        AccountKind.OTHER: _("A new account of another kind, “%(name)s”"),
    }[kind]
    return label % {"name": plain_accounts.name()}


def _number_field(kind: AccountKind) -> Field:
    if kind == AccountKind.CREDIT_CARD:
        return Field(
            NUMBERS[kind],
            _("The last four digits of the card’s number"),
            hint=_("Never enter the whole number."),
            is_short=True,
        )
    return Field(
        NUMBERS[kind],
        _("Its account number"),
        hint=_("Xero asks for one: such as the number of your contract with us."),
        is_short=True,
    )


def taken(kind: AccountKind, posted: Mapping[str, str]) -> Answer:
    """Check what was posted with a kind, and return the answer to be kept.

    Raises:
        NotTaken: its number is not as it has to be.
    """
    if kind not in NUMBERS:
        return {"kind": PLAIN, OF: kind.value}
    try:
        number = plain_accounts.number_of(kind, posted.get(NUMBERS[kind], ""))
    except MappingIncomplete as exc:
        raise NotTaken({NUMBERS[kind]: _wrong_number(kind)}) from exc
    return {
        "kind": PLAIN,
        OF: kind.value,
        NUMBER: seal(number),
        ENDING: last_characters(number),
    }


def told(answer: Answer) -> tuple[str, str]:
    """Say an answer back, with a remark."""
    if ending := answer.get(ENDING):
        remark = _("Its number: %(number)s") % {"number": ending}
    else:
        remark = _("Its bank feed comes later.")
    return _label(AccountKind(answer[OF])), remark


def wanted(answer: Answer) -> NewPlainAccount:
    """Return the account that an answer asks for."""
    return NewPlainAccount(answer[OF], account_number=_number_in(answer))


def typed(answer: Answer) -> dict[str, str]:
    """Return what was typed, by the names of the fields."""
    kind = answer.get(OF)
    return {name: _number_in(answer) for one, name in NUMBERS.items() if one == kind}


def _wrong_number(kind: AccountKind) -> str:
    if kind == AccountKind.CREDIT_CARD:
        return _("Enter the last four digits of the card’s number, and no more")
    return _("Enter a number of 1 to 40 characters; never the whole number of a card")


def _number_in(answer: Answer) -> str:
    """Return the number of an answer; nothing where it has none that can be read."""
    try:
        return unseal(answer[NUMBER]) if NUMBER in answer else ""
    except Unreadable:
        return ""
