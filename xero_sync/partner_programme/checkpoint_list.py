"""Xero's technical checkpoints, for lending and for bank feeds, and what we do.

After Codat's companion guides to Xero's lists, which name for each checkpoint how much
of it is left to the partner: docs.codat.io, "Xero's Lending Partnership certification
checkpoints" and "Xero's Bank Feeds Partner certification checkpoints". Xero's own form
for bank feeds is not public; Codat's account team has it.
"""

from dataclasses import dataclass

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Text = str | Promise

# Xero's requirement of lenders stands before the numbered checkpoints.
WRITEBACK = "writeback"


class Group(TextChoices):
    """The two lists."""

    LENDING = "lending", _("Lending")
    BANK_FEEDS = "bank_feeds", _("Bank feeds")


class Effort(TextChoices):
    """How much the guides say is left to us: their "action required"."""

    SIGNIFICANT = "significant", _("significant")
    MODERATE = "moderate", _("moderate")
    SOME = "some", _("some")
    MINIMAL = "minimal", _("minimal")
    NONE = "none", _("none")


class Evidence(TextChoices):
    """What the product's own tables can show for a checkpoint."""

    WRITEBACK = "writeback", _("Write-back")
    ORGANISATIONS = "organisations", _("Organisation shown")
    STATUS = "status", _("Status shown")
    DISCONNECTS = "disconnects", _("Disconnects handled")
    DAILY_CHECK = "daily_check", _("Daily check")
    SEVERAL = "several", _("Several organisations")
    OFFBOARDED = "offboarded", _("Off-boarded")
    NAME = "name", _("App name")
    EMAIL = "email", _("App e-mail")
    BADGE = "badge", _("Partnership mentioned")
    SCOPES = "scopes", _("Scopes")
    ERRORS = "errors", _("Errors shown")
    MAPPINGS = "mappings", _("Account mapping")
    LENDER_ACCOUNTS = "lender_accounts", _("Lender accounts")
    STATEMENTS = "statements", _("Statement lines")


@dataclass(frozen=True)
class Checkpoint:
    """One checkpoint. `excluded` says why it asks nothing of us, if it does not."""

    group: Group
    number: str
    title: Text
    effort: Effort
    ours: Text
    excluded: Text = ""
    evidence: tuple[Evidence, ...] = ()

    @property
    def code(self) -> str:
        """The name under which reviews are kept."""
        return f"{self.group}-{self.number or WRITEBACK}"

    @property
    def heading(self) -> str:
        """The number, if it has one, and the title."""
        return f"{self.number}. {self.title}" if self.number else str(self.title)

    @property
    def applies(self) -> bool:
        """Whether certification depends on it."""
        return not self.excluded


_CODAT_DOES_IT = _("Codat covers it in full.")
_NOT_FOR_LENDERS = _("Not relevant to lending partnerships.")
_CONNECTION = (
    Evidence.ORGANISATIONS,
    Evidence.STATUS,
    Evidence.DISCONNECTS,
    Evidence.DAILY_CHECK,
    Evidence.SEVERAL,
    Evidence.OFFBOARDED,
)
_CONNECTION_OURS = _(
    "The organisation's name as Xero spells it, the status in words with the time of "
    "the last check, connect again, disconnect, off-board. A disconnect made in Xero "
    "is noticed by webhook, by the daily check and by the first refused call."
)
_ERRORS_OURS = _(
    "Whatever Codat or Xero refuses is kept with its words, shown with what to do "
    "next, and moves on by a person's decision; every exchange is on file."
)

