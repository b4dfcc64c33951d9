"""What the background processes keep; for superusers."""

import json

from django.contrib import admin
from django.contrib.admin import EmptyFieldListFilter
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from xero_sync.admin import search
from xero_sync.admin.evidence import SuperuserAdmin, as_block
from xero_sync.models import WebhookMessage


class WebhookMessageAdmin(SuperuserAdmin):
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


class HeartbeatAdmin(SuperuserAdmin):
    """The background processes."""

    list_display = ("name", "beat_at", "busy_until", "holder")
    ordering = ("name",)


class RateScopeAdmin(SuperuserAdmin):
    """The budgets that all processes share."""

    list_display = (
        "key",
        "remaining",
        "resets_at",
        "blocked_until",
        "theoretical_arrival",
    )
    search_fields = ("key__startswith",)
    ordering = ("key",)
    sortable_by = ("key",)


class LaneAdmin(SuperuserAdmin):
    """The queues of the companies."""

    list_display = ("company", "step", "due_at")
    list_filter = (("due_at", EmptyFieldListFilter), "step")
    list_select_related = ("company",)
    search_fields = ("company__reference__startswith",)
    ordering = ("-pk",)
    sortable_by = ()
