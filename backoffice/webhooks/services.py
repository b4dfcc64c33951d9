"""Endpoints made, changed, tried and switched; messages sent once more."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.db import transaction
from django.utils.translation import gettext as _

from backoffice.models import (
    WebhookDelivery,
    WebhookEndpoint,
    WebhookMessage,
    WebhookSecret,
)
from backoffice.models.webhooks import CHOOSABLE, DisabledReason, MessageType
from backoffice.webhooks import (
    addresses,
    changes,
    messages,
    nudging,
    payloads,
    signing,
)
from backoffice.webhooks.exceptions import EndpointDisabled, WebhookRefused
from lending.audit import trail
from lending.db import encryption

# How long a secret signs beside the one that follows it.
OVERLAP = timedelta(hours=24)
# Each live secret makes the header longer.
MOST_SECRETS = 3
MOST_ENDPOINTS = 50
MOST_REPLAYED = 10_000
AT_A_TIME = 500


@transaction.atomic
def create_endpoint(
    *,
    url: str,
    created_by: str,
    now: datetime,
    description: str = "",
    events: Iterable[str] = (),
) -> tuple[WebhookEndpoint, str]:
    """Make an endpoint that hears of what happens from now on.

    Returns:
        The endpoint and its secret, which is shown once.

    Raises:
        AddressRefused: messages are not sent to such an address.
        WebhookRefused: a type of message is not known, or there are too many endpoints.
    """
    addresses.check_url(url)
    chosen = _known_types(events)
    if WebhookEndpoint.objects.present().count() >= MOST_ENDPOINTS:
        raise WebhookRefused(
            _("There are %(count)d endpoints already; delete one first.")
            % {"count": MOST_ENDPOINTS}
        )
    endpoint = WebhookEndpoint.objects.create(
        url=url,
        description=_short(description),
        events=chosen,
        created_by=created_by,
        created_at=now,
    )
    changes.begin(now=now)
    secret = _add_secret(endpoint, now)
    trail.record(
        "endpoint.made", endpoint, by=created_by, at=now, after=_settings_of(endpoint)
    )
    return endpoint, secret


def _settings_of(endpoint: WebhookEndpoint) -> dict[str, object]:
    """Return what the trail may say of an endpoint: its query may carry a secret."""
    chosen = trail.values_of(endpoint, "description", "events")
    return {"url": str(endpoint), **chosen}


@transaction.atomic
def update_endpoint(
    *,
    endpoint: WebhookEndpoint,
    url: str | None = None,
    description: str | None = None,
    events: Iterable[str] | None = None,
) -> WebhookEndpoint:
    """Change what is given; messages under way take the new address.

    Raises:
        AddressRefused: messages are not sent to such an address.
        WebhookRefused: a type of message is not known, or the endpoint is deleted.
    """
    row = _locked(endpoint)
    before, address = _settings_of(row), row.url
    if url is not None:
        addresses.check_url(url)
        row.url = url
    if description is not None:
        row.description = _short(description)
    if events is not None:
        row.events = _known_types(events)
    row.save(update_fields=["url", "description", "events"])
    if row.url != address or _settings_of(row) != before:
        after = _settings_of(row)
        trail.record("endpoint.changed", row, before=before, after=after)
    return row


@transaction.atomic
def rotate_secret(
    *, endpoint: WebhookEndpoint, now: datetime
) -> tuple[WebhookEndpoint, str]:
    """Give an endpoint a new secret; the one before goes on signing for a day.

    Returns:
        The endpoint and its new secret, which is shown once.

    Raises:
        WebhookRefused: it was rotated too often within a day, or is deleted.
    """
    row = _locked(endpoint)
    if row.secrets.signing(now).count() >= MOST_SECRETS:
        raise WebhookRefused(
            _("%(count)d secrets sign already; wait until one has retired.")
            % {"count": MOST_SECRETS}
        )
    row.secrets.filter(retires_at=None).update(retires_at=now + OVERLAP)
    secret = _add_secret(row, now)
    ending = {"new_secret": f"…{secret[-4:]}"}
    trail.record("endpoint.secret_changed", row, at=now, after=ending)
    return row, secret


@transaction.atomic
def disable_endpoint(*, endpoint: WebhookEndpoint, now: datetime) -> WebhookEndpoint:
    """Send nothing more; what waits is kept, what happens meanwhile can be replayed."""
    row = _locked(endpoint)
    if row.disabled_at is None:
        switch_off(row, reason=DisabledReason.BY_HAND, now=now)
    return row


def switch_off(
    endpoint: WebhookEndpoint, *, reason: str, now: datetime, by: str = ""
) -> None:
    """Disable an endpoint that the caller's transaction holds."""
    endpoint.disabled_at = now
    endpoint.disabled_reason = reason
    endpoint.save(update_fields=["disabled_at", "disabled_reason"])
    why = {"disabled_reason": reason}
    trail.record("endpoint.disabled", endpoint, by=by, at=now, after=why)


@transaction.atomic
def enable_endpoint(*, endpoint: WebhookEndpoint) -> WebhookEndpoint:
    """Send again, beginning with what has waited."""
    row = _locked(endpoint)
    if row.disabled_at is not None:
        why = trail.values_of(row, "disabled_reason")
        trail.record("endpoint.enabled", row, before=why)
    row.disabled_at = row.failing_since = None
    row.disabled_reason = ""
    row.save(update_fields=["disabled_at", "disabled_reason", "failing_since"])
    nudging.deliver_soon()
    return row


