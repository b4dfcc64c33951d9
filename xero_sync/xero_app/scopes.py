"""What the app asks a borrower to allow, why, and who has to be asked again.

After Codat's "Xero scopes by use case" (invoice finance, granular; `bankfeeds` comes on
top of it). Xero's reviewer asks for the reason of each. Codat sets the scopes; here is
recorded what was agreed and when it changed, because a token keeps the scopes that it
was given: whoever consented before has to consent again.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lending.audit import trail
from xero_sync.models import Connection
from xero_sync.models.choices import ConnectionStatus
from xero_sync.models.scopes import BANK_FEEDS_SCOPE, ScopeChange, scopes_at
from xero_sync.xero_app import days, records
from xero_sync.xero_app.exceptions import XeroAppRefused

_WORDED = re.compile(r"[a-z_]+(\.[a-z_]+)*")


@dataclass(frozen=True)
class ConsentScope:
    """One scope and the reason for it, which Xero's reviewer is shown.

    `note` is for ourselves: what is still to be settled about it.
    """

    name: str
    reason: str | Promise
    note: str | Promise = ""


SHEET = (
    ConsentScope(
        "offline_access",
        gettext_lazy(
            "Loan events happen on any day: they are written while nobody is signed in."
        ),
    ),
    ConsentScope(
        "accounting.settings",
        gettext_lazy(
            "Reads the organisation's name, currency and lock date, its accounts and "
            "tax rates, and creates the lender account."
        ),
    ),
    ConsentScope(
        "accounting.invoices",
        gettext_lazy("Finds the invoice that is financed and what is still due on it."),
    ),
    ConsentScope(
        "accounting.payments",
        gettext_lazy("Records that the debtor has paid the financed invoice."),
    ),
    ConsentScope(
        "accounting.banktransactions",
        gettext_lazy(
            "Books drawdowns and repayments as bank transfers, and fees as spent money."
        ),
    ),
    ConsentScope(
        "accounting.contacts",
        gettext_lazy(
            "Finds the customer on the invoice, and the lender as the supplier of "
            "fees, creating it once if it is not there."
        ),
    ),
    ConsentScope(
        "accounting.attachments",
        gettext_lazy(
            "Part of Codat's set for invoice finance. The back office reads and writes "
            "no attachments."
        ),
        gettext_lazy("Ask Codat whether it can be left out."),
    ),
    ConsentScope(
        # Codat spells it so; some of Xero's other partners write "balancesheet".
        "accounting.reports.balancesheets.read",
        gettext_lazy(
            "Part of Codat's set for invoice finance. The back office reads no reports."
        ),
        gettext_lazy("Ask Codat whether it can be left out, and for the spelling."),
    ),
    ConsentScope(
        BANK_FEEDS_SCOPE,
        gettext_lazy(
            "Writes each movement on the lender account as a statement line, so that "
            "the borrower can reconcile it."
        ),
    ),
)


def requested() -> list[ConsentScope]:
    """Return what the app asks for: `bankfeeds` only where bank feeds are asked for."""
    with_feeds = records.stored().wants_bank_feeds
    return [one for one in SHEET if with_feeds or one.name != BANK_FEEDS_SCOPE]


def must_consent_again(connection: Connection) -> set[str]:
    """Return what the borrower has not allowed yet because it was added since.

    Empty for a connection that was never linked: its consent is still to come.
    """
    since, made = connection.consented_at, changes()
    if since is None or not made:
        return set()
    return _names(requested()) - consented(since, made)


def waiting_for_consent() -> list[tuple[Connection, set[str]]]:
    """Return the linked connections whose borrowers have to consent again, and to what.

    A connection that is not linked is not among them: linking it asks for everything.
    """
    wanted, made = _names(requested()), changes()
    if not made:
        return []
    linked = Connection.objects.live().filter(status=ConnectionStatus.LINKED)
    found = []
    for connection in linked.select_related("company").order_by("company__reference"):
        since = connection.consented_at
        missing = wanted - consented(since, made) if since else set()
        if missing:
            found.append((connection, missing))
    return found


def changes() -> list[ScopeChange]:
    """Return what was ever changed, the latest first."""
    return list(ScopeChange.objects.latest_first())


def consented(since: datetime, made: Iterable[ScopeChange]) -> set[str]:
    """Return the scopes asked for at a moment: today's, with later changes undone."""
    return scopes_at(since, changes=made, now=_names(requested()))


@transaction.atomic
def record_change(
    *,
    changed_at: datetime,
    added: Sequence[str],
    author: str,
    now: datetime,
    removed: Sequence[str] = (),
    note: str = "",
) -> ScopeChange:
    """Record that Codat changed what the app asks for.

    Raises:
        XeroAppRefused: nothing is named, an added scope has no reason on the sheet
            or a removed one is still on it, or the moment lies ahead or before the
            change before it.
    """
    app = records.locked()
    asked_for = _names(requested())
    unreasoned = sorted(set(added) - asked_for)
    if unreasoned:
        raise XeroAppRefused(
            _("%(names)s: no reason for it is on the sheet, so it is not asked for.")
            % {"names": ", ".join(unreasoned)},
            field="added",
        )
    _check_removed(set(removed), asked_for)
    if not added and not removed:
        raise XeroAppRefused(_("Name a scope that was added."), field="added")
    _check_moment(changed_at, now)
    change = ScopeChange.objects.create(
        changed_at=changed_at,
        added=sorted(set(added)),
        removed=sorted(set(removed)),
        note=note.strip(),
        author=author,
        recorded_at=now,
    )
    trail.record(
        "xero_app.scopes_changed",
        app,
        by=author,
        at=now,
        reason=change.note,
        after=trail.values_of(change, "changed_at", "added", "removed"),
    )
    return change


def _check_removed(removed: set[str], asked_for: set[str]) -> None:
    for name in sorted(removed):
        if not _WORDED.fullmatch(name):
            raise XeroAppRefused(
                _("%(name)s is no scope.") % {"name": name}, field="removed"
            )
    if removed & asked_for:
        raise XeroAppRefused(
            _("%(names)s: still on the sheet, so still asked for.")
            % {"names": ", ".join(sorted(removed & asked_for))},
            field="removed",
        )


def _check_moment(changed_at: datetime, now: datetime) -> None:
    if complaint := days.complaint(changed_at):
        raise XeroAppRefused(complaint, field="changed_at")
    if changed_at > now:
        raise XeroAppRefused(_("The time lies ahead."), field="changed_at")
    latest = ScopeChange.objects.order_by("-changed_at").first()
    if latest and changed_at < latest.changed_at:
        raise XeroAppRefused(
            _("The time lies before the change that is recorded already."),
            field="changed_at",
        )


def _names(scopes: Iterable[ConsentScope]) -> set[str]:
    return {one.name for one in scopes}
