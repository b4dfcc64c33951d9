"""Messages to other services: who wants them, what was said, how it was delivered."""

import uuid
from datetime import datetime

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

URL_LENGTH = 500


class MessageType(models.TextChoices):
    """What a message may be about."""

    EVENT_WRITTEN = "event.written", _("A loan event stands in Xero")
    EVENT_NEEDS_ATTENTION = "event.needs_attention", _("A loan event needs a person")
    EVENT_UNKNOWN = "event.unknown", _("What became of a loan event is not known")
    CONNECTION_CHANGED = "connection.changed", _("A connection has changed")
    LOAN_SETTLED = "loan.settled", _("A loan is settled")
    ENDPOINT_TEST = "endpoint.test", _("Test message")


# A test goes to the endpoint that is tried, whatever it has chosen.
CHOOSABLE = [one for one in MessageType.values if one != MessageType.ENDPOINT_TEST]


class DisabledReason(models.TextChoices):
    """Why nothing is sent to an endpoint."""

    BY_HAND = "by_hand", _("Switched off by a person")
    GONE = "gone", _("It answered 410: it wants no more messages")
    FAILING = "failing", _("Every delivery failed for five days")


# Disabled by what the endpoint did, and by no person.
BROKEN_DOWN = (DisabledReason.GONE, DisabledReason.FAILING)


class WebhookEndpointQuerySet(models.QuerySet["WebhookEndpoint"]):
    """Which endpoints count."""

    def present(self) -> "WebhookEndpointQuerySet":
        """Return endpoints that are not deleted."""
        return self.filter(deleted_at=None)

    def enabled(self) -> "WebhookEndpointQuerySet":
        """Return endpoints that messages are sent to."""
        return self.present().filter(disabled_at=None)

    def broken_down(self) -> "WebhookEndpointQuerySet":
        """Return endpoints that were disabled, and by no person."""
        return self.present().filter(disabled_reason__in=BROKEN_DOWN)


class WebhookEndpoint(models.Model):
    """An address of another service that wants to hear from us."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    url = models.CharField(_("address"), max_length=URL_LENGTH)
    description = models.CharField(_("description"), max_length=200, blank=True)
    events = models.JSONField(
        _("messages"), default=list, blank=True, help_text=_("None chosen: all.")
    )
    created_at = models.DateTimeField(_("created"), default=timezone.now)
    created_by = models.CharField(_("created by"), max_length=150)
    failing_since = models.DateTimeField(_("failing since"), null=True, blank=True)
    disabled_at = models.DateTimeField(_("disabled"), null=True, blank=True)
    disabled_reason = models.CharField(
        _("why disabled"), max_length=20, choices=DisabledReason.choices, blank=True
    )
    deleted_at = models.DateTimeField(_("deleted"), null=True, blank=True)

    objects = WebhookEndpointQuerySet.as_manager()

    class Meta:
        verbose_name = _("webhook endpoint")
        verbose_name_plural = _("webhook endpoints")
        constraints = [
            models.CheckConstraint(
                condition=Q(disabled_at=None, disabled_reason="")
                | Q(
                    disabled_at__isnull=False, disabled_reason__in=DisabledReason.values
                ),
                name="backoffice_webhookendpoint_disabled_for_a_reason",
            ),
            models.CheckConstraint(
                condition=~Q(url=""), name="backoffice_webhookendpoint_has_an_address"
            ),
        ]

    def __str__(self) -> str:
        """Name the address without its query, which may carry a secret."""
        return self.url.partition("?")[0]

    def wants(self, message_type: str) -> bool:
        """Whether messages of this type are for this endpoint."""
        return not self.events or message_type in self.events


class WebhookSecretQuerySet(models.QuerySet["WebhookSecret"]):
    """Which secrets sign."""

    def signing(self, now: datetime) -> "WebhookSecretQuerySet":
        """Return the secrets that sign at this moment, the newest first."""
        live = Q(retires_at=None) | Q(retires_at__gt=now)
        return self.filter(live).order_by("-pk")


class WebhookSecret(models.Model):
    """A signing secret of an endpoint, encrypted; a new one retires the one before."""

    endpoint = models.ForeignKey(
        WebhookEndpoint, on_delete=models.PROTECT, related_name="secrets"
    )
    encrypted = models.TextField(editable=False)
    ending = models.CharField(_("ends in"), max_length=4, editable=False)
    created_at = models.DateTimeField(_("created"))
    retires_at = models.DateTimeField(_("signs until"), null=True, blank=True)

    objects = WebhookSecretQuerySet.as_manager()

    class Meta:
        verbose_name = _("signing secret")
        verbose_name_plural = _("signing secrets")
        constraints = [
            models.UniqueConstraint(
                fields=["endpoint"],
                condition=Q(retires_at=None),
                name="backoffice_webhooksecret_one_current",
            )
        ]

    def __str__(self) -> str:
        """Show as much as tells two secrets apart."""
        return f"whsec_…{self.ending}"


class WebhookMessage(models.Model):
    """One thing said once: the same bytes go to everybody, however often. Append-only.

    `occasion` tells two messages of one type about one subject apart, so that the same
    occasion can never be told twice.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    type = models.CharField(_("type"), max_length=40, choices=MessageType.choices)
    subject = models.CharField(_("about"), max_length=100)
    occasion = models.CharField(max_length=64, editable=False)
    payload = models.BinaryField(_("payload"))
    created_at = models.DateTimeField(_("created"))

    class Meta:
        verbose_name = _("outgoing message")
        verbose_name_plural = _("outgoing messages")
        constraints = [
            models.UniqueConstraint(
                fields=["subject", "type", "occasion"],
                name="backoffice_webhookmessage_once_per_occasion",
            )
        ]
        indexes = [models.Index(fields=["created_at"], name="backoffice_message_time")]

    def __str__(self) -> str:
        """Name the message as the receiver sees it."""
        return self.webhook_id

    @property
    def webhook_id(self) -> str:
        """The id that every attempt carries, so that a receiver can drop doubles."""
        return f"msg_{self.pk.hex}"