LENDING = (
    Checkpoint(
        Group.LENDING,
        "",
        _("Lending write-back"),
        Effort.SIGNIFICANT,
        _(
            "Each drawdown, fee, invoice payment and repayment is written once, in "
            "order and balanced; the borrower switches it on and off and chooses the "
            "accounts."
        ),
        evidence=(Evidence.WRITEBACK, Evidence.MAPPINGS),
    ),
    Checkpoint(
        Group.LENDING,
        "1",
        _("Sign up with Xero"),
        Effort.NONE,
        "",
        excluded=_("Optional for financial services; we have no App Store listing."),
    ),
    Checkpoint(
        Group.LENDING,
        "2",
        _("Xero App Store"),
        Effort.NONE,
        "",
        excluded=_NOT_FOR_LENDERS,
    ),
    Checkpoint(
        Group.LENDING,
        "3",
        _("Connection"),
        Effort.SIGNIFICANT,
        _CONNECTION_OURS,
        evidence=_CONNECTION,
    ),
    Checkpoint(
        Group.LENDING,
        "4",
        _("Branding and naming"),
        Effort.MINIMAL,
        _(
            "The app's name is our market name without Xero's; our own plain buttons "
            "without Xero's logo; no mention of a partnership before there is one."
        ),
        evidence=(Evidence.NAME, Evidence.BADGE),
    ),
    Checkpoint(
        Group.LENDING,
        "5",
        _("Scopes"),
        Effort.MINIMAL,
        _("Each scope has a reason; Codat sets them for us once they are agreed."),
        evidence=(Evidence.SCOPES,),
    ),
    Checkpoint(
        Group.LENDING,
        "6",
        _("Error handling"),
        Effort.MODERATE,
        _ERRORS_OURS,
        evidence=(Evidence.ERRORS,),
    ),
    Checkpoint(
        Group.LENDING,
        "7",
        _("Data integrity"),
        Effort.NONE,
        "",
        excluded=_CODAT_DOES_IT,
    ),
    Checkpoint(
        Group.LENDING,
        "8",
        _("Account and payment mapping"),
        Effort.NONE,
        "",
        excluded=_("Not relevant to lending partnerships; the write-back has one."),
        evidence=(Evidence.MAPPINGS,),
    ),
    Checkpoint(
        Group.LENDING,
        "9",
        _("Taxes"),
        Effort.NONE,
        "",
        excluded=_NOT_FOR_LENDERS,
    ),
)

BANK_FEEDS = (
    Checkpoint(
        Group.BANK_FEEDS,
        "1",
        _("App name and portal settings"),
        Effort.MINIMAL,
        _("Our market name without Xero's; a shared mailbox as the app's e-mail."),
        evidence=(Evidence.NAME, Evidence.EMAIL),
    ),
    Checkpoint(
        Group.BANK_FEEDS,
        "2",
        _("Branding"),
        Effort.MINIMAL,
        _("Xero's brand guidelines wherever we mention it."),
        evidence=(Evidence.BADGE,),
    ),
    Checkpoint(
        Group.BANK_FEEDS,
        "3",
        _("Connection"),
        Effort.SIGNIFICANT,
        _CONNECTION_OURS,
        evidence=_CONNECTION,
    ),
    Checkpoint(
        Group.BANK_FEEDS,
        "4",
        _("Error handling"),
        Effort.SOME,
        _ERRORS_OURS,
        evidence=(Evidence.ERRORS,),
    ),
    Checkpoint(
        Group.BANK_FEEDS,
        "5",
        _("Offline access"),
        Effort.NONE,
        "",
        excluded=_CODAT_DOES_IT,
    ),
    Checkpoint(
        Group.BANK_FEEDS,
        "6",
        _("Rate limits"),
        Effort.NONE,
        "",
        excluded=_CODAT_DOES_IT,
    ),
    Checkpoint(
        Group.BANK_FEEDS,
        "7",
        _("Scopes"),
        Effort.NONE,
        "",
        excluded=_CODAT_DOES_IT,
    ),
    Checkpoint(
        Group.BANK_FEEDS,
        "8",
        _("Account mapping"),
        Effort.SOME,
        _(
            "Needed because the accounts are chosen here and not on Codat's page: one "
            "mapping a request, targets of the same currency and kind, changeable."
        ),
        evidence=(Evidence.MAPPINGS,),
    ),
    Checkpoint(
        Group.BANK_FEEDS,
        "9",
        _("Bank name, logos and account number"),
        Effort.SOME,
        _("One name on every lender account; the logo goes to Codat and Xero."),
        evidence=(Evidence.LENDER_ACCOUNTS,),
    ),
    Checkpoint(
        Group.BANK_FEEDS,
        "10",
        _("Scheduled refresh"),
        Effort.NONE,
        "",
        excluded=_CODAT_DOES_IT,
    ),
    Checkpoint(
        Group.BANK_FEEDS,
        "11",
        _("Missed and rejected statements"),
        Effort.MODERATE,
        _(
            "Every line is kept until Xero has it; a missed one goes with the next "
            "push, a rejected one is sent again after a person has mended its cause, "
            "all in order; the borrower is told."
        ),
        evidence=(Evidence.STATEMENTS,),
    ),
)
