"""What a borrower is asked about their accounts: something is gone, or never chosen.

Entries wait meanwhile, and go out by themselves once it is answered.
"""

from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from lending.models import Company
from xero_sync.borrowers.wording import Words
from xero_sync.models import AccountMapping, Connection, SyncRecord
from xero_sync.models.choices import Question, Reason, State
from xero_sync.models.connections import LostChoice

LOST, AWAITED = "choice_lost", "accounts_awaited"
# Where posting was never switched on, what waits for accounts is held for that.
WITHOUT_ACCOUNTS = (Reason.MAPPING_INCOMPLETE, Reason.WRITEBACK_OFF)


@dataclass(frozen=True)
class Lost:
    """Something chosen that is gone; `cause` stays the same while it is."""

    choice: LostChoice
    cause: str


def lost(company: Company) -> list[Lost]:
    """Return what of a company's choice is gone, if entries go through it."""
    return [
        Lost(one, f"{connection.pk} {one.question} {one.since.isoformat()}")
        for connection in company.connections.linked()
        if not connection.organisation_changed
        for one in connection.lost_choices
    ]


def awaited(company: Company) -> str:
    """Name the cause if entries wait for accounts that were never chosen, else ""."""
    connection = company.connections.linked().first()
    if connection is None or connection.organisation_changed:
        return ""
    mapping = connection.mappings.order_by("version").last()
    if mapping and not mapping.lender_account.void_since:
        return ""
    held = SyncRecord.objects.filter(company=company, state=State.HELD)
    if not held.filter(reason__in=WITHOUT_ACCOUNTS).exists():
        return ""
    # Chosen in another organisation, they are asked for anew.
    return f"{connection.pk} after version {mapping.version if mapping else 0}"


def in_doubt() -> QuerySet[Company]:
    """Return the companies that may have to be asked; few of all, for the sweep."""
    linked = Connection.objects.linked().filter(organisation_changed=False)
    chosen = AccountMapping.objects.filter(
        connection=OuterRef("pk"), lender_account__void_since=None
    )
    waiting = SyncRecord.objects.filter(
        company=OuterRef("company"), state=State.HELD, reason__in=WITHOUT_ACCOUNTS
    )
    asked = linked.filter(~Q(unusable_account="") | (~Exists(chosen) & Exists(waiting)))
    return Company.objects.filter(pk__in=asked.values("company")).order_by("pk")


def words_of(choice: LostChoice | None = None) -> Words:
    """Say which choice is gone, and ask for that one alone."""
    if choice is None:
        title, button = _("A choice of yours has changed"), _("See the accounts")
    else:
        title, button = _texts()[choice.question]
        title %= {"name": choice.name}
    return Words(
        LOST,
        title,
        (
            _("It was archived, deleted or changed in your Xero."),
            _("What is still to be entered waits with us. Nothing is lost."),
            _("Choose another one; then everything goes out by itself, in order."),
        ),
        button,
        address="customer-question" if choice else "customer-accounts",
        question=choice.question if choice else "",
    )


def words_of_awaited() -> Words:
    """Ask for the accounts that entries wait for."""
    return Words(
        AWAITED,
        _("Entries wait for your accounts"),
        (
            _("We have something to enter in your Xero, and do not know yet where."),
            _("Choose your accounts: a few questions, most with a suggestion."),
            _("Nothing is entered before you have seen it and switched posting on."),
        ),
        _("Choose your accounts"),
        address="customer-accounts",
    )


def _texts() -> dict[Question, tuple[str, str]]:
    account = _("Choose another account")
    return {
        Question.LENDER: (
            _("The lender account “%(name)s” can no longer be used"),
            account,
        ),
        Question.BANK: (
            _("Your bank account “%(name)s” can no longer be used"),
            account,
        ),
        Question.FEE: (
            _("The account for our fees, “%(name)s”, can no longer be used"),
            account,
        ),
        Question.TAX: (
            _("The tax rate “%(name)s” can no longer be used"),
            _("Choose another tax rate"),
        ),
        Question.SUPPLIER: (
            _("The supplier “%(name)s” can no longer be used"),
            _("Choose another supplier"),
        ),
    }
