"""The callers of the API, their keys, and what repeats of a request get back."""

from datetime import datetime

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

# What a caller may name an attempt with, and what we name a resource with.
HEADER_KEY_LENGTH = 255
NATURAL_KEY_LENGTH = 100


class KeyScope(models.TextChoices):
    """What a key may do."""

    EVENTS_READ = "events:read", _("Read companies, loans, events and their entries")
    EVENTS_WRITE = "events:write", _("Record loans and events")
    COMPANIES_WRITE = "companies:write", _("Create companies and connections")
    MAPPINGS_WRITE = "mappings:write", _("Choose accounts, switch write-back")
    SYNC_ACT = "sync:act", _("Retry and decide about entries")
    WEBHOOKS_ADMIN = "webhooks:admin", _("Manage webhooks")


class ApiClient(models.Model):
    """A service that calls the API; its keys come and go, what it did stays its own."""

    name = models.CharField(
        _("name"), max_length=100, unique=True, help_text=_("Such as loan-system.")
    )
    is_active = models.BooleanField(
        _("active"), default=True, help_text=_("Off: none of its keys is accepted.")
    )
    created_at = models.DateTimeField(_("created"), default=timezone.now)

    class Meta:
        verbose_name = _("API client")
        verbose_name_plural = _("API clients")
        constraints = [
            models.CheckConstraint(
                condition=~Q(name=""), name="backoffice_apiclient_has_a_name"
            )
        ]

    def __str__(self) -> str:
        return self.name


class ApiKeyQuerySet(models.QuerySet["ApiKey"]):
    """Which keys count."""

    def live(self, now: datetime) -> "ApiKeyQuerySet":
        """Return keys that are neither revoked nor expired."""
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=now), revoked_at=None)

    def accepted(self, now: datetime) -> "ApiKeyQuerySet":
        """Return keys that let a request in: live ones of clients that are active."""
        return self.live(now).filter(client__is_active=True)


class ApiKey(models.Model):
    """One secret of a client, kept as a hash; the prefix finds it and names it."""

    client = models.ForeignKey(
        ApiClient,
        on_delete=models.PROTECT,
        related_name="keys",
        verbose_name=_("client"),
    )
    name = models.CharField(_("name"), max_length=100, blank=True)
    prefix = models.CharField(_("prefix"), max_length=16, unique=True, editable=False)
    secret_hash = models.CharField(max_length=64, editable=False)
    scopes = models.JSONField(_("scopes"), default=list)
    all_companies = models.BooleanField(
        _("all companies"),
        default=True,
        help_text=_("Off: only the companies chosen below; the others do not exist."),
    )
    companies = models.ManyToManyField(
        "lending.Company", blank=True, verbose_name=_("companies"), related_name="+"
    )
    requests_per_minute = models.PositiveIntegerField(
        _("requests a minute"), default=1_200, validators=[MinValueValidator(1)]
    )
    created_at = models.DateTimeField(_("created"), default=timezone.now)
    created_by = models.CharField(_("created by"), max_length=150)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)
    revoked_by = models.CharField(_("revoked by"), max_length=150, blank=True)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True)

    objects = ApiKeyQuerySet.as_manager()

    class Meta:
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")
        constraints = [
            models.CheckConstraint(
                condition=Q(requests_per_minute__gte=1),
                name="backoffice_apikey_some_requests",
            ),
            models.CheckConstraint(
                condition=~Q(created_by=""), name="backoffice_apikey_has_an_author"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.prefix}… {self.name}".strip()

    def is_live(self, now: datetime) -> bool:
        """Whether the key is neither revoked nor expired."""
        expired = self.expires_at is not None and self.expires_at <= now
        return self.revoked_at is None and not expired

    def is_accepted(self, now: datetime) -> bool:
        """Whether the key lets a request in: it is live, and its client is active."""
        return self.is_live(now) and self.client.is_active


class StoredReply(models.Model):
    """What a write was answered, for every repeat of it, for ever.

    The header's key belongs to the client, so that a new secret still finds it; the
    natural key to the resource. `fingerprint` holds a salted hash of each field, so
    that a difference can be named without keeping what was sent. A row without a status
    is a write that is still running, until `running_until`.
    """

    client = models.ForeignKey(
        ApiClient, on_delete=models.PROTECT, related_name="replies", db_index=False
    )
    header_key = models.CharField(
        _("Idempotency-Key"), max_length=HEADER_KEY_LENGTH, null=True
    )
    natural_key = models.CharField(
        _("resource"), max_length=NATURAL_KEY_LENGTH, null=True
    )
    call = models.CharField(_("call"), max_length=500)
    fingerprint = models.JSONField(_("fingerprint"), default=dict)
    status_code = models.PositiveSmallIntegerField(_("status"), null=True)
    body = models.BinaryField(_("body"), default=b"")
    running_until = models.DateTimeField(_("running until"), null=True)
    created_at = models.DateTimeField(_("created"), default=timezone.now)

    class Meta:
        verbose_name = _("stored reply")
        verbose_name_plural = _("stored replies")
        constraints = [
            models.UniqueConstraint(
                fields=["client", "header_key"],
                condition=Q(header_key__isnull=False),
                name="backoffice_storedreply_header_key_once",
            ),
            models.UniqueConstraint(
                fields=["natural_key"],
                condition=Q(natural_key__isnull=False),
                name="backoffice_storedreply_natural_key_once",
            ),
            models.CheckConstraint(
                condition=Q(header_key__isnull=False) | Q(natural_key__isnull=False),
                name="backoffice_storedreply_has_a_key",
            ),
            models.CheckConstraint(
                condition=Q(status_code__isnull=True, running_until__isnull=False)
                | Q(status_code__gte=200, status_code__lt=300),
                name="backoffice_storedreply_running_or_done",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.call} {self.status_code or '…'}"
