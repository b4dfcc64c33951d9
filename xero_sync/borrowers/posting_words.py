"""What a borrower reads about posting: what waits, what each choice does, what off is.

Entries are counted as `backfill` counts them; amounts are in the company's currency.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Sum
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from lending import formats
from lending.models import Company
from xero_sync.connections.backfill import Caution, Effect, Held
from xero_sync.models import SyncRecord
from xero_sync.models.choices import UNDER_WAY_STATES, HeldEvents, State

# More would make a long page; the sum below them is of all.
MOST_ROWS = 50


@dataclass(frozen=True)
class Waiting:
    """One financing that waits."""

    reference: str
    about: str
    since: str
    entries: int
    advance: str


@dataclass(frozen=True)
class Choice:
    """One answer to what becomes of what waits, with its consequences."""

    value: str
    title: str
    when: str
    consequences: tuple[str, ...]


def waiting(held: Held) -> list[Waiting]:
    """Return the financings that wait, oldest first, as many as a page shows."""
    return [
        Waiting(
            reference=one.loan.reference,
            about=f"{one.loan.invoice_number}, {one.loan.debtor_name}",
            since=formats.day(one.begun_on),
            entries=len(one.waiting),
            advance=formats.money(one.advance, held.currency),
        )
        for one in held.loans[:MOST_ROWS]
    ]


def more(held: Held) -> str:
    """Say how many financings the page does not show; "" where it shows them all."""
    count = len(held.loans) - MOST_ROWS
    if count <= 0:
        return ""
    return ngettext(
        "and %(count)d more financing", "and %(count)d more financings", count
    ) % {"count": count}


def remarks(held: Held) -> list[str]:
    """Say what to know of everything that waits, before anything is chosen."""
    found = [
        _("We post a financing in full or not at all."),
        _("Your bookkeeper may have entered some already. They would stand twice."),
    ]
    if count := sum(one.must_go for one in held.loans):
        found.append(
            ngettext(
                "Part of %(count)d financing is in Xero. Its rest is posted whatever "
                "you choose.",
                "Parts of %(count)d financings are in Xero. Their rest is posted "
                "whatever you choose.",
                count,
            )
            % {"count": count}
        )
    return found


def choices(effects: Sequence[Effect], *, account: str) -> dict[str, Choice]:
    """Return the answers by their values: all, those from a day on, none.

    `account` is the name in Xero of the account that stands for the lender.
    """
    found = {}
    for effect in effects:
        value = value_of(effect)
        title, when = _titles(effect)[value]
        consequences = tuple(_consequences(effect, account))
        found[value] = Choice(value, title, when, consequences)
    return found


ALL, SINCE, NONE = "all", "since", "none"
MINUS, WORD_JOINER = "\N{MINUS SIGN}", "\N{WORD JOINER}"


def value_of(effect: Effect) -> str:
    """Return what a form calls a choice."""
    if effect.held_events == HeldEvents.LEAVE_OUT:
        return NONE
    return ALL if effect.publish_from is None else SINCE


def _titles(effect: Effect) -> dict[str, tuple[str, str]]:
    count = len(effect.published)
    every = ngettext("Post it", "Post all %(count)d", count)
    return {
        ALL: (every % {"count": count}, _("If none of it is in your books yet.")),
        SINCE: (
            _("Only financings that began from a date on"),
            _("For example because a month is closed."),
        ),
        NONE: (_("Leave it out"), _("I have entered it by hand.")),
    }


def _consequences(effect: Effect, account: str) -> list[str]:
    found = []
    if effect.publish_from:
        day = formats.day(effect.publish_from)
        found.append(_("From %(day)s on:") % {"day": day})
    if count := effect.entries_published:
        found.append(
            ngettext(
                "%(count)d entry is posted.", "%(count)d entries are posted.", count
            )
            % {"count": count}
        )
    if count := effect.entries_left_out:
        found.append(
            ngettext(
                "%(count)d entry is left out for good, and so is what follows of its "
                "financing.",
                "%(count)d entries are left out for good, and so is what follows of "
                "their financings.",
                count,
            )
            % {"count": count}
        )
    # No line ends between a minus and its amount.
    amount = formats.money(effect.lender_account, effect.currency)
    balance = amount.replace(MINUS, f"{MINUS}{WORD_JOINER}")
    found.append(
        _("By our entries “%(account)s” then stands at %(balance)s.")
        % {"account": account, "balance": balance}
    )
    return found + _warnings(effect)


def _warnings(effect: Effect) -> list[str]:
    counts = {one.caution: one.entries for one in effect.warnings}
    found = []
    if count := counts.get(Caution.TOO_OLD):
        found.append(
            ngettext(
                "%(count)d statement line is older than a year. Xero does not take it.",
                "%(count)d statement lines are older than a year. Xero does not take "
                "them.",
                count,
            )
            % {"count": count}
        )
    if count := counts.get(Caution.LOCKED_PERIOD):
        found.append(
            ngettext(
                "%(count)d entry lies in a locked period. It waits until you unlock "
                "it in Xero.",
                "%(count)d entries lie in a locked period. They wait until you unlock "
                "it in Xero.",
                count,
            )
            % {"count": count}
        )
    return found


def off(company: Company) -> list[str]:
    """Say what follows if posting is switched off now."""
    entries = SyncRecord.objects.filter(company=company)
    by_loan = entries.bookings().exclude(state=State.CANCELLED).values("loan")
    running = by_loan.annotate(balance=Sum("lender_effect")).exclude(balance=0).count()
    found = []
    if running:
        found.append(
            ngettext(
                "%(count)d financing is running. Its entries then wait with us, and "
                "your Xero no longer shows where it stands.",
                "%(count)d financings are running. Their entries then wait with us, "
                "and your Xero no longer shows where they stand.",
                running,
            )
            % {"count": running}
        )
    found.append(_("Nothing that stands in Xero is removed."))
    if count := entries.filter(state__in=UNDER_WAY_STATES).count():
        found.append(
            ngettext(
                "%(count)d entry is on its way and is still posted.",
                "%(count)d entries are on their way and are still posted.",
                count,
            )
            % {"count": count}
        )
    found.append(
        _("When you switch it on again, you choose what becomes of what has waited.")
    )
    return found
