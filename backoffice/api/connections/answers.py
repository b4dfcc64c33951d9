"""What is answered about connections, their switch and their bank feeds."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import Count
from rest_framework import serializers

from backoffice.api.framework.answers import (
    Amount,
    Answer,
    Balance,
    Masked,
    Moment,
    OrNull,
    Reference,
    Words,
    text,
)
from xero_sync.bank_feeds import wording as feed_wording
from xero_sync.connections import backfill, backfill_wording
from xero_sync.entries.status import Actor, troubles_of
from xero_sync.models import (
    BorrowerLink,
    Connection,
    LenderAccount,
    SyncRecord,
    XeroApp,
)
from xero_sync.models.choices import (
    FEED_REFUSALS,
    ConnectionStatus,
    FeedStatus,
    HeldEvents,
    Reason,
    State,
)
from xero_sync.models.links import LinkRole
from xero_sync.runtime.clock import database_now
from xero_sync.writeback import readiness

Known = Mapping[str, Any]


class Trouble(Answer):
    """Something that keeps entries back."""

    code = serializers.ChoiceField(Reason.choices, source="reason")
    in_words = Words(source="reason.label")
    detail = Masked(allow_blank=True)
    who_must_act = serializers.ChoiceField(Actor.choices, source="actor")


class ConnectionShown(Answer):
    """A connection to a borrower's Xero."""

    id = serializers.UUIDField()
    company = Reference(source="company.reference")
    codat_company_id = serializers.UUIDField()
    codat_connection_id = serializers.UUIDField()
    status = serializers.ChoiceField(ConnectionStatus.choices)
    in_words = Words(source="get_status_display")
    organisation_name = text()
    previous_organisation_name = text(
        help_text="While a person is asked whether the organisation is another one."
    )
    organisation_currency = text()
    plan_type = text(help_text="Xero's plan; its values are not promised.")
    is_demo = serializers.BooleanField(
        help_text="A demo company's connection takes no place of Xero's limit."
    )
    bank_feeds = serializers.BooleanField()
    writeback_on = serializers.BooleanField()
    books_locked_up_to = serializers.DateField(
        source="ledger_lock_date", allow_null=True
    )
    mapping_version = serializers.IntegerField(allow_null=True)
    problems = Trouble(many=True)
    checked_at = Moment(allow_null=True)
    consented_at = Moment(allow_null=True, help_text="When it last became linked.")
    beyond_limit_since = Moment(
        source="over_cap_since",
        allow_null=True,
        help_text="It became linked beyond Xero's limit; who goes?",
    )
    created_at = Moment()
    deleted_at = Moment(allow_null=True)

    @classmethod
    def known(cls, rows: Sequence[Connection]) -> Sequence[Known]:
        """Return the accounts chosen, and what keeps entries back."""
        latest = readiness.latest_mappings(connection_ids=[one.pk for one in rows])
        toggle = XeroApp.objects.bank_feeds_toggle().first()
        mappings = [latest.get(one.pk) for one in rows]
        return [
            {
                "mapping_version": mapping and mapping.version,
                "problems": troubles_of(row, mapping, feeds_toggle=toggle),
            }
            for row, mapping in zip(rows, mappings, strict=True)
        ]


EntryCounts: type[Answer] = type(
    "EntryCounts",
    (Answer,),
    {
        "__doc__": "How many entries are in each state.",
        **{state: serializers.IntegerField(min_value=0) for state in State.values},
    },
)


class ConnectionNow(ConnectionShown):
    """A connection with the entries of its company."""

    entries = EntryCounts()

    @classmethod
    def known(cls, rows: Sequence[Connection]) -> Sequence[Known]:
        """Return how many entries of the companies are in each state."""
        return [
            {**known, "entries": EntryCounts.of(**_counts(row))}
            for row, known in zip(rows, super().known(rows), strict=True)
        ]


