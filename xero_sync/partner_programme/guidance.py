"""What the lender is to do next about its partnership, in words."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from xero_sync.models.programme import PartnerStep
from xero_sync.partner_programme import checkpoints
from xero_sync.partner_programme.checkpoints import Reviewed
from xero_sync.partner_programme.preparation import Item
from xero_sync.partner_programme.standing import ProgrammeStanding

HOW = {
    PartnerStep.SUBMITTED: gettext_lazy(
        "On the app's details page at Xero, click “Join the Xero App Store” (Xero "
        "changes that button's words now and then), or let Codat introduce you; "
        "questions go to api@xero.com."
    ),
    PartnerStep.AGREEMENT: gettext_lazy("Xero sends it once it takes your use."),
    PartnerStep.CERTIFICATION: gettext_lazy(
        "Xero goes through the checkpoints below with you. All that apply have to be "
        "met before it can be recorded as passed."
    ),
}
DO = {
    PartnerStep.SUBMITTED: gettext_lazy(
        "Submit the application at Xero, then record it."
    ),
    PartnerStep.AGREEMENT: gettext_lazy(
        "Sign Xero's partner agreement, then record it."
    ),
    PartnerStep.CERTIFICATION: gettext_lazy("Pass Xero's review, then record it."),
}
RULES = (
    gettext_lazy(
        "Fees: Xero may have a fee model of its own for financial services. It is "
        "agreed between Xero and us; Codat's account manager advises, and no price of "
        "Xero's public tiers is ours until it is agreed."
    ),
    gettext_lazy(
        "Data from Xero is never used to train artificial intelligence or machine "
        "learning models, by us or by anybody we pass it to."
    ),
    gettext_lazy(
        "Only what the write-back needs is read: the organisation, accounts, "
        "suppliers and customers, the financed invoice, and the outcome of writes."
    ),
)


@dataclass(frozen=True)
class Next:
    """The one next step: what to do, and the act by which it is recorded."""

    words: str
    act: str = ""
    subject: tuple[str, str] | None = None
    # Recorded with the Xero app, not here.
    is_at_the_app: bool = False


def summary(
    stands: ProgrammeStanding, items: Sequence[Item], reviewed: Sequence[Reviewed]
) -> str:
    """Say in one line where the lender stands."""
    if stands.not_eligible:
        return _("Not certified, because Xero does not take this use: %(why)s") % {
            "why": stands.not_eligible.note
        }
    if stands.is_certified:
        return _("Certified: Xero's limit on connections is off.")
    match stands.next_step:
        case PartnerStep.AGREEMENT:
            return _("Not certified: the application is with Xero.")
        case PartnerStep.CERTIFICATION:
            count = sum(one.is_open for one in reviewed)
            return ngettext(
                "Not certified: the agreement is signed, %(count)d checkpoint is open.",
                "Not certified: the agreement is signed, %(count)d checkpoints are "
                "open.",
                count,
            ) % {"count": count}
    count = sum(not one.is_done for one in items)
    return ngettext(
        "Not certified: the application is being prepared, %(count)d item is open.",
        "Not certified: the application is being prepared, %(count)d items are open.",
        count,
    ) % {"count": count}


def next_step(
    stands: ProgrammeStanding,
    items: Sequence[Item],
    reviewed: Sequence[Reviewed],
    *,
    waiting: int,
) -> Next:
    """Return the one next step."""
    if stands.not_eligible:
        words = _("Talk to your account manager at Codat about how Xero sees your use.")
        return Next(words, "eligible")
    if stands.is_certified:
        if waiting:
            return Next(_("Send the borrowers listed below to consent again."))
        return Next(_("Nothing. Keep the checkpoints as they are."))
    open_items = [one for one in items if not one.is_done]
    if stands.next_step == PartnerStep.SUBMITTED and open_items:
        return _next_item(open_items[0])
    open_points = [one.checkpoint for one in reviewed if one.is_open]
    if stands.next_step == PartnerStep.CERTIFICATION and open_points:
        words = _("Show that this checkpoint is met: %(name)s.")
        first = open_points[0]
        named = words % {"name": checkpoints.names([first])}
        return Next(named, "review", ("checkpoint", first.code))
    return Next(str(DO[stands.next_step or PartnerStep.CERTIFICATION]), "step")


def _next_item(first: Item) -> Next:
    words = f"{first.label}."
    if first.item is None:
        return Next(words, is_at_the_app=True)
    return Next(words, "prepare", ("item", first.item))


def problems(
    stands: ProgrammeStanding, reviewed: Sequence[Reviewed], *, feeds_on: bool
) -> list[str]:
    """Return what is wrong and needs a person."""
    found = []
    reopened = [one.checkpoint for one in reviewed if one.is_open]
    if stands.is_certified and reopened:
        words = _("Certified, but no longer met: %(names)s.")
        found.append(words % {"names": checkpoints.names(reopened)})
    if feeds_on and not stands.is_certified:
        found.append(
            _(
                "Bank feeds are switched on for the Xero app, but it is not certified: "
                "Xero refuses statement lines (403)."
            )
        )
    return found


def badge_rule(stands: ProgrammeStanding) -> str:
    """Say whether the partnership may be mentioned."""
    if stands.is_certified:
        return _("Xero's partner badge may be shown, unchanged, as Xero's brand rules.")
    return _("Neither a partnership with Xero nor its badge is mentioned anywhere.")
