"""What the views of webhook endpoints share."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from backoffice.api.framework.base import ApiView, checked
from backoffice.api.framework.fields import StrictSerializer
from backoffice.api.framework.idempotency import once
from backoffice.api.framework.problems import Problem
from backoffice.api.framework.replies import Reply
from backoffice.api.framework.visible import one_or_404
from backoffice.models import WebhookEndpoint

Fields = Mapping[str, Any]


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

    def done(
        self,
        request: Request,
        endpoint_id: UUID,
        body: type[StrictSerializer],
        act: Callable[[WebhookEndpoint, Fields], Reply],
    ) -> Response:
        """Act on an endpoint by a checked body, in one transaction.

        Raises:
            Problem: 404, there is no such endpoint.
        """
        endpoint = endpoint_or_404(endpoint_id)
        fields = checked(body, request)
        return once(request, lambda: act(endpoint, fields))


def endpoint_or_404(endpoint_id: UUID) -> WebhookEndpoint:
    """Return an endpoint that is not deleted.

    Raises:
        Problem: 404.
    """
    found: WebhookEndpoint = one_or_404(
        WebhookEndpoint.objects.present().filter(pk=endpoint_id),
        f"There is no webhook endpoint {endpoint_id}.",
    )
    return found
