"""Lender accounts with their bank feeds, and the lines that are still to come."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, ClassVar

from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lending import formats
from lending.admin.base import ReadOnlyAdmin, Section, object_url
from lending.admin.filters import ChoiceFilter
from xero_sync.admin.bank_feeds import actions
from xero_sync.admin.entries.pages import state_in_words
from xero_sync.bank_feeds import wording as feed_wording
from xero_sync.models import LenderAccount, SyncRecord
from xero_sync.models.choices import UNDER_WAY_STATES, State
from xero_sync.runtime.clock import database_now

# More lines and acts than a page has to show; the lists have them all.
MOST_ROWS = 50


class LenderAccountAdmin(ReadOnlyAdmin):
    """Lender accounts: what their feeds need first, then their lines and history."""

    object_actions = (
        actions.Connect(),
        actions.GiveFeed(),
        actions.LookNow(),
        actions.SetStart(),
        actions.Rename(),
        actions.SetBalance(),
        actions.Disconnect(),
        actions.Close(),
    )
    list_display = (
        "name",
        "connection__company",
        "feed_status",
        "feed_status_since",
        "feed_checked_at",
        "feed_start_date",
        "currency",
        "target_account_id",
    )
    list_filter = ("feed_status",)
    list_select_related = ("connection__company",)
    search_fields = (
        "connection__company__reference__startswith",
        "source_account_id__startswith",
        "target_account_id__startswith",
    )
    ordering = ("-pk",)
    sortable_by = ()
    fields = (
        "connection",
        "name",
        "kind",
        "currency",
        "feed_status",
        "feed_status_since",
        "feed_checked_at",
        "feed_start_date",
        "opening",
        "source_account_id",
        "target_account_id",
        "void_since",
        "created_at",
    )
    quiet_fields = ("feed_start_date", "source_account_id", "void_since")

    def headline(self, obj: LenderAccount) -> str:
        """Name the company, the account and its feed."""
        return f"{obj.connection.company} – {obj.name}: {obj.get_feed_status_display()}"

    @admin.display(description=gettext_lazy("opening statement balance"))
    def opening(self, obj: LenderAccount) -> str:
        """Spell the balance in the account's currency."""
        return formats.money(obj.opening_balance, obj.currency)

    def standing(self, obj: LenderAccount) -> list[str]:
        """Say what keeps lines back, and what a person does about it."""
        return feed_wording.standing(obj)

    def sections(self, request: HttpRequest, obj: LenderAccount) -> list[Section]:  # noqa: ARG002
        """Show the lines that are to come."""
        return [_missing_lines(obj)]


def _missing_lines(account: LenderAccount) -> Section:
    lines = account.sync_records.missing_lines().select_related(
        "event", "company", "loan"
    )
    now = database_now()
    return Section(
        title=_("Lines that are not in Xero"),
        columns=(_("Event"), _("Amount"), _("Value date"), _("State"), _("For")),
        rows=[
            (
                _link(line),
                formats.money(line.lender_effect, line.company.currency),
                formats.day(line.value_date),
                state_in_words(line.get_state_display(), line.get_reason_display()),
                age(line.created_at, now),
            )
            for line in lines.order_by("value_date", "event")[:MOST_ROWS]
        ],
        empty=_("All are there."),
    )


def _link(line: SyncRecord) -> SafeString:
    address = object_url(SyncRecord(pk=line.pk))
    return format_html('<a href="{}">{}</a>', address, line.event.external_id)


def age(since: datetime, now: datetime) -> str:
    """Say how long something has waited."""
    return timesince(since, now, depth=1)


class MoveFilter(ChoiceFilter):
    """Lines by whose move it is."""

    title = gettext_lazy("state")
    parameter_name = "move"
    offered = (
        ("refused", gettext_lazy("Refused by Xero")),
        ("waiting", gettext_lazy("Waiting")),
        ("under_way", gettext_lazy("On its way")),
    )
    states: ClassVar[dict[str, Collection[str]]] = {
        "refused": [State.FAILED],
        "waiting": [State.HELD, State.QUEUED],
        "under_way": UNDER_WAY_STATES,
    }

    def narrowed(self, rows: models.QuerySet, chosen: str) -> models.QuerySet:
        """Return the lines of a choice."""
        return rows.filter(state__in=self.states[chosen])


class MissingLineAdmin(ReadOnlyAdmin):
    """Statement lines that are not in Xero: refused, missed or on their way."""

    list_display = (
        "company",
        "amount",
        "value_date",
        "state_words",
        "age",
        "remedy",
        "entry",
    )
    list_display_links = None
    list_filter = (MoveFilter,)
    list_select_related = ("event", "company", "loan")
    search_fields = ("company__reference__startswith", "loan__reference__startswith")
    ordering = ("created_at", "pk")
    sortable_by = ()

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:  # noqa: ARG002
        """Return the lines that are still to come, the oldest first."""
        return SyncRecord.objects.missing_lines().order_by(*self.ordering)

    @admin.display(description=gettext_lazy("entry"))
    def entry(self, line: SyncRecord) -> SafeString:
        """Lead to the entry's page, by the name of its event."""
        return _link(line)

    @admin.display(description=gettext_lazy("amount"))
    def amount(self, line: SyncRecord) -> str:
        """Spell the signed amount."""
        return formats.money(line.lender_effect, line.company.currency)

    @admin.display(description=gettext_lazy("state"))
    def state_words(self, line: SyncRecord) -> str:
        """Spell the state with its reason."""
        return state_in_words(line.get_state_display(), line.get_reason_display())

    @admin.display(description=gettext_lazy("waits for"))
    def age(self, line: SyncRecord) -> str:
        """Say how long it has been to come."""
        return age(line.created_at, database_now())

    @admin.display(description=gettext_lazy("what to do"))
    def remedy(self, line: SyncRecord) -> str:
        """Say in short what a person does about it."""
        return feed_wording.in_short(line) or "–"
