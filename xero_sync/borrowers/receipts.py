"""What a borrower gets in writing once posting was switched on or off."""

from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from lending import formats
from xero_sync.models import WritebackSwitch

Receipt = tuple[str, tuple[str, ...]]


def of_switch(switch: WritebackSwitch, *, zone: str) -> Receipt:
    """Return title and paragraphs in the language that is active.

    `zone` is the company's, in which the moment is told.
    """
    facts = {
        "who": _who(switch.switched_by),
        "when": formats.moment(switch.switched_at, ZoneInfo(zone)),
    }
    return _on(switch, facts) if switch.on else _off(switch, facts)


def _who(author: str) -> str:
    """Name who switched it: the borrower's own people, or the lender's."""
    if _is_accountant(author):
        return _("your accountant")
    return _("you") if author.startswith("borrower:") else settings.LENDER_NAME


def _is_accountant(author: str) -> bool:
    return author.startswith("accountant:")


def _unless_wanted(author: str) -> list[str]:
    """Say what a borrower can do about what their accountant did."""
    words = _("If you did not want this, open the page and withdraw their link.")
    return [words] if _is_accountant(author) else []


def _on(switch: WritebackSwitch, facts: dict[str, str]) -> Receipt:
    return _("Posting in your Xero is switched on"), (
        _("Switched on by %(who)s on %(when)s.") % facts,
        *_unless_wanted(switch.switched_by),
        _(
            "From now on each movement of your financing is posted in your Xero within "
            "minutes."
        ),
        *_held(switch),
        _("You can switch it off on your page at any time."),
    )


def _held(switch: WritebackSwitch) -> list[str]:
    """Say what becomes of what had waited, if anything had."""
    words = []
    if count := switch.loans_published:
        words.append(
            ngettext(
                "%(count)d financing had waited and is now posted in full.",
                "%(count)d financings had waited and are now posted in full.",
                count,
            )
            % {"count": count}
        )
    if count := switch.loans_left_out:
        words.append(
            ngettext(
                "%(count)d financing was left out. We post nothing of it, neither what "
                "had waited nor what follows.",
                "%(count)d financings were left out. We post nothing of them, neither "
                "what had waited nor what follows.",
                count,
            )
            % {"count": count}
        )
    return words


def _off(switch: WritebackSwitch, facts: dict[str, str]) -> Receipt:
    return _("Posting in your Xero is switched off"), (
        _("Switched off by %(who)s on %(when)s.") % facts,
        *_unless_wanted(switch.switched_by),
        _("Nothing that stands in Xero is removed."),
        _("What is on its way is still posted."),
        _(
            "Everything else is kept: it waits with us, in order. When you switch "
            "posting on again, you choose what becomes of it."
        ),
    )