def _counts(row: Connection) -> dict[str, int]:
    counted = (
        SyncRecord.objects.filter(company=row.company_id)
        .values_list("state")
        .annotate(found=Count("pk"))
    )
    return {**dict.fromkeys(State.values, 0), **dict(counted.order_by())}


class CustomerLinkShown(Answer):
    """A link to a customer's pages; its address is kept nowhere."""

    id = serializers.UUIDField()
    company = Reference(source="company.reference")
    role = serializers.ChoiceField(LinkRole.choices)
    sent_to = text(help_text="Whom it was mailed to; an accountant's only.")
    opens = serializers.BooleanField(help_text="Neither revoked nor too old.")
    expires_at = Moment(help_text="Opening it does not prolong it.")
    revoked_at = Moment(allow_null=True)
    openings = serializers.IntegerField(min_value=0)
    last_opened_at = Moment(allow_null=True)
    created_by = serializers.CharField(source="made_by")
    created_at = Moment(source="made_at")

    @classmethod
    def known(cls, rows: Sequence[BorrowerLink]) -> Sequence[Known]:
        """Return which of them open now."""
        now = database_now()
        return [
            {"opens": row.revoked_at is None and row.expires_at > now} for row in rows
        ]


class CustomerLinkMade(CustomerLinkShown):
    """The only answer that has the address; hand it to the customer alone."""

    url = serializers.URLField()


class ConnectionsShown(Answer):
    """The connection that lives, then the deleted ones."""

    results = ConnectionShown(many=True)


class Switched(Answer):
    """The last time that the switch was moved."""

    on = serializers.BooleanField()
    held_events = serializers.ChoiceField(HeldEvents.choices, allow_null=True)
    publish_from = serializers.DateField(allow_null=True)
    loans_published = serializers.IntegerField(min_value=0, allow_null=True)
    loans_left_out = serializers.IntegerField(min_value=0, allow_null=True)
    switched_by = serializers.CharField()
    switched_at = Moment()


class WritebackShown(Answer):
    """Whether the borrower's Xero is written to."""

    on = serializers.BooleanField(source="writeback_on")
    held_events = serializers.IntegerField(min_value=0, help_text="Held meanwhile.")
    last_switch = Switched(allow_null=True)

    @classmethod
    def known(cls, rows: Sequence[Connection]) -> Sequence[Known]:
        """Return since when, by whose word, and what is held."""
        return [_switched(one) for one in rows]


def _switched(row: Connection) -> Known:
    held = SyncRecord.objects.filter(
        company=row.company_id, state=State.HELD, reason=Reason.WRITEBACK_OFF
    )
    latest = row.switches.order_by("pk").last()
    return {
        "held_events": held.count(),
        "last_switch": latest
        and Switched.of(latest, held_events=latest.held_events or None),
    }


class HeldLoanShown(Answer):
    """A loan of which something is held because write-back is off."""

    loan = Reference(source="loan.reference")
    begun_on = serializers.DateField(
        help_text="The value date of its first drawdown that was not reversed, or "
        "of its first event."
    )
    advance = Amount(currency="loan.company.currency")
    entries = serializers.IntegerField(min_value=1, help_text="How many are held.")
    always_published = serializers.BooleanField(
        source="must_go",
        help_text="Some of it has come to Xero: the rest is never left out.",
    )

    @classmethod
    def known(cls, rows: Sequence[backfill.HeldLoan]) -> Sequence[Known]:
        """Return how many entries are held of each."""
        return [{"entries": len(one.waiting)} for one in rows]


class TotalShown(Answer):
    """What was advanced on the held loans, in one currency."""

    currency = serializers.CharField()
    amount = Amount(currency="currency", source="advanced")


class WarningShown(Answer):
    """What to know of some of the entries that would be published."""

    code = serializers.ChoiceField(list(backfill.Caution), source="caution")
    in_words = Words()
    entries = serializers.IntegerField(min_value=1)

    @classmethod
    def known(cls, rows: Sequence[backfill.Warned]) -> Sequence[Known]:
        """Return each in words."""
        return [{"in_words": backfill_wording.warning(one)} for one in rows]