@transaction.atomic
def delete_endpoint(*, endpoint: WebhookEndpoint, now: datetime) -> WebhookEndpoint:
    """Send nothing more, give up what waits, and hide the endpoint; its log stays.

    One that is deleted stays as it is.
    """
    row = WebhookEndpoint.objects.select_for_update(no_key=True).get(pk=endpoint.pk)
    if row.deleted_at is not None:
        return row
    row.deleted_at = now
    row.save(update_fields=["deleted_at"])
    row.deliveries.open().update(
        next_attempt_at=None, leased_until=None, given_up_at=now
    )
    trail.record("endpoint.deleted", row, at=now)
    return row


@transaction.atomic
def send_test(*, endpoint: WebhookEndpoint, now: datetime) -> WebhookDelivery:
    """Send a message that only shows whether messages arrive.

    Raises:
        EndpointDisabled: nothing is sent to it.
    """
    row = _enabled(endpoint)
    draft = payloads.endpoint_test(
        endpoint_id=str(row.pk), occasion=str(uuid4()), at=now
    )
    message = messages.unsaved(draft, now=now)
    message.save()
    trail.record("endpoint.tested", row, at=now, after={"message": message.webhook_id})
    nudging.deliver_soon()
    return WebhookDelivery.objects.create(
        message=message, endpoint=row, created_at=now, next_attempt_at=now
    )


@transaction.atomic
def replay_message(
    *, endpoint: WebhookEndpoint, message_id: UUID, now: datetime
) -> WebhookDelivery:
    """Send a message to an endpoint once more, or for the first time.

    One that is still on its way is returned as it is.

    Raises:
        EndpointDisabled: nothing is sent to it.
        WebhookRefused: there is no such message for this endpoint.
    """
    row = _enabled(endpoint)
    message = WebhookMessage.objects.filter(pk=message_id).first()
    is_theirs = message is not None and (
        message.type != MessageType.ENDPOINT_TEST or message.subject == str(row.pk)
    )
    if message is None or not is_theirs:
        raise WebhookRefused(_("There is no such message."), field="message_id")
    latest = row.deliveries.filter(message=message).order_by("-pk").first()
    if latest is not None and latest.next_attempt_at is not None:
        return latest
    again = {"message": message.webhook_id, "about": message.subject}
    trail.record("endpoint.replayed", row, at=now, after=again)
    nudging.deliver_soon()
    return WebhookDelivery.objects.create(
        message=message,
        endpoint=row,
        replays=latest,
        created_at=now,
        next_attempt_at=now,
    )


@transaction.atomic
def replay_range(
    *, endpoint: WebhookEndpoint, since: datetime, until: datetime, now: datetime
) -> int:
    """Send what an endpoint wants of the messages of a time once more.

    The time begins with `since` and ends before `until`; what is still on its way is
    left alone.

    Returns:
        How many messages are sent.

    Raises:
        EndpointDisabled: nothing is sent to it.
        WebhookRefused: the time is empty, or holds too many messages.
    """
    row = _enabled(endpoint)
    if since >= until:
        raise WebhookRefused(_("“Since” must lie before “until”."), field="since")
    told = WebhookMessage.objects.filter(
        created_at__gte=since, created_at__lt=until, type__in=row.events or CHOOSABLE
    )
    under_way = row.deliveries.open().values("message")
    wanted = told.exclude(pk__in=under_way).order_by("created_at", "pk")
    ids = list(wanted.values_list("pk", flat=True)[: MOST_REPLAYED + 1])
    if len(ids) > MOST_REPLAYED:
        raise WebhookRefused(
            _("These are more than %(count)d messages; choose a shorter time.")
            % {"count": MOST_REPLAYED},
            field="since",
        )
    for start in range(0, len(ids), AT_A_TIME):
        _replay(row, ids[start : start + AT_A_TIME], now)
    again = {"since": since, "until": until, "messages": len(ids)}
    trail.record("endpoint.replayed", row, at=now, after=again)
    nudging.deliver_soon()
    return len(ids)


def _replay(endpoint: WebhookEndpoint, message_ids: list[UUID], now: datetime) -> None:
    earlier = endpoint.deliveries.filter(message__in=message_ids).order_by("pk")
    latest = dict(earlier.values_list("message", "pk"))
    WebhookDelivery.objects.bulk_create(
        WebhookDelivery(
            message_id=message_id,
            endpoint=endpoint,
            replays_id=latest.get(message_id),
            created_at=now,
            next_attempt_at=now,
        )
        for message_id in message_ids
    )


def _add_secret(endpoint: WebhookEndpoint, now: datetime) -> str:
    secret = signing.new_secret()
    WebhookSecret.objects.create(
        endpoint=endpoint,
        encrypted=encryption.seal(secret),
        ending=secret[-4:],
        created_at=now,
    )
    return secret


def _locked(endpoint: WebhookEndpoint) -> WebhookEndpoint:
    row = WebhookEndpoint.objects.select_for_update(no_key=True).get(pk=endpoint.pk)
    if row.deleted_at is not None:
        raise WebhookRefused(_("The endpoint is deleted; make a new one."))
    return row


def _enabled(endpoint: WebhookEndpoint) -> WebhookEndpoint:
    row = _locked(endpoint)
    if row.disabled_at is not None:
        raise EndpointDisabled
    return row


def _known_types(events: Iterable[str]) -> list[str]:
    chosen = set(events)
    if unknown := sorted(chosen - set(CHOOSABLE)):
        raise WebhookRefused(
            _("%(given)s: choose from %(known)s.")
            % {"given": ", ".join(unknown), "known": ", ".join(CHOOSABLE)},
            field="events",
        )
    return [one for one in CHOOSABLE if one in chosen]


def _short(description: str) -> str:
    limit = WebhookEndpoint._meta.get_field("description").max_length or 0
    if len(description) > limit:
        raise WebhookRefused(
            _("Use at most %(count)d characters.") % {"count": limit},
            field="description",
        )
    return description
