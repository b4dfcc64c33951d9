"""Borrowers are told of statement lines that did not get through, and of their arrival.

It is found in the rows by the sweep, not where a line changes: the engine waits for no
mail, and a cause that a process died over is told of all the same, once.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Max, Q

from lending.models import Company
from xero_sync.borrowers import notices
from xero_sync.models import BorrowerNotice, SyncRecord
from xero_sync.models.borrowers import NoticeKind
from xero_sync.models.choices import (
    FEED_REFUSALS,
    STANDING_STATES,
    UNDER_WAY_STATES,
    FeedStatus,
    Reason,
    State,
    Step,
)

# A feed that was never connected keeps lines waiting, but none is missed.
CUT = (FeedStatus.DISCONNECTED, FeedStatus.ELSEWHERE)
# A line that could go for so long and is not taken in is late, whatever the cause.
LATE_AFTER = timedelta(days=1)
TROUBLES = (NoticeKind.LINES_REJECTED, NoticeKind.LINES_MISSED)

_LINES = SyncRecord.objects.filter(step=Step.STATEMENT_LINE)
_REJECTED = Q(state=State.FAILED)
_CUT_OFF = Q(
    state=State.HELD,
    reason=Reason.FEED_NOT_CONNECTED,
    lender_account__feed_status__in=CUT,
)
_REFUSED = Q(state=State.HELD, reason__in=FEED_REFUSALS.values())


def tell(*, now: datetime) -> None:
    """Owe every borrower a mail for each new cause, and one once all has arrived."""
    for kind, company_id, subject in [*_causes(), *_late(now)]:
        if not _is_told(company_id, kind, subject):
            notices.tell(
                company=Company.objects.get(pk=company_id),
                kind=kind,
                subject=subject,
                now=now,
            )
    for notice in _over():
        notices.tell(
            company=notice.company,
            kind=NoticeKind.LINES_SENT_AGAIN,
            subject=f"{notice.pk}",
            now=now,
        )


def _causes() -> Iterator[tuple[NoticeKind, int, str]]:
    """Give what keeps lines from getting through: one cause for many lines."""
    # The lines of one push are refused at one moment.
    rejected = _LINES.filter(_REJECTED).values_list(
        "company", "lender_account", "state_since"
    )
    for company_id, account_id, since in rejected.distinct().order_by():
        yield NoticeKind.LINES_REJECTED, company_id, f"{account_id} {_moment(since)}"
    cut_off = _LINES.filter(_CUT_OFF).values_list(
        "company", "lender_account", "lender_account__feed_status_since"
    )
    for company_id, account_id, cut_at in cut_off.distinct().order_by():
        yield NoticeKind.LINES_MISSED, company_id, f"{account_id} {_moment(cut_at)}"
    refused = _LINES.filter(
        _REFUSED, company__connections__deleted_at=None
    ).values_list(
        "company", "company__connections", "company__connections__feed_refused_at"
    )
    for company_id, connection_id, at in refused.distinct().order_by():
        yield NoticeKind.LINES_MISSED, company_id, f"{connection_id} {_moment(at)}"


def _late(now: datetime) -> Iterator[tuple[NoticeKind, int, str]]:
    """Give the borrowers whose lines do not get out, once for each time of trouble."""
    late_since = now - LATE_AFTER
    late = (
        _LINES.filter(
            state__in=(State.QUEUED, State.SENDING, State.UNKNOWN),
            created_at__lte=late_since,
        )
        .annotate(
            could_go=Max(
                "changes__at",
                filter=Q(changes__from_state__in=(State.HELD, State.FAILED)),
            )
        )
        .filter(could_go__lte=late_since)
    )
    first: dict[int, datetime] = {}
    for company_id, since in late.order_by("could_go").values_list(
        "company", "could_go"
    ):
        first.setdefault(company_id, since)
    for company_id, since in first.items():
        troubles = BorrowerNotice.objects.filter(kind__in=TROUBLES, company=company_id)
        if not troubles.filter(created_at__gte=since).exists():
            yield NoticeKind.LINES_MISSED, company_id, f"late {_moment(since)}"


def _moment(since: datetime | None) -> str:
    return since.isoformat() if since else ""


def _is_told(company_id: int, kind: NoticeKind, subject: str) -> bool:
    told = BorrowerNotice.objects.filter(company=company_id, kind=kind, subject=subject)
    return told.exists()


def _over() -> Iterator[BorrowerNotice]:
    """Give each company's last trouble that is over, and that nobody was told of."""
    troubles = BorrowerNotice.objects.filter(kind__in=TROUBLES).order_by()
    latest = troubles.values("company").annotate(latest=Max("pk")).values("latest")
    for notice in BorrowerNotice.objects.filter(pk__in=latest).select_related(
        "company"
    ):
        if _is_told(notice.company_id, NoticeKind.LINES_SENT_AGAIN, f"{notice.pk}"):
            continue
        lines = _LINES.filter(company=notice.company_id)
        has_arrived = lines.filter(
            state__in=STANDING_STATES, state_since__gte=notice.created_at
        )
        if has_arrived.exists() and not _are_open(notice.company_id):
            yield notice


def _are_open(company_id: int) -> bool:
    troubled = _LINES.filter(_REJECTED | _CUT_OFF | _REFUSED)
    on_the_way = _LINES.filter(state__in=(State.QUEUED, *UNDER_WAY_STATES))
    return (
        troubled.filter(company=company_id).exists()
        or on_the_way.filter(company=company_id).exists()
    )
