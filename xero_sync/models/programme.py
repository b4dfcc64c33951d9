"""Where the lender stands in Xero's partner programme: the record and its history.

Nobody types "certified": it follows from the acts, each of which is kept. What they
conclude is stored with the Xero app.
"""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from lending.formats import instant

# There is one programme, so there is one row.
THE_ONLY = 1
LONGEST_LINK = 200


class PartnerType(models.TextChoices):
    """Xero's two kinds of app partner."""

    FINANCIAL_SERVICES = (
        "financial_services",
        _("Financial services (bank feeds, lending, payments)"),
    )
    APP_STORE = "app_store", _("App Store (every other use)")


class Preparation(models.TextChoices):
    """What a person prepares before the application goes out."""

    CODAT_MANAGER = "codat_manager", _("Talk to your account manager at Codat")
    COMMERCIAL_TERMS = (
        "commercial_terms",
        _("Ask Xero about additional commercial terms"),
    )
    FEEDS_INTRODUCTION = (
        "feeds_introduction",
        _("Bank feeds: meet Xero's Financial Services Partnerships team"),
    )
    FEEDS_PROPOSAL = (
        "feeds_proposal",
        _("Bank feeds: hand in the integration proposal"),
    )
    FEEDS_AGREEMENT = (
        "feeds_agreement",
        _("Bank feeds: sign the bank feeds partnership agreement"),
    )


class PartnerStep(models.TextChoices):
    """The three steps to partner status, in Xero's order."""

    SUBMITTED = "submitted", _("Application submitted")
    AGREEMENT = "agreement", _("Partner agreement signed")
    CERTIFICATION = "certification", _("Technical certification passed")


class ActKind(models.TextChoices):
    """What was done about the programme."""

    TYPE_CHOSEN = "type_chosen", _("Type chosen")
    FEEDS_ASKED = "feeds_asked", _("Bank feeds asked for")
    FEEDS_DROPPED = "feeds_dropped", _("Bank feeds no longer asked for")
    PREPARED = "prepared", _("Prepared")
    UNPREPARED = "unprepared", _("Open again")
    STEP_TAKEN = "step_taken", _("Step taken")
    STEP_WITHDRAWN = "step_withdrawn", _("Step taken back")
    NOT_ELIGIBLE = "not_eligible", _("Not eligible")
    ELIGIBLE_AGAIN = "eligible_again", _("Eligible again")


class CheckpointStatus(models.TextChoices):
    """Where one technical checkpoint stands, by a person's word."""

    OPEN = "open", _("Open")
    MET = "met", _("Met")


class PartnerProgramme(models.Model):
    """What the lender applies for; one row. Who changes anything locks it first."""

    id = models.PositiveSmallIntegerField(
        primary_key=True, default=THE_ONLY, editable=False
    )
    partner_type = models.CharField(
        _("type of partner"),
        max_length=20,
        choices=PartnerType.choices,
        default=PartnerType.FINANCIAL_SERVICES,
    )
    wants_bank_feeds = models.BooleanField(
        _("bank feeds asked for"),
        default=True,
        help_text=_("Statement lines in Xero need bank feeds."),
    )

    class Meta:
        verbose_name = _("partner programme")
        verbose_name_plural = _("partner programme")
        default_permissions = ("view", "change")
        constraints = [
            models.CheckConstraint(
                condition=Q(id=THE_ONLY), name="xero_sync_partnerprogramme_only_one"
            ),
            models.CheckConstraint(
                condition=Q(partner_type__in=PartnerType.values),
                name="xero_sync_partnerprogramme_known_type",
            ),
        ]

    def __str__(self) -> str:
        """Name the type."""
        return str(self.get_partner_type_display())


class ProgrammeAct(models.Model):
    """One act on the way to partner status. Append-only."""

    kind = models.CharField(_("act"), max_length=20, choices=ActKind.choices)
    # What it was done to: a type, an item of preparation or a step.
    subject = models.CharField(_("about"), max_length=30, blank=True)
    happened_on = models.DateField(_("on"))
    note = models.TextField(_("note"), blank=True)
    override_reason = models.TextField(_("submitted all the same, because"), blank=True)
    author = models.CharField(_("by"), max_length=160)
    recorded_at = models.DateTimeField(_("recorded"))

    class Meta:
        verbose_name = _("programme act")
        verbose_name_plural = _("programme acts")
        default_permissions = ("view",)
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=ActKind.values),
                name="xero_sync_programmeact_known_kind",
            ),
        ]

    def __str__(self) -> str:
        """Name the act, its subject and its day."""
        return f"{self.kind} {self.subject} {self.happened_on}"


class CheckpointReview(models.Model):
    """A person's word on one technical checkpoint; the latest counts. Append-only."""

    checkpoint = models.CharField(_("checkpoint"), max_length=30)
    status = models.CharField(
        _("status"), max_length=10, choices=CheckpointStatus.choices
    )
    evidence = models.TextField(_("evidence"), blank=True)
    evidence_url = models.URLField(
        _("link to the evidence"), max_length=LONGEST_LINK, blank=True
    )
    author = models.CharField(_("by"), max_length=160)
    recorded_at = models.DateTimeField(_("recorded"))

    class Meta:
        verbose_name = _("checkpoint review")
        verbose_name_plural = _("checkpoint reviews")
        default_permissions = ("view",)
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=CheckpointStatus.values),
                name="xero_sync_checkpointreview_known_status",
            ),
            models.CheckConstraint(
                condition=~Q(status=CheckpointStatus.MET)
                | ~Q(evidence="")
                | ~Q(evidence_url=""),
                name="xero_sync_checkpointreview_met_by_evidence",
            ),
        ]

    def __str__(self) -> str:
        """Name the checkpoint, its status and the time."""
        return f"{self.checkpoint} {self.status} {instant(self.recorded_at)}"
