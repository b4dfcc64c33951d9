"""What was sent and what came back, as a page may show it."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.conf import settings
from django.contrib.admin.utils import quote
from django.db.models import Prefetch, QuerySet
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from lending import formats
from xero_sync.entries.redaction import readable
from xero_sync.models import WriteAttempt, WriteRequest

ANSWER_CHARACTERS = 2_000
# A statement push carries up to a thousand lines.
BODY_CHARACTERS = 20_000


@dataclass(frozen=True)
class ShownExchange:
    """One attempt, with what it shows masked."""

    attempt: WriteAttempt
    error: str
    answer: str


@dataclass(frozen=True)
class Sent:
    """One write request, with its masked body and its attempts."""

    request: WriteRequest
    key: str
    body: str
    exchanges: list[ShownExchange]


def shown(text: str, limit: int = ANSWER_CHARACTERS) -> str:
    """Return a text from the wire masked, laid out and cut."""
    secrets = (settings.CODAT_API_KEY, settings.CODAT_WEBHOOK_SECRET)
    return readable(text, secrets=secrets, limit=limit)


def as_block(text: str) -> SafeString:
    """Show a text from the wire with its line breaks."""
    return format_html('<pre class="evidence">{}</pre>', shown(text))


def body_of(request: WriteRequest) -> str:
    """Return the frozen body, masked and laid out."""
    text = bytes(request.body).decode("utf-8", errors="replace")
    return shown(text, BODY_CHARACTERS)


def with_attempts(requests: QuerySet[WriteRequest]) -> QuerySet[WriteRequest]:
    """Load what the page of a request shows, with two queries for any number."""
    attempts = WriteAttempt.objects.select_related("stored_answer").order_by("pk")
    return (
        requests.select_related("mapping", "predecessor")
        .prefetch_related(Prefetch("attempts", queryset=attempts))
        .order_by("created_at", "pk")
    )


def answer_of(attempt: WriteAttempt) -> str:
    """Return what was answered, or since when that is erased."""
    stored = getattr(attempt, "stored_answer", None)
    if stored is None or stored.erased_at is None:
        return attempt.answer
    words = _("Erased on %(day)s, when it had been kept for long enough.")
    return words % {"day": formats.day(stored.erased_at)}


def sent(requests: Iterable[WriteRequest]) -> list[Sent]:
    """Return the requests as a page shows them."""
    return [
        Sent(
            request=request,
            key=quote(request.pk),
            body=body_of(request),
            exchanges=[
                ShownExchange(one, shown(one.error), shown(answer_of(one)))
                for one in request.attempts.all()
            ],
        )
        for request in requests
    ]
