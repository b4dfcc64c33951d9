"""What the connections show for the technical checkpoints."""

from datetime import datetime

from django.db.models import Count, Max, Min, QuerySet
from django.utils.translation import gettext as _

from lending.formats import instant
from lending.models import AuditEntry, Company
from xero_sync.connections import alerts
from xero_sync.models import (
    Connection,
    ConnectionCheckRun,
    SyncRecord,
    WebhookMessage,
)
from xero_sync.models.choices import (
    ConnectionStatus,
    Reason,
    State,
)
from xero_sync.partner_programme.fact import Fact

DISCONNECTED = "connection.disconnected"


def organisations() -> list[Fact]:
    """Count the organisations that are named as Xero names them."""
    linked = _linked().count()
    named = _linked().exclude(organisation_name="").count()
    words = _("Linked: %(linked)d; with the organisation's name from Xero: %(named)d.")
    found = [Fact(words % {"linked": linked, "named": named})]
    if named < linked:
        missing = _("Without a name yet: %(count)d.") % {"count": linked - named}
        found.append(Fact(missing, is_problem=True))
    changed = _live().filter(organisation_changed=True).count()
    if changed:
        words = _("Reconnected under another name, waiting for a person: %(count)d.")
        found.append(Fact(words % {"count": changed}))
    return found


def status() -> list[Fact]:
    """Count the connections by their status."""
    rows = _live().values_list("status").annotate(Count("pk")).order_by("status")
    words = [f"{ConnectionStatus(one).label}: {count}" for one, count in rows]
    return [Fact("; ".join(words) or _("No connection yet."))]


def disconnects() -> list[Fact]:
    """Say how disconnects made in Xero were noticed, and what waits for them."""
    told = WebhookMessage.objects.filter(event_type=DISCONNECTED)
    heard = told.aggregate(count=Count("pk"), last=Max("received_at"))
    unread = told.filter(processed_at=None).count()
    away = _live().filter(status=ConnectionStatus.DEAUTHORIZED)
    kept = SyncRecord.objects.filter(state=State.HELD, reason=Reason.NOT_LINKED)
    found = [
        Fact(
            _("Disconnects told by webhook: %(count)d, the last on %(at)s.")
            % {"count": heard["count"], "at": instant(heard["last"])}
            if heard["last"]
            else _("No disconnect was told by webhook yet.")
        ),
        Fact(
            _(
                "Access withdrawn in Xero now: %(count)d; entries kept for a "
                "reconnect: %(kept)d."
            )
            % {"count": away.count(), "kept": kept.count()}
        ),
    ]
    ours = AuditEntry.objects.filter(
        object_type=Connection._meta.label_lower, verb="connection.disconnected"
    )
    made = ours.aggregate(count=Count("pk"), last=Max("at"))
    if made["last"]:
        words = _("Disconnects made by us: %(count)d, the last on %(at)s.")
        values = {"count": made["count"], "at": instant(made["last"])}
        found.append(Fact(words % values))
    if unread:
        words = _("Messages of a disconnect that were not read yet: %(count)d.")
        found.append(Fact(words % {"count": unread}, is_problem=True))
    return found


def daily_check(now: datetime) -> list[Fact]:
    """Date the checks of the connections and their runs; count what failed."""
    checked = _live().aggregate(
        count=Count("checked_at"), first=Min("checked_at"), last=Max("checked_at")
    )
    if not checked["count"]:
        return [Fact(_("No connection has been checked yet.")), *_runs()]
    late = _live().filter(alerts.not_read_since(now - alerts.CHECKED_WITHIN))
    refused = _live().exclude(access_problem="").count()
    found = [
        Fact(
            _("Last check: %(last)s. Longest unchecked: %(first)s.")
            % {
                "last": instant(checked["last"]),
                "first": instant(checked["first"]),
            }
        ),
        *_runs(),
    ]
    for words, count in (
        (_("Not checked for more than a day: %(count)d."), late.count()),
        (_("Refused by Codat when they were read: %(count)d."), refused),
    ):
        if count:
            found.append(Fact(words % {"count": count}, is_problem=True))
    return found


def _runs() -> list[Fact]:
    """Count the recorded runs, and say what the latest one did."""
    runs = ConnectionCheckRun.objects.order_by("pk")
    first, last = runs.first(), runs.last()
    if first is None or last is None:
        return []
    words = _(
        "Recorded runs: %(count)d since %(first)s. The last, on %(last)s, read "
        "%(read)d; it could not read %(failed)d."
    )
    values = {
        "count": runs.count(),
        "first": instant(first.started_at),
        "last": instant(last.started_at),
        "read": last.checked,
        "failed": last.failed,
    }
    return [Fact(words % values)]


def several() -> list[Fact]:
    """Count the borrowers with several organisations."""
    borrowers = (
        Company.objects.exclude(borrower_reference="")
        .values("borrower_reference")
        .annotate(companies=Count("pk"))
        .filter(companies__gt=1)
    )
    words = _("Borrowers with several organisations, each connected apart: %(count)d.")
    return [Fact(words % {"count": borrowers.count()})]


def offboarded() -> list[Fact]:
    """Date the deletions."""
    gone = Connection.objects.exclude(deleted_at=None).aggregate(
        count=Count("pk"), last=Max("deleted_at")
    )
    if not gone["last"]:
        return [Fact(_("No connection was deleted yet."))]
    words = _("Deleted connections: %(count)d, the last on %(at)s; our history stays.")
    return [Fact(words % {"count": gone["count"], "at": instant(gone["last"])})]


def _live() -> QuerySet[Connection]:
    return Connection.objects.live()


def _linked() -> QuerySet[Connection]:
    return _live().filter(status=ConnectionStatus.LINKED)
