"""The addresses Codat sends webhooks to.

The signing secret of an address is in no answer: it is copied from Codat's portal, so a
consumer created here still needs that step by a person.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from xero_sync.codat import values
from xero_sync.codat.calls import Calls, Fields, an_object, path


@dataclass(frozen=True, slots=True)
class WebhookConsumer:
    """One address and the events it is told."""

    id: str
    url: str
    disabled: bool
    event_types: tuple[str, ...]
    company_tags: tuple[str, ...]


class WebhookConsumerOperations(Calls):
    """Manage the addresses; there is no call to change one."""

    def list_webhook_consumers(self) -> list[WebhookConsumer]:
        """Return all consumers, which are at most fifty."""
        source = an_object(self._get(path("webhooks")))
        return list(values.records(source, "results", _consumer))

    def create_webhook_consumer(
        self,
        url: str,
        event_types: Sequence[str],
        *,
        idempotency_key: UUID | None = None,
    ) -> WebhookConsumer:
        """Subscribe an address to events."""
        answer = self._write(
            "POST",
            path("webhooks"),
            {"url": url, "eventTypes": list(event_types)},
            idempotency_key=idempotency_key,
        )
        return _consumer(an_object(answer))


def _consumer(source: Fields) -> WebhookConsumer:
    return WebhookConsumer(
        id=values.text(source, "id"),
        url=values.text(source, "url"),
        disabled=values.flag(source, "disabled"),
        event_types=values.texts(source, "eventTypes"),
        company_tags=values.texts(source, "companyTags"),
    )
