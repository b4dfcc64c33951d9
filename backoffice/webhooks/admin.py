"""Pages of the webhook endpoints and of all that was sent to them."""

import json
from typing import Any

from django.contrib import admin
from django.db.models import Case, Prefetch, Q, QuerySet, Value, When
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.models import (
    WebhookAttempt,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookMessage,
    WebhookSecret,
)
from backoffice.models.webhooks import BROKEN_DOWN, DeliveryState, DisabledReason
from backoffice.webhooks import admin_actions as actions
from backoffice.webhooks.admin_forms import EndpointForm
from lending import formats
from lending.admin.base import Link, ReadOnlyAdmin, Section
from lending.admin.pages import ServiceAdmin
from xero_sync.admin.base.search import as_uuid
from xero_sync.runtime.clock import database_now

MOST_FOUND = 500
# What needs a person first, what is deleted last.
RANK = Case(
    When(deleted_at__isnull=False, then=Value(3)),
    When(disabled_reason__in=BROKEN_DOWN, then=Value(0)),
    When(failing_since__isnull=False, then=Value(1)),
    default=Value(2),
)


class IsDeleted(admin.SimpleListFilter):
    """Endpoints by whether they are deleted."""

    title = gettext_lazy("use")
    parameter_name = "deleted"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:  # noqa: ARG002
        """Name the choices."""
        return [("no", gettext_lazy("In use")), ("yes", gettext_lazy("Deleted"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:  # noqa: ARG002
        """Filter by the choice."""
        if self.value() not in {"no", "yes"}:
            return queryset
        return queryset.filter(deleted_at__isnull=self.value() == "no")


class WebhookEndpointAdmin(ServiceAdmin):
    """Who hears from us, whether that works, and which secrets sign."""

    form = EndpointForm
    object_actions = (
        actions.Enable(),
        actions.SendTest(),
        actions.ReplayTime(),
        actions.RotateSecret(),
        actions.Disable(),
        actions.Delete(),
    )
    list_display = ("address", "state", "wants", "secret", "description", "created_at")
    list_display_links = ("address",)
    list_filter = ("disabled_reason", IsDeleted)
    search_fields = ("url__icontains", "description__icontains")
    search_help_text = gettext_lazy("A part of the address or of the description.")
    ordering = (RANK.asc(), "-created_at")
    sortable_by = ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[WebhookEndpoint]:
        """Load the secrets that sign with the endpoints."""
        signing = WebhookSecret.objects.signing(database_now())
        endpoints: QuerySet[WebhookEndpoint] = super().get_queryset(request)
        return endpoints.prefetch_related(Prefetch("secrets", queryset=signing))

    def get_fields(
        self,
        request: HttpRequest,  # noqa: ARG002
        obj: WebhookEndpoint | None = None,
    ) -> tuple[str, ...]:
        """Ask for what can be chosen, and show the rest afterwards."""
        asked = EndpointForm.Meta.fields
        return asked if obj is None else (*asked, *self._fixed)

    _fixed = ("state", "secret", "created_at", "created_by")

    def get_readonly_fields(
        self,
        request: HttpRequest,  # noqa: ARG002
        obj: WebhookEndpoint | None = None,
    ) -> tuple[str, ...]:
        """Fix what the actions change."""
        return () if obj is None else self._fixed

    def has_change_permission(
        self, request: HttpRequest, obj: WebhookEndpoint | None = None
    ) -> bool:
        """Refuse for one that is deleted."""
        is_deleted = obj is not None and obj.deleted_at is not None
        return not is_deleted and super().has_change_permission(request, obj)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Offer one way to save: a new endpoint's secret has to be copied first."""
        context["show_save_and_add_another"] = False
        context["show_save_and_continue"] = False
        return super().render_change_form(request, context, *args, **kwargs)

    def response_add(
        self, request: HttpRequest, obj: WebhookEndpoint, *_args: Any, **_kwargs: Any
    ) -> HttpResponse:
        """Show the secret of a new endpoint, this once."""
        secret: str = request.new_secret  # type: ignore[attr-defined]
        return self.show_once(request, obj, secret, _("The signing secret"))

    def save_model(
        self,
        request: HttpRequest,
        obj: Any,
        form: Any,
        change: bool,  # noqa: FBT001
    ) -> None:
        """Hand the secret on to the answer; the service has stored the rest."""
        super().save_model(request, obj, form, change)
        request.new_secret = form.secret  # type: ignore[attr-defined]

    def links(self, request: HttpRequest, obj: WebhookEndpoint) -> list[Link]:
        """Lead to what was sent."""
        if not request.user.has_perm("backoffice.view_webhookdelivery"):
            return []
        log = reverse("admin:backoffice_webhookdelivery_changelist")
        return [Link(_("Deliveries"), f"{log}?endpoint__id__exact={obj.pk}")]

    @admin.display(description=gettext_lazy("address"))
    def address(self, endpoint: WebhookEndpoint) -> str:
        """Show the address without its query, which may carry a secret."""
        return str(endpoint)

    @admin.display(description=gettext_lazy("state"))
    def state(self, endpoint: WebhookEndpoint) -> str:
        """Say whether messages are sent, and what to do if they are not."""
        if endpoint.deleted_at:
            return _("Deleted")
        if endpoint.disabled_reason == DisabledReason.BY_HAND:
            return _("Disabled")
        if endpoint.disabled_at:
            return _("Disabled – %(why)s. Mend the receiver, then enable it.") % {
                "why": endpoint.get_disabled_reason_display()
            }
        if endpoint.failing_since:
            since = formats.instant(endpoint.failing_since)
            return _("Failing since %(since)s") % {"since": since}
        return _("Enabled")

    @admin.display(description=gettext_lazy("messages"))
    def wants(self, endpoint: WebhookEndpoint) -> str:
        """Name the messages it gets."""
        return ", ".join(endpoint.events) or _("all")

    @admin.display(description=gettext_lazy("signing secret"))
    def secret(self, endpoint: WebhookEndpoint) -> str:
        """Show the ends of the secrets that sign."""
        return ", ".join(str(one) for one in endpoint.secrets.all()) or "–"


class StateFilter(admin.SimpleListFilter):
    """Deliveries by where they stand."""

    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:  # noqa: ARG002
        """Offer the states."""
        return list(DeliveryState.choices)

    def queryset(
        self,
        request: HttpRequest,  # noqa: ARG002
        queryset: QuerySet[WebhookDelivery],
    ) -> QuerySet[WebhookDelivery]:
        """Narrow the list to the state chosen."""
        state = self.value()
        if state not in DeliveryState.values:
            return queryset
        return queryset.filter(
            pk__in=WebhookDelivery.objects.in_state(str(state)).values("pk")
        )


def _find(queryset: QuerySet[WebhookDelivery], term: str) -> QuerySet[WebhookDelivery]:
    """Return the deliveries about an event, loan or connection, or of a message."""
    if not term:
        return queryset
    named = Q(subject__startswith=term)
    if message_id := as_uuid(term.removeprefix("msg_")):
        named |= Q(pk=message_id)
    messages = WebhookMessage.objects.filter(named).only("pk").order_by("-created_at")
    return queryset.filter(message__in=list(messages[:MOST_FOUND]))


class WebhookDeliveryAdmin(ReadOnlyAdmin):
    """The log: what was sent to whom, and what came of each attempt."""

    object_actions = (actions.Replay(),)
    list_display = (
        "what",
        "state_in_words",
        "about",
        "endpoint",
        "attempts",
        "next_attempt_at",
        "created_at",
    )
    list_filter = (StateFilter, "message__type", "endpoint")
    list_select_related = ("message", "endpoint")
    search_fields = ("message__subject",)
    find = staticmethod(_find)
    search_help_text = gettext_lazy(
        "The beginning of an event's or loan's reference, or a whole webhook-id."
    )
    ordering = ("-pk",)
    sortable_by = ()
    fields = (
        "what",
        "about",
        "webhook_id",
        "endpoint",
        "state_in_words",
        "next_attempt_at",
        "delivered_at",
        "given_up_at",
        "replays",
        "created_at",
        "payload",
    )
    readonly_fields = ("what", "about", "webhook_id", "state_in_words", "payload")

    def headline(self, obj: WebhookDelivery) -> str:
        """Name the message."""
        return f"{obj.message.type} – {obj.message.subject}"

    def sections(self, request: HttpRequest, obj: WebhookDelivery) -> list[Section]:  # noqa: ARG002
        """Show every attempt."""
        return [
            Section(
                title=_("Attempts"),
                columns=(_("Started"), _("Answer"), _("Milliseconds")),
                rows=[
                    (
                        formats.instant(one.started_at),
                        answer_in_words(one),
                        one.elapsed_ms,
                    )
                    for one in obj.tries.order_by("pk")
                ],
                empty=_("None yet."),
            )
        ]

    @admin.display(description=gettext_lazy("message"))
    def what(self, delivery: WebhookDelivery) -> str:
        """Name the type, and whether it was sent before."""
        if delivery.replays_id is None:
            return delivery.message.type
        return _("%(type)s (replay)") % {"type": delivery.message.type}

    @admin.display(description=gettext_lazy("about"))
    def about(self, delivery: WebhookDelivery) -> str:
        """Name the event, loan or connection."""
        return delivery.message.subject

    @admin.display(description="webhook-id")
    def webhook_id(self, delivery: WebhookDelivery) -> str:
        """Show the id that the receiver sees."""
        return delivery.message.webhook_id

    @admin.display(description=gettext_lazy("state"))
    def state_in_words(self, delivery: WebhookDelivery) -> str:
        """Say where it stands."""
        return str(delivery.state.label)

    @admin.display(description=gettext_lazy("payload"))
    def payload(self, delivery: WebhookDelivery) -> SafeString:
        """Lay the bytes out that are sent."""
        content = json.loads(bytes(delivery.message.payload))
        text = json.dumps(content, indent=2, ensure_ascii=False)
        return format_html('<pre class="evidence">{}</pre>', text)


def answer_in_words(attempt: WebhookAttempt) -> str:
    """Say what came of an attempt."""
    if attempt.status_code is not None:
        return f"HTTP {attempt.status_code}"
    return str(attempt.get_error_display())
