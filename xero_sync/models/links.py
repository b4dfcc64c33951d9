"""Who may open a borrower's own pages: links, the sittings they open, and requests."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from lending.formats import instant

# A sitting ends when nobody did anything for so long, and in any case after so long.
IDLE = timedelta(minutes=30)
AT_MOST = timedelta(hours=12)


# Who acts on the borrowers' pages; the trail adds the company's reference.
OWNER, ACCOUNTANT = "borrower", "accountant"


def is_borrowers(actor: str) -> bool:
    """Tell whether it is a borrower or their accountant who acted, on our pages."""
    return actor.partition(":")[0] in {OWNER, ACCOUNTANT}


class LinkRole(models.TextChoices):
    """For whom a link is."""

    OWNER = "owner", _("The customer")
    ACCOUNTANT = "accountant", _("Their accountant")


class BorrowerLinkQuerySet(models.QuerySet["BorrowerLink"]):
    """Which links open."""

    def open(self, now: datetime) -> BorrowerLinkQuerySet:
        """Return those that are neither revoked nor too old."""
        return self.filter(revoked_at=None, expires_at__gt=now)


class BorrowerLink(models.Model):
    """A link to a borrower's own pages; we keep a hash of it alone.

    It opens until it expires or is revoked; opening it does not prolong it. One that is
    owed by mail has no hash yet: the mail that carries it makes it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    company = models.ForeignKey(
        "lending.Company", on_delete=models.PROTECT, related_name="borrower_links"
    )
    role = models.CharField(_("for"), max_length=20, choices=LinkRole.choices)
    token_hash = models.CharField(max_length=64, unique=True, null=True, editable=False)
    sent_to = models.EmailField(
        _("mailed to"), blank=True, help_text=_("Empty: the company's contact email.")
    )
    starts_at_task = models.BooleanField(
        _("leads to the next task"),
        default=False,
        help_text=_("Asked for by somebody who came from Xero's list of banks."),
    )
    made_at = models.DateTimeField(_("made"))
    made_by = models.CharField(_("made by"), max_length=150)
    expires_at = models.DateTimeField(_("opens until"))
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)
    revoked_by = models.CharField(_("revoked by"), max_length=150, blank=True)
    openings = models.PositiveIntegerField(_("opened"), default=0)
    last_opened_at = models.DateTimeField(_("last opened"), null=True, blank=True)

    objects = BorrowerLinkQuerySet.as_manager()

    class Meta:
        verbose_name = _("customer's link")
        verbose_name_plural = _("customers' links")
        constraints = [
            models.CheckConstraint(
                condition=Q(role__in=LinkRole.values),
                name="xero_sync_borrowerlink_role",
            ),
            models.CheckConstraint(
                condition=Q(expires_at__gt=models.F("made_at")),
                name="xero_sync_borrowerlink_expires_after_made",
            ),
        ]

    def __str__(self) -> str:
        """Name the company, the role and the time."""
        return f"{self.company_id} {self.role} {instant(self.made_at)}"

    @property
    def is_owner(self) -> bool:
        """Whether it is the borrower's own, not their accountant's."""
        return self.role == LinkRole.OWNER


class BorrowerSittingQuerySet(models.QuerySet["BorrowerSitting"]):
    """Which sittings go on."""

    def open(self, now: datetime) -> BorrowerSittingQuerySet:
        """Return those in which somebody may act now."""
        return self.filter(
            ended_at=None,
            seen_at__gt=now - IDLE,
            started_at__gt=now - AT_MOST,
            link__revoked_at=None,
            link__expires_at__gt=now,
        )


class BorrowerSitting(models.Model):
    """One visit by a link, in one browser; its cookie is kept as a hash alone."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    link = models.ForeignKey(
        BorrowerLink, on_delete=models.PROTECT, related_name="sittings"
    )
    # Another organisation of the same borrower may be chosen meanwhile.
    company = models.ForeignKey(
        "lending.Company", on_delete=models.PROTECT, related_name="+"
    )
    secret_hash = models.CharField(max_length=64, unique=True, editable=False)
    language = models.CharField(_("language"), max_length=10, blank=True)
    started_at = models.DateTimeField(_("begun"))
    seen_at = models.DateTimeField(_("last seen"))
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    objects = BorrowerSittingQuerySet.as_manager()

    class Meta:
        verbose_name = _("customer's visit")
        verbose_name_plural = _("customers' visits")

    def __str__(self) -> str:
        """Name the company and the time."""
        return f"{self.company_id} {instant(self.started_at)}"

    @property
    def is_owner(self) -> bool:
        """Whether it is the borrower's own, not their accountant's."""
        return self.link.is_owner

    @property
    def actor(self) -> str:
        """Who acts in it, as the trail names them."""
        who = OWNER if self.is_owner else ACCOUNTANT
        return f"{who}:{self.company.reference}"


class LinkRequest(models.Model):
    """What somebody entered to get their link; gone as soon as it was looked at.

    Stored whether we know them or not, so that the answer takes the same time.
    """

    reference = models.CharField(max_length=64)
    email = models.EmailField()
    asked_at = models.DateTimeField()

    class Meta:
        verbose_name = _("request for a link")
        verbose_name_plural = _("requests for a link")

    def __str__(self) -> str:
        """Name the time."""
        return instant(self.asked_at)
