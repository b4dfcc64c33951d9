"""Which tax the fees carry."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from django.utils.translation import gettext as _

from lending import formats
from xero_sync.accounts import options
from xero_sync.accounts.choice import NO_TAX, Choice
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
)
from xero_sync.models import AccountMapping

PERCENT = "percent"


class Tax(Question):
    """The tax rate of our fees, by its id in Xero and in per cent."""

    name = "tax"
    refused_as = frozenset({"tax_rate_id", "tax_percent"})

    def term(self) -> str:
        """Say in a word or two what is asked for."""
        return _("Tax on our fees")

    def ask(self, asking: Asking) -> Asked:
        """Return what the page shows."""
        offered = self._offered(asking)
        taken, reason = asking.given(self.name).get("id", ""), ""
        if not taken and NO_TAX in offered:
            taken = NO_TAX
            reason = _(
                "Suggested: right unless our invoices to you show a tax on the fees."
            )
        ordered = sorted(offered.values(), key=lambda one: one["id"] != taken)
        choices = (Option(one["id"], self.told(one)[0]) for one in ordered)
        shown, left_out = shortlist(choices, asking)
        return Asked(
            title=_("Which tax do our fees carry?"),
            lead=_("Choose the rate that your books use for it."),
            groups=(Group(tuple(shown)),) if shown else (),
            taken=taken,
            reason=reason,
            search=_("Find a tax rate") if left_out or asking.searched else "",
            left_out=left_out,
            found=len(shown),
            missing=(
                _("A tax rate is missing here"),
                _(
                    "We show the rates of your Xero that are in use for what you buy. "
                    "Those for sales alone are left out."
                ),
            ),
        )

    def _offered(self, asking: Asking) -> dict[str, Answer]:
        """Return the rates that fees can carry and whose per cent is known, by ids.

        Where they may not be read there is none, and what is in force.
        """
        rates = asking.books.tax_rates()
        found: dict[str, Answer] = {
            one.id: {"id": one.id, "name": one.name, PERCENT: str(one.effective_rate)}
            for one in rates
            if one.effective_rate is not None and options.carries_fees(one)
        }
        if not rates:
            found[NO_TAX] = {"id": NO_TAX, PERCENT: "0"}
            if asking.in_force is not None:
                present = self.in_force(asking.in_force)
                found.setdefault(present["id"], present)
        return found

    def take(self, asking: Asking, posted: Mapping[str, str]) -> Answer:
        """Check what was posted, and return the answer to be kept."""
        offered = self._offered(asking)
        wanted = posted.get(CHOICE, "")
        if wanted not in offered:
            raise NotTaken({CHOICE: _("Choose the tax on our fees")})
        return offered[wanted]

    def told(self, answer: Answer) -> tuple[str, str]:
        """Say an answer back, with a remark or none."""
        if name := answer.get("name"):
            return name, ""
        if answer["id"] == NO_TAX:
            return _("No tax"), ""
        return formats.percent(Decimal(answer[PERCENT])), ""

    def in_force(self, mapping: AccountMapping) -> Answer:
        """Return the answer that a version of the accounts stands for."""
        percent = mapping.tax_percent.normalize()
        return {"id": mapping.tax_rate_id, PERCENT: f"{percent:f}"}

    def into(self, choice: Choice, answer: Answer) -> Choice:
        """Return a choice with the answer in it."""
        percent = Decimal(answer[PERCENT])
        return replace(choice, tax_rate_id=answer["id"], tax_percent=percent)
