"""What the lists of webhook endpoints and deliveries can be narrowed by."""

from backoffice.api.framework.fields import ChoiceText
from backoffice.api.framework.queries import ListQuery
from backoffice.models.webhooks import DeliveryState, WebhookDeliveryQuerySet


class EndpointQuery(ListQuery):
    """Endpoints, newest first."""

    orders = {"-created": "-created_at"}


class DeliveryQuery(ListQuery):
    """What was sent to an endpoint."""

    state = ChoiceText(
        choices=DeliveryState.choices, required=False, help_text="Where they stand."
    )

    @staticmethod
    def by_state(
        queryset: WebhookDeliveryQuerySet, value: str
    ) -> WebhookDeliveryQuerySet:
        """Return those that stand there; it is no column but follows from several."""
        return queryset.in_state(value)
