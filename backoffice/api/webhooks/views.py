"""Webhook endpoints: where this product tells other services what has happened."""

from http import HTTPStatus
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from backoffice.api.framework.base import checked
from backoffice.api.framework.fields import NoBody
from backoffice.api.framework.idempotency import once
from backoffice.api.framework.pagination import page_of
from backoffice.api.framework.replies import Reply
from backoffice.api.webhooks.answers import (
    EndpointShown,
    EndpointWithSecret,
    TestSent,
)
from backoffice.api.webhooks.base import Fields, WebhookView, endpoint_or_404
from backoffice.api.webhooks.bodies import EndpointBody, EndpointChanges
from backoffice.api.webhooks.queries import EndpointQuery
from backoffice.models import KeyScope, WebhookEndpoint
from backoffice.webhooks import services
from xero_sync.runtime.clock import database_now


class Endpoints(WebhookView):
    """`webhook-endpoints`."""

    scopes = {"GET": KeyScope.WEBHOOKS_ADMIN, "POST": KeyScope.WEBHOOKS_ADMIN}
    queries = {"GET": EndpointQuery}

    @extend_schema(
        operation_id="listEndpoints",
        summary="List webhook endpoints",
        responses=page_of(EndpointShown),
    )
    def get(self, request: Request) -> Response:  # noqa: ARG002
        """List the endpoints, newest first."""
        endpoints = WebhookEndpoint.objects.present().prefetch_related("secrets")
        return self.listed(endpoints, EndpointShown)

    @extend_schema(
        operation_id="createEndpoint",
        summary="Make a webhook endpoint",
        request=EndpointBody,
        responses={201: EndpointWithSecret},
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
        responses=EndpointShown,
    )
    def get(self, request: Request, endpoint_id: UUID) -> Response:  # noqa: ARG002
        """Show an endpoint."""
        return Response(EndpointShown.of(endpoint_or_404(endpoint_id)))

    @extend_schema(
        operation_id="changeEndpoint",
        summary="Change a webhook endpoint",
        request=EndpointChanges,
        responses=EndpointShown,
    )
    def patch(self, request: Request, endpoint_id: UUID) -> Response:
        """Change an endpoint, or switch it on or off."""
        return self.done(request, endpoint_id, EndpointChanges, change)

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
        responses=EndpointWithSecret,
    )
    def post(self, request: Request, endpoint_id: UUID) -> Response:
        """Give an endpoint a new secret; the old one signs for 24 more hours."""
        return self.done(request, endpoint_id, NoBody, rotate)


class Test(WebhookView):
    """`webhook-endpoints/{id}/test`."""

    scopes = {"POST": KeyScope.WEBHOOKS_ADMIN}

    @extend_schema(
        operation_id="testEndpoint",
        summary="Send a test message",
        request=NoBody,
        responses={202: TestSent},
    )
    def post(self, request: Request, endpoint_id: UUID) -> Response:
        """Send an `endpoint.test` message."""
        return self.done(request, endpoint_id, NoBody, send_test)


def create(author: str, fields: Fields) -> Reply:
    """Make an endpoint from a checked body."""
    endpoint, secret = services.create_endpoint(
        **fields, created_by=author, now=database_now()
    )
    content = EndpointWithSecret.of(endpoint, secret=secret)
    return Reply(HTTPStatus.CREATED, content, is_secret=True)


def change(endpoint: WebhookEndpoint, fields: Fields) -> Reply:
    """Change an endpoint from a checked body."""
    given = dict(fields)
    enabled = given.pop("enabled", None)
    row = services.update_endpoint(endpoint=endpoint, **given)
    if enabled is True and row.disabled_at:
        row = services.enable_endpoint(endpoint=row)
    elif enabled is False:
        row = services.disable_endpoint(endpoint=row, now=database_now())
    return Reply(HTTPStatus.OK, EndpointShown.of(row))


def rotate(endpoint: WebhookEndpoint, fields: Fields) -> Reply:  # noqa: ARG001
    """Give an endpoint a new secret."""
    row, secret = services.rotate_secret(endpoint=endpoint, now=database_now())
    content = EndpointWithSecret.of(row, secret=secret)
    return Reply(HTTPStatus.OK, content, is_secret=True)


def send_test(endpoint: WebhookEndpoint, fields: Fields) -> Reply:  # noqa: ARG001
    """Send a test."""
    delivery = services.send_test(endpoint=endpoint, now=database_now())
    return Reply(HTTPStatus.ACCEPTED, TestSent.of(delivery))