class DeliveryState(models.TextChoices):
    """Where a delivery stands."""

    WAITING = "waiting", _("Waiting")
    RETRYING = "retrying", _("Failed, will be tried again")
    DELIVERED = "delivered", _("Delivered")
    GIVEN_UP = "given_up", _("Given up")


class WebhookDeliveryQuerySet(models.QuerySet["WebhookDelivery"]):
    """Deliveries by where they stand."""

    def open(self) -> "WebhookDeliveryQuerySet":
        """Return deliveries that are still to be made."""
        return self.filter(next_attempt_at__isnull=False)

    def due(self, now: datetime) -> "WebhookDeliveryQuerySet":
        """Return deliveries to be tried now which nobody holds."""
        free = Q(leased_until=None) | Q(leased_until__lte=now)
        return self.filter(free, next_attempt_at__lte=now)

    def in_state(self, state: str) -> "WebhookDeliveryQuerySet":
        """Return deliveries in one of the states shown."""
        return self.filter(
            {
                DeliveryState.WAITING: Q(next_attempt_at__isnull=False, attempts=0),
                DeliveryState.RETRYING: Q(
                    next_attempt_at__isnull=False, attempts__gt=0
                ),
                DeliveryState.DELIVERED: Q(delivered_at__isnull=False),
                DeliveryState.GIVEN_UP: Q(given_up_at__isnull=False),
            }[DeliveryState(state)]
        )


