"""Which supplier of theirs we are."""

from collections.abc import Mapping
from dataclasses import replace

from django.conf import settings
from django.utils.translation import gettext as _

from xero_sync.accounts import options
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
    shortlist,
    unnamed,
)
from xero_sync.codat.accounts import Supplier as Contact
from xero_sync.models import AccountMapping

NEW = "new"


class Supplier(Question):
    """Us among their suppliers: by our name, by one nearly so, or to be added."""

    name = "supplier"
    refused_as = frozenset({"supplier", "supplier_id"})

    def term(self) -> str:
        """Say in a word or two what is asked for."""
        return _("Supplier")

    def ask(self, asking: Asking) -> Asked:
        """Return what the page shows."""
        suppliers = asking.books.suppliers()
        match = options.find_supplier(name=settings.LENDER_NAME, suppliers=suppliers)
        answer = asking.given(self.name)
        taken = NEW if answer.get("kind") == NEW else answer.get("id", "")
        reason = ""
        if not taken and len(match.exact) == 1:
            taken = match.exact[0].id
            reason = _("Suggested: it has our name.")
        elif not taken and not match.exact and not match.near:
            taken = NEW
            reason = _("Suggested: none of your suppliers has a name like ours.")
        hints = {one.id: _("Our name") for one in match.exact}
        hints |= {one.id: _("Almost our name") for one in match.near}
        rows = {one.id: one for one in [*match.exact, *match.near]}
        if asking.searched:
            rows = {one.id: one for one in _by_name(suppliers)}
        elif taken and taken != NEW:
            chosen = {one.id: one for one in suppliers if one.id == taken}
            rows = chosen | rows
        listed = [
            Option(one.id, one.name, hints.get(one.id, "")) for one in rows.values()
        ]
        shown, left_out = shortlist(listed, asking)
        groups = [Group(tuple(shown))] if shown else []
        if not match.exact:
            label = _("None of these") if shown else _("Add us to your suppliers")
            groups.append(Group((_new(label),), _("or") if shown else ""))
        return Asked(
            title=_("Are we among your suppliers already?"),
            lead=_(
                "Our fees are entered under this name, so that there is only one of us "
                "in your books."
            ),
            groups=tuple(groups),
            taken=taken,
            reason=reason,
            search=_("Find a supplier") if suppliers else "",
            left_out=left_out,
            found=len(shown),
        )

    def take(self, asking: Asking, posted: Mapping[str, str]) -> Answer:
        """Check what was posted, and return the answer to be kept."""
        wanted = posted.get(CHOICE, "")
        suppliers = asking.books.suppliers()
        if wanted == NEW:
            match = options.find_supplier(
                name=settings.LENDER_NAME, suppliers=suppliers
            )
            if match.exact:
                # Xero keeps names of contacts unique.
                raise NotTaken({CHOICE: _("We are there already. Choose our name.")})
            return {"kind": NEW, "name": settings.LENDER_NAME}
        for one in suppliers:
            if one.id == wanted:
                return {"id": one.id, "name": one.name}
        raise NotTaken({CHOICE: _("Choose a supplier, or that we add ourselves")})

    def told(self, answer: Answer) -> tuple[str, str]:
        """Say an answer back, with a remark or none."""
        is_new = answer.get("kind") == NEW
        return answer["name"], _("Added as a new supplier") if is_new else ""

    def in_force(self, mapping: AccountMapping) -> Answer:
        """Return the answer that a version of the accounts stands for."""
        name = mapping.supplier_name or unnamed()
        return {"id": mapping.supplier_id, "name": name}

    def into(self, choice: Choice, answer: Answer) -> Choice:
        """Return a choice with the answer in it."""
        is_new = answer.get("kind") == NEW
        return replace(choice, supplier_id=answer.get("id", ""), supplier_is_new=is_new)


def _new(label: str) -> Option:
    hint = _("We add “%(name)s” as a new supplier.") % {"name": settings.LENDER_NAME}
    return Option(NEW, label, hint)


def _by_name(suppliers: list[Contact]) -> list[Contact]:
    return sorted(suppliers, key=lambda one: one.name.casefold())
