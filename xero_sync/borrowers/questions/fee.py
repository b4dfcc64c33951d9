"""Which account the fees are entered on."""

from collections.abc import Mapping
from dataclasses import replace

from django.utils.translation import gettext as _

from xero_sync.accounts.choice import Choice, NewExpenseAccount
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
    unnamed,
)
from xero_sync.codat.accounts import Account
from xero_sync.codat.setup_payloads import (
    ACCOUNT_NAME_CHARACTERS,
    NOMINAL_CODE_CHARACTERS,
)
from xero_sync.models import AccountMapping
from xero_sync.writeback.names import folded

NEW = "new"
CODE, NAME, CATEGORY = "code", "name", "category"
# Of France's chart of accounts: what factors are paid, and what banks are paid.
CODES = ("6225", "627")
# As charts of accounts call it, in both languages, the likeliest first.
NAMES = (
    "affacturage",
    "factoring",
    "invoice finance",
    "bank fees",
    "bank charges",
    "services bancaires",
    "frais bancaires",
    "finance charges",
    "finance costs",
)


class Fee(Question):
    """The expense account of our fees: one of theirs, or a new one."""

    name = "fee"
    refused_as = frozenset({"expense_account_id", "nominal_code", "name", "category"})

    def term(self) -> str:
        """Say in a word or two what is asked for."""
        return _("Account for our fees")

    def ask(self, asking: Asking) -> Asked:
        """Return what the page shows."""
        offered = asking.books.fee_accounts()
        answer = asking.given(self.name)
        taken = NEW if CODE in answer else answer.get("id", "")
        suggested, reason = ("", "") if taken else _suggested(offered)
        taken = taken or suggested
        by_code = sorted(offered, key=lambda one: (one.id != taken, one.nominal_code))
        shown, left_out = shortlist((_option(one) for one in by_code), asking)
        theirs = [Group(tuple(shown))] if shown else []
        return Asked(
            title=_("Which account are our fees entered on?"),
            lead=_("Our fees are an expense in your books."),
            groups=(*theirs, Group((_new(),), _("or a new one"), _made_of())),
            taken=taken,
            reason=reason,
            typed={name: answer.get(name, "") for name in (CODE, NAME, CATEGORY)},
            search=_("Find an account") if left_out or asking.searched else "",
            left_out=left_out,
            found=len(shown),
            missing=(
                _("An account is missing here"),
                _("We show the expense accounts of your chart that are in use."),
            ),
        )

    def take(self, asking: Asking, posted: Mapping[str, str]) -> Answer:
        """Check what was posted, and return the answer to be kept."""
        wanted = posted.get(CHOICE, "")
        if wanted == NEW:
            return _checked(asking, posted)
        for one in asking.books.fee_accounts():
            if one.id == wanted:
                return {"id": one.id, NAME: label_of(one.nominal_code, one.name)}
        raise NotTaken({CHOICE: _("Choose the account for our fees")})

    def told(self, answer: Answer) -> tuple[str, str]:
        """Say an answer back, with a remark or none."""
        if CODE not in answer:
            return answer[NAME], ""
        label = label_of(answer[CODE], answer[NAME])
        return label, _("A new account: %(kind)s") % {
            "kind": _categories()[answer[CATEGORY]]
        }

    def in_force(self, mapping: AccountMapping) -> Answer:
        """Return the answer that a version of the accounts stands for."""
        name = mapping.expense_account_name or unnamed()
        return {"id": mapping.expense_account_id, NAME: name}

    def into(self, choice: Choice, answer: Answer) -> Choice:
        """Return a choice with the answer in it."""
        if CODE not in answer:
            return replace(choice, expense_account=answer["id"])
        made = NewExpenseAccount(
            nominal_code=answer[CODE],
            name=answer[NAME],
            category=f"Expense.{answer[CATEGORY]}",
        )
        return replace(choice, expense_account=made)


def _suggested(offered: list[Account]) -> tuple[str, str]:
    for code in CODES:
        for one in offered:
            if one.nominal_code.startswith(code):
                reason = _("Suggested: its code is %(code)s.")
                return one.id, reason % {"code": one.nominal_code}
    for name in NAMES:
        for one in offered:
            if name in folded(one.name):
                reason = _("Suggested: its name is “%(name)s”.")
                return one.id, reason % {"name": one.name}
    return "", ""


def _categories() -> dict[str, str]:
    """Return the categories that Xero has for expenses, as its own pages call them."""
    return {
        "Expense": _("Expense"),
        "Overhead": _("Overhead"),
        "DirectCosts": _("Direct costs"),
    }


def _option(one: Account) -> Option:
    kinds, kind = _categories(), one.category.rpartition(".")[2]
    return Option(one.id, label_of(one.nominal_code, one.name), kinds.get(kind, ""))


def _new() -> Option:
    hint = _("We make it for you in your chart of accounts.")
    return Option(NEW, _("A new account"), hint)


def _made_of() -> tuple[Field, ...]:
    return (
        Field(
            CODE,
            _("Its code"),
            hint=_("At most 10 characters, not in use yet, such as 6225"),
            is_short=True,
        ),
        Field(NAME, _("Its name"), hint=_("Such as Invoice finance fees")),
        Field(CATEGORY, _("Where it stands"), among=tuple(_categories().items())),
    )


def _checked(asking: Asking, posted: Mapping[str, str]) -> Answer:
    """Return what a new account is made of.

    Xero's rules: a code of at most 10 characters and a name, both not in use.
    """
    code = " ".join(posted.get(CODE, "").split())
    name = " ".join(posted.get(NAME, "").split())
    category = posted.get(CATEGORY, "")
    there = [one for one in asking.books.accounts() if not one.is_deleted]
    mistakes = {}
    if not code or len(code) > NOMINAL_CODE_CHARACTERS or not code.isprintable():
        mistakes[CODE] = _("Enter a code of 1 to 10 characters")
    elif used := [
        one for one in there if one.nominal_code.casefold() == code.casefold()
    ]:
        mistakes[CODE] = _(
            "%(code)s is in use for “%(name)s”. Enter another, or choose that account."
        ) % {"code": code, "name": used[0].name}
    if not name or len(name) > ACCOUNT_NAME_CHARACTERS or not name.isprintable():
        mistakes[NAME] = _("Enter a name of 1 to 150 characters")
    elif any(folded(one.name) == folded(name) for one in there):
        mistakes[NAME] = _("An account is called so already. Enter another name.")
    if category not in _categories():
        mistakes[CATEGORY] = _("Choose where the account stands")
    if mistakes:
        raise NotTaken(mistakes)
    return {CODE: code, NAME: name, CATEGORY: category}
