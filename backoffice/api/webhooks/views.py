"""Webhook endpoints: where this product tells other services what has happened."""

import re
from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.db.models import Prefetch
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backoffice.api.framework import patterns
from backoffice.api.framework.base import ApiView, checked
from backoffice.api.framework.datetimes import read_moment
from backoffice.api.framework.fields import (
    ChoiceText,
    NoBody,
    ShortListField,
    StrictSerializer,
    TextField,
    YesNoField,
)
from backoffice.api.framework.filters import ListFilter, WordFilter
from backoffice.api.framework.idempotency import Reply, once
from backoffice.api.framework.pagination import PAGE_PARAMETERS, page_of, paged
from backoffice.api.framework.problems import CONTRADICTORY, Problem, not_found
from backoffice.api.lending import schemas
from backoffice.api.webhooks import representations as show
from backoffice.api.webhooks import schemas as hooks
from backoffice.models import (
    KeyScope,
    WebhookAttempt,
    WebhookEndpoint,
)
from backoffice.models.webhooks import (
    CHOOSABLE,
    URL_LENGTH,
    DeliveryState,
    WebhookDeliveryQuerySet,
)
from backoffice.webhooks import services
from xero_sync.runtime.clock import database_now

MESSAGE_ID = re.compile(r"msg_([0-9a-f]{32})", re.ASCII)


@extend_schema_field(
    {"type": "string", "format": "date-time", "pattern": patterns.MOMENT}
)
class MomentField(TextField):
    """A moment with its offset, as RFC 3339 writes it."""

    def to_internal_value(self, data: Any) -> datetime:  # type: ignore[override]
        """Return the moment."""
        moment = read_moment(super().to_internal_value(data))
        if moment is None:
            raise serializers.ValidationError(
                "give a moment with its offset, such as 2026-03-31T09:30:00Z.",
                code="invalid_moment",
            )
        return moment


@extend_schema_field({"type": "string", "pattern": "^msg_[0-9a-f]{32}$"})
class MessageIdField(TextField):
    """The `webhook-id` of a message."""

    def to_internal_value(self, data: Any) -> UUID:  # type: ignore[override]
        """Return our id of it."""
        match = MESSAGE_ID.fullmatch(super().to_internal_value(data))
        if match is None:
            raise serializers.ValidationError(
                "give the webhook-id of a message, which begins with msg_.",
                code="invalid_message_id",
            )
        return UUID(match[1])


def chosen_events(**options: Any) -> ShortListField:
    """Return a field for the types of message that an endpoint wants."""
    return ShortListField(
        child=ChoiceText(choices=CHOOSABLE),
        max_length=len(CHOOSABLE),
        help_text="Which messages it gets; none named means all of them. "
        "event.needs_attention is sent where an entry needs a decision of its own; "
        "where a connection keeps entries back, connection.changed tells it.",
        **options,
    )


class EndpointBody(StrictSerializer):
    """An address that wants to hear from us."""

    url = TextField(max_length=URL_LENGTH, help_text="https, port 443, public.")
    description = TextField(
        required=False, allow_blank=True, max_length=200, default=""
    )
    events = chosen_events(required=False, default=list)


class EndpointChanges(StrictSerializer):
    """What is changed of an endpoint; what is left out stays."""

    url = TextField(required=False, max_length=URL_LENGTH)
    description = TextField(required=False, allow_blank=True, max_length=200)
    events = chosen_events(required=False)
    enabled = YesNoField(
        required=False, help_text="False: nothing is sent until it is true again."
    )


