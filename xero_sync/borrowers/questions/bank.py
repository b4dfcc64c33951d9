"""Which bank account of theirs the advances arrive on."""

from collections.abc import Mapping
from dataclasses import replace

from django.utils.translation import gettext as _

from xero_sync.accounts.choice import Choice
from xero_sync.borrowers.questions.asking import (
    CHOICE,
    Answer,
    Asked,
    Asking,
    Group,
    NotTaken,
    Option,
    Question,
    label_of,
    shortlist,
    unnamed,
)
from xero_sync.codat.accounts import BankAccount
from xero_sync.models import AccountMapping


class Bank(Question):
    """The nominated account: one of theirs, in our currency, that takes payments."""

    name = "bank"
    refused_as = frozenset({"nominated_account_id"})

    def term(self) -> str:
        """Say in a word or two what is asked for."""
        return _("Your bank account")

    def ask(self, asking: Asking) -> Asked:
        """Return what the page shows."""
        offered = _offered(asking)
        answered = asking.given(self.name).get("id", "")
        taken, reason = answered, ""
        if not taken and len(offered) == 1:
            taken = offered[0].id
            reason = _("Suggested: it is the only one that fits.")
        ordered = sorted(offered, key=lambda one: one.id != taken)
        shown, left_out = shortlist((_option(one) for one in ordered), asking)
        currency = asking.currency
        return Asked(
            title=_("Which bank account do our payments arrive on?"),
            lead=_("Advances arrive there, and you pay us back from it."),
            groups=(Group(tuple(shown)),) if shown else (),
            taken=taken,
            reason=reason,
            remark="" if offered else no_account(currency),
            search=_("Find an account") if left_out or asking.searched else "",
            left_out=left_out,
            found=len(shown),
            missing=(
                _("An account is missing here"),
                _(
                    "We show bank accounts in %(currency)s that are in use. Credit "
                    "cards and the account that stands for us are left out."
                )
                % {"currency": currency},
            ),
        )

    def take(self, asking: Asking, posted: Mapping[str, str]) -> Answer:
        """Check what was posted, and return the answer to be kept."""
        wanted = posted.get(CHOICE, "")
        for one in _offered(asking):
            if one.id == wanted:
                return {"id": one.id, "name": label_of(one.nominal_code, one.name)}
        if wanted and wanted in _lenders(asking):
            raise NotTaken(
                {CHOICE: _("This account stands for us. Choose another of yours.")}
            )
        raise NotTaken({CHOICE: _("Choose the bank account")})

    def told(self, answer: Answer) -> tuple[str, str]:
        """Say an answer back, with a remark or none."""
        return answer["name"], _("Advances arrive here")

    def in_force(self, mapping: AccountMapping) -> Answer:
        """Return the answer that a version of the accounts stands for."""
        name = mapping.nominated_account_name or unnamed()
        return {"id": mapping.nominated_account_id, "name": name}

    def into(self, choice: Choice, answer: Answer) -> Choice:
        """Return a choice with the answer in it."""
        return replace(choice, nominated_account_id=answer["id"])


def no_account(currency: str) -> str:
    """Say what to do where no bank account fits."""
    return _(
        "Your Xero has no bank account in %(currency)s that is in use. Add one in "
        "Xero, then come back: what you answered so far is kept."
    ) % {"currency": currency}


def _lenders(asking: Asking) -> set[str]:
    """Return the accounts that stand for us, by what is stored and by what is answered.

    An earlier one still carries the financing that began on it.
    """
    stored = asking.connection.lender_accounts.values_list(
        "target_account_id", flat=True
    )
    return {*stored, asking.given("lender").get("id", "")} - {""}


def _offered(asking: Asking) -> list[BankAccount]:
    ours = _lenders(asking)
    return [one for one in asking.books.bank_accounts() if one.id not in ours]


def _option(one: BankAccount) -> Option:
    hint = _("Bank account, %(currency)s") % {"currency": one.currency}
    return Option(one.id, label_of(one.nominal_code, one.name), hint)
