"""What the entries and the chosen accounts show for the technical checkpoints."""

from django.conf import settings
from django.db.models import Count, Max, Min, QuerySet
from django.utils.translation import gettext as _

from lending.formats import instant
from xero_sync.models import AccountMapping, Connection, LenderAccount, SyncRecord
from xero_sync.models.choices import (
    STANDING_STATES,
    FeedStatus,
    Reason,
    State,
    Step,
)
from xero_sync.partner_programme.fact import Fact


def writeback() -> list[Fact]:
    """Count what stands in Xero."""
    records = SyncRecord.objects.all()
    standing = records.filter(state__in=STANDING_STATES)
    on = Connection.objects.live().filter(writeback_on=True).count()
    found = [
        Fact(
            _("Entries that stand in Xero: %(count)d; not settled yet: %(open)d.")
            % {"count": standing.count(), "open": records.open().count()}
        ),
        Fact(_("Connections with write-back on: %(on)d.") % {"on": on}),
    ]
    # Ids are in order of time, so this reads one row of a table that grows.
    latest = records.filter(state=State.WRITTEN).order_by("-pk").first()
    if latest:
        words = _("The newest entry in Xero stands since %(at)s.")
        found.append(Fact(words % {"at": instant(latest.state_since)}))
    return found


def errors() -> list[Fact]:
    """Count what was refused and waits for a person."""
    return _refusals(SyncRecord.objects.all())


def mappings() -> list[Fact]:
    """Count the versions of account mappings."""
    kept = AccountMapping.objects.aggregate(
        count=Count("pk"),
        connections=Count("connection", distinct=True),
        last=Max("created_at"),
    )
    if not kept["last"]:
        return [Fact(_("No accounts have been chosen yet."))]
    unusable = Connection.objects.live().exclude(unusable_account="").count()
    found = [
        Fact(
            _(
                "Versions of account mappings: %(count)d, of %(connections)d "
                "connections, the latest chosen on %(at)s."
            )
            % {
                "count": kept["count"],
                "connections": kept["connections"],
                "at": instant(kept["last"]),
            }
        )
    ]
    if unusable:
        words = _("With an account that is no longer usable: %(count)d.")
        found.append(Fact(words % {"count": unusable}, is_problem=True))
    return found


def lender_accounts() -> list[Fact]:
    """Say under which name the lender appears on statements."""
    accounts = LenderAccount.objects.exclude(source_account_id="")
    names = accounts.values("name").distinct().count()
    words = _(
        "The name on statements is “%(name)s”. Lender accounts with a feed: %(count)d; "
        "names among them: %(names)d."
    )
    values = {
        "name": settings.LENDER_NAME,
        "count": accounts.count(),
        "names": names,
    }
    return [Fact(words % values)]


def statements() -> list[Fact]:
    """Count the statement lines that were missed or refused."""
    lines = SyncRecord.objects.filter(step=Step.STATEMENT_LINE)
    missed = lines.filter(state__in=(State.HELD, State.QUEUED)).exclude(
        reason__in=(Reason.BANK_FEEDS_OFF, Reason.AWAITING_BOOKING)
    )
    oldest = missed.aggregate(count=Count("pk"), first=Min("state_since"))
    written = lines.filter(state__in=STANDING_STATES).count()
    down = LenderAccount.objects.filter(feed_status=FeedStatus.DISCONNECTED).count()
    found = [Fact(_("Lines in Xero: %(count)d.") % {"count": written})]
    if oldest["first"]:
        words = _("Kept for the next push: %(count)d, the oldest since %(at)s.")
        values = {"count": oldest["count"], "at": instant(oldest["first"])}
        found.append(Fact(words % values))
    if down:
        words = _("Feeds that are disconnected: %(count)d.")
        found.append(Fact(words % {"count": down}))
    return [*found, *_refusals(lines)]


def _refusals(records: QuerySet[SyncRecord]) -> list[Fact]:
    refused = records.filter(state=State.FAILED)
    latest = refused.aggregate(count=Count("pk"), last=Max("state_since"))
    waiting = records.filter(state=State.UNKNOWN, reason=Reason.NEEDS_PERSON)
    if not latest["last"]:
        found = [Fact(_("No refused entry waits for a person."))]
    else:
        words = _(
            "Refused entries shown to a person: %(count)d, the last since %(at)s."
        )
        values = {"count": latest["count"], "at": instant(latest["last"])}
        found = [Fact(words % values)]
    if count := waiting.count():
        words = _("Entries whose outcome a person has to look up: %(count)d.")
        found.append(Fact(words % {"count": count}))
    return found