class EffectShown(Answer):
    """A choice, and what it does to each held loan."""

    held_events = serializers.ChoiceField(HeldEvents.choices)
    publish_from = serializers.DateField(allow_null=True)
    fingerprint = serializers.CharField(
        help_text="To be given with the switch: it is refused once this has changed."
    )
    published = serializers.ListField(child=Reference())
    left_out = serializers.ListField(child=Reference())
    entries_published = serializers.IntegerField(min_value=0)
    entries_left_out = serializers.IntegerField(min_value=0)
    lender_account = Balance(
        currency="currency",
        help_text="Where our entries bring the lender account once all are in Xero.",
    )
    warnings = WarningShown(many=True)

    @classmethod
    def known(cls, rows: Sequence[backfill.Effect]) -> Sequence[Known]:
        """Return the references of the loans."""
        return [
            {
                "published": [loan.loan.reference for loan in one.published],
                "left_out": [loan.loan.reference for loan in one.left_out],
            }
            for one in rows
        ]


class HeldShown(Answer):
    """The loans that are held because write-back is off, and what may be chosen."""

    loans = HeldLoanShown(many=True)
    count = serializers.IntegerField(min_value=0, help_text="Of loans.")
    entries = serializers.IntegerField(min_value=0)
    totals = TotalShown(many=True)
    oldest_on = serializers.DateField(
        allow_null=True, help_text="The oldest value date of what is held."
    )
    choices = EffectShown(many=True)


class SourceAccountShown(Answer):
    """The lender's end of a bank feed."""

    source_account_id = serializers.CharField()
    target_account_id = OrNull()
    name = serializers.CharField()
    status = serializers.ChoiceField(FeedStatus.choices, source="feed_status")
    in_words = Words(source="get_feed_status_display")
    since = Moment(source="feed_status_since", allow_null=True)
    checked_at = Moment(source="feed_checked_at", allow_null=True)
    feed_start_date = serializers.DateField(allow_null=True)
    missing_lines = serializers.IntegerField(
        min_value=0, help_text="Still to come into the feed."
    )

    @classmethod
    def known(cls, rows: Sequence[LenderAccount]) -> Sequence[Known]:
        """Return how many lines are still to come."""
        lines = SyncRecord.objects.missing_lines().filter(lender_account__in=rows)
        counted = lines.values_list("lender_account").annotate(found=Count("pk"))
        missing = dict(counted.order_by())
        return [{"missing_lines": missing.get(one.pk, 0)} for one in rows]


class BankFeedsShown(Answer):
    """What statement lines rest on, and where each feed stands."""

    on = serializers.BooleanField(source="bank_feeds", help_text="For this connection.")
    app_toggle = serializers.BooleanField(
        allow_null=True, help_text="The lender's own, for all; null: never set."
    )
    refusal = serializers.ChoiceField(
        list(FEED_REFUSALS),
        allow_null=True,
        help_text="Xero's; switch on to try again.",
    )
    refused_at = Moment(source="feed_refused_at", allow_null=True)
    remedy = Words(allow_blank=True)
    accounts = SourceAccountShown(many=True)

    @classmethod
    def known(cls, rows: Sequence[Connection]) -> Sequence[Known]:
        """Return the lender's toggle, Xero's refusal and the source accounts."""
        toggle = XeroApp.objects.bank_feeds_toggle().first()
        return [{"app_toggle": toggle, **_feeds(one)} for one in rows]


def _feeds(row: Connection) -> Known:
    refusal = feed_wording.refusal_of(row.feed_refusal)
    accounts = row.lender_accounts.exclude(source_account_id="").order_by("pk")
    return {
        "refusal": row.feed_refusal or None,
        "remedy": refusal.remedy if refusal else "",
        "accounts": list(accounts),
    }
