"""What the background processes keep; for engineers."""

import json

from django.contrib import admin
from django.contrib.admin import EmptyFieldListFilter
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from lending import formats
from lending.admin.base import ReadOnlyAdmin
from xero_sync.admin.base import search
from xero_sync.admin.base.evidence import as_block
from xero_sync.models import Heartbeat, RateScope, WebhookMessage
from xero_sync.monitoring import limits
from xero_sync.monitoring import wording as monitoring_wording


class WebhookMessageAdmin(ReadOnlyAdmin):
    """Verified messages from Codat, newest first."""

    list_display = (
        "webhook_id",
        "event_type",
        "push_operation_key",
        "received_at",
        "processed_at",
        "outcome",
    )
    list_filter = (("processed_at", EmptyFieldListFilter),)
    search_fields = ("webhook_id",)
    find = staticmethod(search.messages)
    search_help_text = _("A whole webhook id or push operation key.")
    ordering = ("-pk",)
    sortable_by = ()
    fields = (
        "webhook_id",
        "event_type",
        "push_operation_key",
        "codat_connection_id",
        "received_at",
        "processed_at",
        "outcome",
        "masked_payload",
    )
    readonly_fields = ("masked_payload",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[WebhookMessage]:
        """Leave the payloads where they are until one is shown."""
        messages: QuerySet[WebhookMessage] = super().get_queryset(request)
        return messages.defer("payload")

    @admin.display(description=_("payload"))
    def masked_payload(self, message: WebhookMessage) -> SafeString:
        """Show the payload without secrets."""
        return as_block(json.dumps(message.payload))


class HeartbeatAdmin(ReadOnlyAdmin):
    """The background processes."""

    list_display = ("name", "process", "state", "beat_at", "holder")
    ordering = ("name",)
    readonly_fields = ("process", "state")

    @admin.display(description=_("what it is"))
    def process(self, beat: Heartbeat) -> str:
        """Name the process by what it does."""
        return monitoring_wording.process_name(beat.name)

    @admin.display(description=_("state"))
    def state(self, beat: Heartbeat) -> str:
        """Say whether it works."""
        return monitoring_wording.state_of_beat(beat, now=timezone.now())


class RateScopeAdmin(ReadOnlyAdmin):
    """The budgets that all processes share."""

    list_display = ("key", "state", "in_use", "free", "full_at")
    search_fields = ("key__startswith",)
    ordering = ("key",)
    sortable_by = ("key",)
    readonly_fields = ("state", "in_use", "free", "full_at")

    @admin.display(description=_("state"))
    def state(self, scope: RateScope) -> str:
        """Say what holds requests back, or that nothing does."""
        return monitoring_wording.state_of(_limit(scope))

    @admin.display(description=_("in use now"))
    def in_use(self, scope: RateScope) -> int | None:
        """Count the requests taken and not yet earned back."""
        return _limit(scope).in_use

    @admin.display(description=_("free now"))
    def free(self, scope: RateScope) -> int | None:
        """Count the requests that would be let out at this moment."""
        return _limit(scope).free

    @admin.display(description=_("all free again"))
    def full_at(self, scope: RateScope) -> str:
        """Say when everything is free again."""
        return formats.instant(_limit(scope).full_at)


def _limit(scope: RateScope) -> limits.Limit:
    # Not the database's clock, which would cost a query a cell.
    return limits.limit_of(scope, now=timezone.now())


class LaneAdmin(ReadOnlyAdmin):
    """The queues of the companies."""

    list_display = ("company", "step", "due_at")
    list_filter = (("due_at", EmptyFieldListFilter), "step")
    list_select_related = ("company",)
    search_fields = ("company__reference__startswith",)
    ordering = ("-pk",)
    sortable_by = ()
