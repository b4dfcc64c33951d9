"""What is held while write-back is off, and what each choice does, for the lender."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from lending import formats
from xero_sync.connections.backfill import Caution, Effect, Held, Warned
from xero_sync.models.choices import HeldEvents


def summary(held: Held) -> str:
    """Say how much is held: loans, entries, money, and since when."""
    if not held.loans:
        return _("No loans are held.")
    words = ngettext(
        "%(count)d loan is held: entries %(entries)d, advanced %(money)s, oldest of "
        "%(day)s.",
        "%(count)d loans are held: entries %(entries)d, advanced %(money)s, oldest of "
        "%(day)s.",
        len(held.loans),
    )
    return words % {
        "count": len(held.loans),
        "entries": held.entries,
        "money": formats.money(held.advanced, held.currency),
        "day": formats.day(held.oldest_on),
    }


def choice(effect: Effect) -> str:
    """Name a choice."""
    if effect.held_events == HeldEvents.LEAVE_OUT:
        return _("Leave them out of Xero.")
    if effect.publish_from is None:
        return _("Publish all.")
    day = formats.day(effect.publish_from)
    return _("Publish those begun from %(day)s on.") % {"day": day}


def consequences(effect: Effect) -> list[str]:
    """Say what a choice does, a sentence each."""
    counts = {
        "published": len(effect.published),
        "left_out": len(effect.left_out),
        "entries": effect.entries_published,
        "cancelled": effect.entries_left_out,
    }
    found = [
        _(
            "Loans published: %(published)d (entries: %(entries)d), left out for good: "
            "%(left_out)d (entries: %(cancelled)d)."
        )
        % counts,
        _("Our entries then bring the lender account to %(money)s.")
        % {"money": formats.money(effect.lender_account, effect.currency)},
    ]
    is_all = effect.held_events == HeldEvents.PUBLISH and effect.publish_from is None
    if not is_all and (bound := _bound(effect)):
        words = _("Published in any case, as some of it is in Xero: %(loans)s.")
        found.append(words % {"loans": ", ".join(bound)})
    return [*found, *map(warning, effect.warnings)]


def _bound(effect: Effect) -> list[str]:
    return [one.loan.reference for one in effect.published if one.must_go]


def warning(warned: Warned) -> str:
    """Say what to know of some of the entries."""
    words = {
        Caution.TOO_OLD: _(
            "Statement lines older than a year, which Xero never takes: %(count)d."
        ),
        Caution.LOCKED_PERIOD: _(
            "Entries in a locked period, which wait until it is unlocked: %(count)d."
        ),
        Caution.MAY_BE_IN_BOOKS: _(
            "A bookkeeper may have entered some of these by hand: %(count)d."
        ),
    }
    return words[warned.caution] % {"count": warned.entries}
