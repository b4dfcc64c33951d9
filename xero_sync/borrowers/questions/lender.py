"""Which account stands for us in the borrower's Xero."""

import re
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from django.conf import settings
from django.utils.translation import gettext as _

from lending import formats
from lending.money import minor_digits, quantize
from xero_sync.accounts import plain_accounts
from xero_sync.accounts.choice import (
    AdoptedLenderAccount,
    Choice,
    NewLenderAccount,
)
from xero_sync.bank_feeds import source_accounts
from xero_sync.borrowers.questions import plain
from xero_sync.borrowers.questions.asking import (
    CHOICE,
    Answer,
    Asked,
    Asking,
    Field,
    Group,
    NotTaken,
    Option,
    Question,
    label_of,
    shortlist,
)
from xero_sync.codat.accounts import BankAccount
from xero_sync.models import AccountMapping, Connection
from xero_sync.models.choices import AccountKind
from xero_sync.xero_app import facts

NEW, KEEP, ADOPT = "new", "keep", "adopt"
# The account without a feed that gets one.
JOINED = "joined"
BALANCE = "opening_balance"
# More would be a slip of the keyboard.
MOST = Decimal(10) ** 11
# Three digits after a point or a comma are thousands, unless the currency has them.
GROUPED = re.compile(
    r"(?P<whole>-?[0-9]{1,3}(?:(?P<mark>[.,])[0-9]{3})(?:(?P=mark)[0-9]{3})*)"
    r"(?P<rest>(?!(?P=mark))[.,][0-9]+)?"
)
SINGLE = re.compile(r"(?P<whole>-?[0-9]+)(?P<rest>[.,][0-9]+)?")
THREE_DIGITS = 3


class Lender(Question):
    """The lender account: a new one, with its bank feed if one can come, or theirs."""

    name = "lender"
    refused_as = frozenset(
        {
            "lender_account",
            "target_account_id",
            "source_account_id",
            "opening_balance",
            "account_number",
            "sort_code",
            "kind",
            "bank_feeds",
            "currency",
        }
    )

    def term(self) -> str:
        """Say in a word or two what is asked for."""
        return _("Lender account")

    def ask(self, asking: Asking) -> Asked:
        """Return what the page shows."""
        kinds = plain.kinds(asking)
        waits = waits_for(asking.connection, is_made_without=bool(kinds))
        groups = self._first(asking, kinds, can_be_new=not waits)
        answer = asking.given(self.name)
        taken, reason = _value_of(answer), ""
        suggested = plain.value_of(AccountKind.BANK) if waits else NEW
        if not taken and suggested in {
            one.value for group in groups for one in group.options
        }:
            taken = suggested
            reason = _("Suggested: nothing else in your Xero changes.")
        theirs, left_out = self._theirs(asking, taken)
        heading = _("or one that you have") if groups else ""
        groups += [Group(tuple(theirs), heading, (_opening(),))] if theirs else []
        return Asked(
            title=_("Which account stands for us in your Xero?"),
            lead=_(
                "It is called the lender account. Advances, fees and payments go "
                "through it. At the end of each financing it stands at zero."
            ),
            groups=tuple(groups),
            taken=taken,
            reason=reason,
            typed={BALANCE: answer.get(BALANCE, ""), **plain.typed(answer)},
            remark=waits,
            search=_("Find an account") if left_out or asking.searched else "",
            left_out=left_out,
            found=len(theirs),
            missing=(
                _("An account is missing here"),
                _(
                    "We show bank accounts in %(currency)s that are in use. Credit "
                    "cards are left out, and so is your own bank account once you "
                    "have named it."
                )
                % {"currency": asking.currency},
            ),
        )

    def _first(
        self, asking: Asking, kinds: list[AccountKind], *, can_be_new: bool
    ) -> list[Group]:
        """Return what they have now, and what can be made."""
        options = []
        if asking.in_force is not None:
            name = asking.in_force.lender_account.name
            options.append(Option(KEEP, name, _("The one that you have now")))
        if can_be_new:
            account = plain_accounts.to_be_joined(asking.connection)
            options.append(_new(account.name if account else ""))
        made = [plain.group_of(one) for one in kinds]
        options += [one for group in made if not group.fields for one in group.options]
        groups = [Group(tuple(options))] if options else []
        return groups + [group for group in made if group.fields]

    def _theirs(self, asking: Asking, taken: str) -> tuple[list[Option], int]:
        offered = sorted(_offered(asking), key=lambda one: one.id != taken)
        return shortlist((_option(one) for one in offered), asking)

    def take(self, asking: Asking, posted: Mapping[str, str]) -> Answer:
        """Check what was posted, and return the answer to be kept."""
        wanted = posted.get(CHOICE, "")
        if wanted == NEW and not waits_for(asking.connection):
            account = plain_accounts.to_be_joined(asking.connection)
            return {"kind": NEW, **({JOINED: account.name} if account else {})}
        for kind in plain.kinds(asking):
            if wanted == plain.value_of(kind):
                return plain.taken(kind, posted)
        if wanted == KEEP and asking.in_force is not None:
            return self.in_force(asking.in_force)
        for one in _offered(asking):
            if one.id == wanted:
                balance = _balance(posted.get(BALANCE, ""), asking.currency)
                name = label_of(one.nominal_code, one.name)
                return {
                    "kind": ADOPT,
                    "id": one.id,
                    "name": name,
                    BALANCE: balance,
                    "currency": asking.currency,
                }
        if wanted and wanted == asking.given("bank").get("id"):
            raise NotTaken(
                {CHOICE: _("This is your own bank account. Choose another for us.")}
            )
        raise NotTaken({CHOICE: _("Choose the account that stands for us")})

    def told(self, answer: Answer) -> tuple[str, str]:
        """Say an answer back, with a remark or none."""
        if answer["kind"] == NEW:
            made = _new(answer.get(JOINED, ""))
            return made.label, _("Its statement lines come by bank feed.")
        if answer["kind"] == plain.PLAIN:
            return plain.told(answer)
        balance = answer.get(BALANCE, "")
        if not balance:
            return answer["name"], ""
        amount = formats.money(Decimal(balance), answer["currency"])
        return answer["name"], _("Opening balance %(amount)s") % {"amount": amount}

    def in_force(self, mapping: AccountMapping) -> Answer:
        """Return the answer that a version of the accounts stands for."""
        return {
            "kind": KEEP,
            "id": mapping.lender_target_account_id,
            "name": mapping.lender_account.name,
        }

    def into(self, choice: Choice, answer: Answer) -> Choice:
        """Return a choice with the answer in it."""
        if answer["kind"] == NEW:
            return replace(choice, lender_account=NewLenderAccount())
        if answer["kind"] == plain.PLAIN:
            return replace(choice, lender_account=plain.wanted(answer))
        if answer["kind"] == KEEP:
            return replace(choice, lender_account=None)
        adopted = AdoptedLenderAccount(
            target_account_id=answer["id"],
            opening_balance=Decimal(answer.get(BALANCE) or 0),
        )
        return replace(choice, lender_account=adopted)

    def means_same(self, one: Answer, other: Answer) -> bool:
        """Tell whether two answers choose the same, whatever it was called."""
        if {one["kind"], other["kind"]} <= {ADOPT, KEEP}:
            return one["id"] == other["id"]
        return super().means_same(one, other)