class WebhookDelivery(models.Model):
    """A message on its way to one endpoint; a replay is a new one that names it.

    `claims` grows with every claim: a worker that slept through its lease names an old
    number, and changes nothing.
    """

    message = models.ForeignKey(
        WebhookMessage,
        on_delete=models.PROTECT,
        related_name="deliveries",
        verbose_name=_("message"),
    )
    endpoint = models.ForeignKey(
        WebhookEndpoint,
        on_delete=models.PROTECT,
        related_name="deliveries",
        verbose_name=_("endpoint"),
        db_index=False,
    )
    replays = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        related_name="replayed_by",
        null=True,
        blank=True,
        verbose_name=_("repeats"),
    )
    created_at = models.DateTimeField(_("created"))
    next_attempt_at = models.DateTimeField(_("next attempt"), null=True, blank=True)
    leased_until = models.DateTimeField(_("leased until"), null=True, blank=True)
    claims = models.PositiveIntegerField(_("claims"), default=0)
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    delivered_at = models.DateTimeField(_("delivered"), null=True, blank=True)
    given_up_at = models.DateTimeField(_("given up"), null=True, blank=True)

    objects = WebhookDeliveryQuerySet.as_manager()

    class Meta:
        verbose_name = _("webhook delivery")
        verbose_name_plural = _("webhook deliveries")
        constraints = [
            models.UniqueConstraint(
                fields=["message", "endpoint"],
                condition=Q(replays=None),
                name="backoffice_webhookdelivery_once_unless_replayed",
            ),
            models.CheckConstraint(
                condition=Q(
                    next_attempt_at__isnull=False, delivered_at=None, given_up_at=None
                )
                | Q(next_attempt_at=None, delivered_at__isnull=False, given_up_at=None)
                | Q(next_attempt_at=None, delivered_at=None, given_up_at__isnull=False),
                name="backoffice_webhookdelivery_open_or_ended",
            ),
        ]
        indexes = [
            models.Index(
                fields=["endpoint", "next_attempt_at"],
                condition=Q(next_attempt_at__isnull=False),
                name="backoffice_delivery_due",
            ),
            models.Index(fields=["endpoint", "id"], name="backoffice_delivery_log"),
            models.Index(
                fields=["given_up_at"],
                condition=Q(given_up_at__isnull=False),
                name="backoffice_delivery_given_up",
            ),
        ]

    def __str__(self) -> str:
        """Name the row; its message and endpoint would each take a query."""
        return f"{self.message_id} → {self.endpoint_id}"

    @property
    def state(self) -> DeliveryState:
        """Where the delivery stands."""
        if self.delivered_at:
            return DeliveryState.DELIVERED
        if self.given_up_at:
            return DeliveryState.GIVEN_UP
        return DeliveryState.RETRYING if self.attempts else DeliveryState.WAITING


class AttemptError(models.TextChoices):
    """Why an attempt got no answer."""

    ADDRESS_REFUSED = "address_refused", _("The address is not one we send to")
    NO_CONNECTION = "no_connection", _("No connection")
    NOT_TRUSTED = "not_trusted", _("The certificate is not trusted")
    TIMED_OUT = "timed_out", _("No answer in time")
    BROKEN_OFF = "broken_off", _("The connection broke off")
    SECRET_UNREADABLE = (
        "secret_unreadable",
        _("FIELD_ENCRYPTION_KEYS no longer opens the secret"),
    )
    FAULT = "fault", _("A fault of ours; the log says more")


class WebhookAttempt(models.Model):
    """One HTTP exchange of a delivery; nothing of the answer but its status.

    Append-only.
    """

    delivery = models.ForeignKey(
        WebhookDelivery, on_delete=models.PROTECT, related_name="tries"
    )
    started_at = models.DateTimeField(_("started"))
    status_code = models.PositiveSmallIntegerField(
        _("HTTP status"), null=True, blank=True
    )
    error = models.CharField(
        _("error"), max_length=20, choices=AttemptError.choices, blank=True
    )
    elapsed_ms = models.PositiveIntegerField(_("milliseconds"), default=0)

    class Meta:
        verbose_name = _("webhook attempt")
        verbose_name_plural = _("webhook attempts")

    def __str__(self) -> str:
        """Name the delivery and what came of it."""
        return f"{self.delivery_id} {self.status_code or self.error}"


class ChangeCursor(models.Model):
    """How far the changes of entries have been read; one row, made with an endpoint."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    change_id = models.BigIntegerField(_("read up to"))
    # Grows with every reading: who moves on names the number they began with.
    readings = models.PositiveBigIntegerField(_("readings"), default=0)
    busy_until = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("change cursor")
        verbose_name_plural = _("change cursors")
        constraints = [
            models.CheckConstraint(
                condition=Q(id=1), name="backoffice_changecursor_only_one"
            )
        ]

    def __str__(self) -> str:
        """Say how far it has come."""
        return str(self.change_id)


class ChangeGap(models.Model):
    """Ids below the cursor that were not there yet: handed out, perhaps not committed.

    They are looked for until any transaction that began with them must be over.
    """

    first_id = models.BigIntegerField()
    last_id = models.BigIntegerField()
    noticed_at = models.DateTimeField()

    class Meta:
        verbose_name = _("gap among changes")
        verbose_name_plural = _("gaps among changes")

    def __str__(self) -> str:
        """Name the range."""
        return f"{self.first_id}–{self.last_id}"
