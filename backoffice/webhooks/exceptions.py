"""Why something about an outgoing webhook is refused."""

from lending.exceptions import LendingError


class WebhookRefused(LendingError):
    """This cannot be done with the webhook endpoint."""

    code = "webhook_refused"


class AddressRefused(WebhookRefused):
    """Webhooks are not sent to this address."""

    code = "address_refused"


class EndpointDisabled(WebhookRefused):
    """The endpoint is disabled; enable it first."""

    code = "endpoint_disabled"