def waits_for(connection: Connection, *, is_made_without: bool = False) -> str:
    """Say why no new account can be made with its bank feed now; empty if one can.

    A feed needs Xero's approval. `is_made_without` tells whether the account can be
    made without one: then it is joined to that same account later.
    """
    if is_made_without:
        return plain.without_a_feed(connection)
    if connection.is_demo:
        return _(
            "A demo company takes no bank feed, so we cannot make an account here. "
            "Choose one that you have."
        )
    if connection.feed_refusal:
        return _(
            "Xero does not take bank feeds from us for your organisation at the "
            "moment, so we cannot make an account. Choose one that you have."
        )
    if facts.current().bank_feeds_on is False or not connection.bank_feeds:
        return _(
            "A new account and its bank feed wait for Xero's approval. Until then, "
            "choose one that you have. Statement lines do not come by themselves yet."
        )
    if not settings.LENDER_ACCOUNT_NUMBER:
        return _(
            "We cannot make an account at the moment; that lies with us. Choose one "
            "that you have, or write to us."
        )
    return ""


def _new(joined: str) -> Option:
    """Return the option of a feed, with a new account or for one that is there."""
    if joined:
        label = _("“%(name)s” with a bank feed") % {"name": joined}
        return Option(NEW, label, _("The account that you have gets its bank feed."))
    shown = settings.LENDER_NAME[: source_accounts.NAME_CHARACTERS]
    label = _("A new bank account, “%(name)s”") % {"name": shown}
    hint = _(
        "We make it for you, with its bank feed. In Xero the bank is called "
        "“%(institution)s”."
    ) % {"institution": settings.LENDER_NAME}
    return Option(NEW, label, hint, is_ours=True)


def _value_of(answer: Answer) -> str:
    kind = answer.get("kind", "")
    if kind == plain.PLAIN:
        return plain.value_of(answer[plain.OF])
    return answer["id"] if kind == ADOPT else kind


def _offered(asking: Asking) -> list[BankAccount]:
    left_out = {asking.given("bank").get("id", "")}
    if asking.in_force is not None:
        left_out.add(asking.in_force.lender_target_account_id)
    return [one for one in asking.books.bank_accounts() if one.id not in left_out]


def _option(one: BankAccount) -> Option:
    hint = _("Bank account, %(currency)s") % {"currency": one.currency}
    return Option(one.id, label_of(one.nominal_code, one.name), hint)


def _opening() -> Field:
    return Field(
        BALANCE,
        _("Its balance before our first entry"),
        hint=_("Leave it empty if it is zero. Begin with a minus if you owe it."),
        is_short=True,
    )


def _balance(typed: str, currency: str) -> str:
    """Return a typed amount as a plain number, or nothing if nothing was typed."""
    plain = re.sub(r"[\s'’£$€]", "", typed).replace("−", "-").removesuffix(currency)
    if not plain:
        return ""
    amount = _number(plain, currency)
    if amount is None or abs(amount) >= MOST or quantize(amount, currency) != amount:
        example = formats.money(Decimal("-1250.5"), currency)
        raise NotTaken(
            {
                BALANCE: _("Enter an amount, such as %(example)s, or leave it empty.")
                % {"example": example}
            }
        )
    # Of "1.000" no more is kept than the currency has.
    return str(quantize(amount, currency)) if amount else ""


def _number(plain: str, currency: str) -> Decimal | None:
    """Read 1250.50, 1,250.50 and 1.250,50; nothing else is an amount."""
    grouped = GROUPED.fullmatch(plain)
    if grouped and (grouped["rest"] or minor_digits(currency) < THREE_DIGITS):
        whole, rest = re.sub(r"[.,]", "", grouped["whole"]), grouped["rest"]
    elif single := SINGLE.fullmatch(plain):
        whole, rest = single["whole"], single["rest"]
    else:
        return None
    return Decimal(f"{whole}.{rest[1:]}" if rest else whole)