class ReplayBody(StrictSerializer):
    """One message, or all that the endpoint wants of a time."""

    message_id = MessageIdField(required=False)
    since = MomentField(required=False, help_text="With “until”: its beginning.")
    until = MomentField(required=False, help_text="Its end, which is left out.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse a body that says both, or half of one."""
        if set(attrs) in ({"message_id"}, {"since", "until"}):
            return attrs
        raise serializers.ValidationError(
            "give either message_id, or since and until.", code=CONTRADICTORY
        )


class DeliveryStateFilter(WordFilter):
    """Stands in a state, which is no column but follows from several."""

    def filter(
        self, qs: WebhookDeliveryQuerySet, value: str
    ) -> WebhookDeliveryQuerySet:
        """Return those that stand there."""
        return qs.in_state(value) if value else qs


class DeliveryFilter(ListFilter):
    """What was sent to an endpoint."""

    orders = {"-created": "-pk", "created": "pk"}
    state = DeliveryStateFilter(
        words=DeliveryState.values, help_text="Where they stand."
    )


class WebhookView(ApiView):
    """Only for keys that may see all companies: messages tell of every one."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Let in who may.

        Raises:
            Problem: 403, the key is for chosen companies.
        """
        super().initial(request, *args, **kwargs)
        if not self.caller.key.all_companies:
            raise Problem(
                "not_permitted",
                "This key is for chosen companies; webhooks tell of all of them.",
                status=HTTPStatus.FORBIDDEN,
            )


class Endpoints(WebhookView):
    """`webhook-endpoints`."""

    scopes = {"GET": KeyScope.WEBHOOKS_ADMIN, "POST": KeyScope.WEBHOOKS_ADMIN}
    parameters = {"GET": PAGE_PARAMETERS}

    @extend_schema(
        operation_id="listEndpoints",
        summary="List webhook endpoints",
        responses=schemas.page_of(hooks.EndpointShown),
    )
    def get(self, request: Request) -> Response:
        """List the endpoints, newest first."""
        page = page_of(
            WebhookEndpoint.objects.present().prefetch_related("secrets"),
            request=request,
            ordering="-created_at",
        )
        return paged(page, [show.endpoint(one) for one in page.rows])

    @extend_schema(
        operation_id="createEndpoint",
        summary="Make a webhook endpoint",
        request=EndpointBody,
        responses={201: hooks.EndpointWithSecret},
    )
    def post(self, request: Request) -> Response:
        """Make an endpoint; its secret is in this answer and in no other."""
        fields = checked(EndpointBody, request)
        return once(request, lambda: create(self.caller.author, fields))


class OneEndpoint(WebhookView):
    """`webhook-endpoints/{id}`."""

    scopes = dict.fromkeys(("GET", "PATCH", "DELETE"), KeyScope.WEBHOOKS_ADMIN)

    @extend_schema(
        operation_id="getEndpoint",
        summary="Show a webhook endpoint",
        responses=hooks.EndpointShown,
    )
    def get(self, request: Request, endpoint_id: UUID) -> Response:  # noqa: ARG002
        """Show an endpoint."""
        return Response(show.endpoint(endpoint_or_404(endpoint_id)))

    @extend_schema(
        operation_id="changeEndpoint",
        summary="Change a webhook endpoint",
        request=EndpointChanges,
        responses=hooks.EndpointShown,
    )
    def patch(self, request: Request, endpoint_id: UUID) -> Response:
        """Change an endpoint, or switch it on or off."""
        endpoint = endpoint_or_404(endpoint_id)
        fields = checked(EndpointChanges, request)
        return once(request, lambda: change(endpoint, fields))

    @extend_schema(
        operation_id="deleteEndpoint",
        summary="Delete a webhook endpoint",
        responses={204: None},
    )
    def delete(self, request: Request, endpoint_id: UUID) -> Response:  # noqa: ARG002
        """Delete an endpoint: nothing more is sent to it."""
        services.delete_endpoint(
            endpoint=endpoint_or_404(endpoint_id), now=database_now()
        )
        return Response(status=HTTPStatus.NO_CONTENT)


class Rotation(WebhookView):
    """`webhook-endpoints/{id}/rotate-secret`."""

    scopes = {"POST": KeyScope.WEBHOOKS_ADMIN}

    @extend_schema(
        operation_id="rotateSecret",
        summary="Give an endpoint a new secret",
        request=NoBody,
        responses=hooks.EndpointWithSecret,
    )
    def post(self, request: Request, endpoint_id: UUID) -> Response:
        """Give an endpoint a new secret; the old one signs for 24 more hours."""
        endpoint = endpoint_or_404(endpoint_id)
        checked(NoBody, request)
        return once(request, lambda: rotate(endpoint))


class Test(WebhookView):
    """`webhook-endpoints/{id}/test`."""

    scopes = {"POST": KeyScope.WEBHOOKS_ADMIN}

    @extend_schema(
        operation_id="testEndpoint",
        summary="Send a test message",
        request=NoBody,
        responses={202: hooks.TestSent},
    )
    def post(self, request: Request, endpoint_id: UUID) -> Response:
        """Send an `endpoint.test` message."""
        endpoint = endpoint_or_404(endpoint_id)
        checked(NoBody, request)
        return once(request, lambda: send_test(endpoint))


class Replay(WebhookView):
    """`webhook-endpoints/{id}/replay`."""

    scopes = {"POST": KeyScope.WEBHOOKS_ADMIN}

    @extend_schema(
        operation_id="replayMessages",
        summary="Send messages once more",
        request=ReplayBody,
        responses={202: hooks.Replayed},
    )
    def post(self, request: Request, endpoint_id: UUID) -> Response:
        """Send one message, or those of a time, once more, under the same ids."""
        endpoint = endpoint_or_404(endpoint_id)
        fields = checked(ReplayBody, request)
        return once(request, lambda: replay(endpoint, fields))


class Deliveries(WebhookView):
    """`webhook-endpoints/{id}/deliveries`."""

    scopes = {"GET": KeyScope.WEBHOOKS_ADMIN}
    filters = DeliveryFilter

    @extend_schema(
        operation_id="listDeliveries",
        summary="List what was sent to an endpoint",
        responses=schemas.page_of(hooks.DeliveryShown),
    )
    def get(self, request: Request, endpoint_id: UUID) -> Response:  # noqa: ARG002
        """List what was sent to an endpoint, newest first, with every attempt."""
        attempts = WebhookAttempt.objects.order_by("pk")
        found = endpoint_or_404(endpoint_id).deliveries.select_related("message")
        return self.listed(
            found.prefetch_related(Prefetch("tries", queryset=attempts)), show.delivery
        )


def create(author: str, fields: Mapping[str, Any]) -> Reply:
    """Make an endpoint from a checked body."""
    endpoint, secret = services.create_endpoint(
        **fields, created_by=author, now=database_now()
    )
    content = {**show.endpoint(endpoint), "secret": secret}
    return Reply(HTTPStatus.CREATED, content, is_secret=True)


def change(endpoint: WebhookEndpoint, fields: Mapping[str, Any]) -> Reply:
    """Change an endpoint from a checked body."""
    given = dict(fields)
    enabled = given.pop("enabled", None)
    row = services.update_endpoint(endpoint=endpoint, **given)
    if enabled is True and row.disabled_at:
        row = services.enable_endpoint(endpoint=row)
    elif enabled is False:
        row = services.disable_endpoint(endpoint=row, now=database_now())
    return Reply(HTTPStatus.OK, show.endpoint(row))


def rotate(endpoint: WebhookEndpoint) -> Reply:
    """Give an endpoint a new secret."""
    row, secret = services.rotate_secret(endpoint=endpoint, now=database_now())
    return Reply(
        HTTPStatus.OK, {**show.endpoint(row), "secret": secret}, is_secret=True
    )


def send_test(endpoint: WebhookEndpoint) -> Reply:
    """Send a test."""
    delivery = services.send_test(endpoint=endpoint, now=database_now())
    return Reply(HTTPStatus.ACCEPTED, {"message_id": delivery.message.webhook_id})


def replay(endpoint: WebhookEndpoint, fields: Mapping[str, Any]) -> Reply:
    """Send something once more."""
    now = database_now()
    if "message_id" in fields:
        services.replay_message(endpoint=endpoint, now=now, **fields)
        count = 1
    else:
        count = services.replay_range(endpoint=endpoint, now=now, **fields)
    return Reply(HTTPStatus.ACCEPTED, {"messages": count})


def endpoint_or_404(endpoint_id: UUID) -> WebhookEndpoint:
    """Return an endpoint that is not deleted.

    Raises:
        Problem: 404.
    """
    found = WebhookEndpoint.objects.present().filter(pk=endpoint_id).first()
    if found is None:
        raise not_found(f"There is no webhook endpoint {endpoint_id}.")
    return found
