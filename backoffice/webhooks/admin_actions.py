"""What a person may do about an endpoint or a delivery."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from backoffice.models import WebhookDelivery, WebhookEndpoint
from backoffice.webhooks import services
from backoffice.webhooks.admin_forms import TimeForm
from lending.admin.base import ObjectAction
from xero_sync.runtime.clock import database_now


class EndpointAction(ObjectAction):
    """An act on an endpoint."""

    def act(self, endpoint: WebhookEndpoint, **values: Any) -> str | None:
        """Call the service; a secret that is returned is shown, this once."""
        raise NotImplementedError

    def perform(
        self,
        obj: WebhookEndpoint,
        values: dict[str, Any],
        author: str,  # noqa: ARG002
    ) -> str | None:
        """Act."""
        return self.act(obj, **values)

    def is_offered(self, obj: WebhookEndpoint) -> bool:
        """Offer it for an endpoint that messages may be sent to."""
        return obj.deleted_at is None and obj.disabled_at is None


class Enable(EndpointAction):
    """Send again."""

    name = "enable"
    label = _("Enable")
    explanation = _(
        "What has waited is sent now. What was told while it was disabled is sent when "
        "you replay that time."
    )
    done = _("The endpoint is enabled.")

    def is_offered(self, obj: WebhookEndpoint) -> bool:
        """Offer it for a disabled one."""
        return obj.deleted_at is None and obj.disabled_at is not None

    def act(self, endpoint: WebhookEndpoint, **values: Any) -> None:  # noqa: ARG002
        """Enable it."""
        services.enable_endpoint(endpoint=endpoint)


class Disable(EndpointAction):
    """Send nothing more."""

    name = "disable"
    label = _("Disable")
    explanation = _("Nothing is sent until it is enabled again; what waits is kept.")
    done = _("The endpoint is disabled.")

    def act(self, endpoint: WebhookEndpoint, **values: Any) -> None:  # noqa: ARG002
        """Disable it."""
        services.disable_endpoint(endpoint=endpoint, now=database_now())


class SendTest(EndpointAction):
    """Try whether messages arrive."""

    name = "test"
    label = _("Send a test")
    explanation = _("A message of the type endpoint.test is sent; the log shows it.")
    done = _("The test is on its way; see the deliveries.")

    def act(self, endpoint: WebhookEndpoint, **values: Any) -> None:  # noqa: ARG002
        """Send it."""
        services.send_test(endpoint=endpoint, now=database_now())


class RotateSecret(EndpointAction):
    """Change the signing secret."""

    name = "rotate-secret"
    label = _("New secret")
    explanation = _(
        "A new secret is made and shown once. For 24 hours every message is signed "
        "with the old one as well."
    )
    done = _("The new secret")

    def is_offered(self, obj: WebhookEndpoint) -> bool:
        """Offer it for a disabled one, too."""
        return obj.deleted_at is None

    def act(self, endpoint: WebhookEndpoint, **values: Any) -> str:  # noqa: ARG002
        """Make it, and return it to be shown."""
        return services.rotate_secret(endpoint=endpoint, now=database_now())[1]


class ReplayTime(EndpointAction):
    """Send what was told in a time once more."""

    name = "replay"
    label = _("Replay a time")
    explanation = _(
        "Every message of that time which this endpoint has chosen is sent once more, "
        "under its old id."
    )
    done = _("The messages are on their way.")
    form_class = TimeForm

    def act(self, endpoint: WebhookEndpoint, **values: Any) -> None:
        """Send them."""
        services.replay_range(endpoint=endpoint, now=database_now(), **values)


class Delete(EndpointAction):
    """Remove an endpoint; its log stays."""

    name = "remove"
    label = _("Delete")
    explanation = _("Nothing more is sent to it. What was sent stays in the log.")
    done = _("The endpoint was deleted.")
    permission = "delete"

    def is_offered(self, obj: WebhookEndpoint) -> bool:
        """Offer it once."""
        return obj.deleted_at is None

    def act(self, endpoint: WebhookEndpoint, **values: Any) -> None:  # noqa: ARG002
        """Delete it."""
        services.delete_endpoint(endpoint=endpoint, now=database_now())


class Replay(ObjectAction):
    """Send one message once more."""

    name = "replay"
    label = _("Send again")
    explanation = _("The same message is sent once more, under the same id.")
    done = _("The message is on its way.")

    def is_offered(self, obj: WebhookDelivery) -> bool:
        """Offer it where nothing more happens by itself."""
        return obj.next_attempt_at is None and obj.endpoint.deleted_at is None

    def perform(
        self,
        obj: WebhookDelivery,
        values: dict[str, Any],  # noqa: ARG002
        author: str,  # noqa: ARG002
    ) -> None:
        """Send it."""
        services.replay_message(
            endpoint=obj.endpoint, message_id=obj.message_id, now=database_now()
        )
