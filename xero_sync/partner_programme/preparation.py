"""What has to be ready before the application to Xero goes out."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from xero_sync.models.programme import (
    PartnerProgramme,
    PartnerType,
    Preparation,
    ProgrammeAct,
)
from xero_sync.partner_programme.standing import ProgrammeStanding
from xero_sync.xero_app.facts import AppFacts

LINKS = _("Give the app its privacy policy and its terms and conditions")
LINKS_HELP = _(
    "Xero asks for both as https links on the app's details page. They are recorded "
    "with the Xero app; nothing has to be ticked here."
)
HELP = {
    Preparation.CODAT_MANAGER: _(
        "Before you apply: ask how Xero classifies your use. Some uses in financial "
        "services cannot become partners; in 2023 that was so for lenders in the "
        "United States, Canada and Ireland. When you are ready, Codat introduces you "
        "to Xero's partnerships team."
    ),
    Preparation.COMMERCIAL_TERMS: _(
        "Xero may have additional commercial terms for financial services, and asks "
        "to be contacted before you build: api@xero.com, or through Codat."
    ),
    Preparation.FEEDS_INTRODUCTION: _("Codat's account team makes the introduction."),
    Preparation.FEEDS_PROPOSAL: _("Xero's form; Codat's account team has it."),
    Preparation.FEEDS_AGREEMENT: _("Its own agreement, without commercial terms."),
}
FOR_FEEDS = (
    Preparation.FEEDS_INTRODUCTION,
    Preparation.FEEDS_PROPOSAL,
    Preparation.FEEDS_AGREEMENT,
)


@dataclass(frozen=True)
class Item:
    """One thing to prepare, with the act by which it is done.

    The links have no act: they are there or not, as the Xero app says.
    """

    label: str | Promise
    help: str | Promise
    is_done: bool
    item: Preparation | None = None
    act: ProgrammeAct | None = None


def wanted(programme: PartnerProgramme) -> list[Preparation]:
    """Return what this application needs."""
    items = [Preparation.CODAT_MANAGER]
    if programme.partner_type == PartnerType.FINANCIAL_SERVICES:
        items.append(Preparation.COMMERCIAL_TERMS)
    if programme.wants_bank_feeds:
        items.extend(FOR_FEEDS)
    return items


def has_links(app: AppFacts) -> bool:
    """Whether both links that Xero asks for are recorded."""
    return bool(app.privacy_url and app.terms_url)


def items(
    programme: PartnerProgramme, standing: ProgrammeStanding, app: AppFacts
) -> list[Item]:
    """Return the whole list, each item open or done."""
    links = Item(LINKS, LINKS_HELP, is_done=has_links(app))
    listed = {
        one: Item(
            one.label,
            HELP[one],
            is_done=one in standing.prepared,
            item=one,
            act=standing.prepared.get(one),
        )
        for one in wanted(programme)
    }
    feeds = [listed.pop(one) for one in FOR_FEEDS if one in listed]
    return [*listed.values(), links, *feeds]
