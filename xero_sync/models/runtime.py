"""Rows that the processes share while they run; losing them loses no evidence."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from xero_sync.models.choices import Step


class Lane(models.Model):
    """One company's queue of one step: the unit that a drain locks and claims from.

    Whoever makes work for a lane touches this row in the same transaction, lanes
    before records, so that no drain can overlook it.
    """

    company = models.ForeignKey(
        "lending.Company", on_delete=models.PROTECT, related_name="lanes"
    )
    step = models.CharField(_("entry"), max_length=20, choices=Step.choices)
    due_at = models.DateTimeField(_("due"), null=True, blank=True)

    class Meta:
        verbose_name = _("lane")
        verbose_name_plural = _("lanes")
        constraints = [
            models.UniqueConstraint(
                fields=["company", "step"], name="xero_sync_lane_one_per_step"
            )
        ]
        indexes = [
            models.Index(
                fields=["due_at"],
                condition=models.Q(due_at__isnull=False),
                name="xero_sync_lane_due",
            )
        ]

    def __str__(self) -> str:
        """Name the company and the step."""
        return f"{self.company_id} {self.step}"


class RateScope(models.Model):
    """The shared budget of one scope: an address, an organisation, a day.

    `theoretical_arrival` is the clock of the generic cell rate algorithm: it runs ahead
    of now by what has been taken and not yet earned back. While the circuit breaker is
    open (`open_seconds` above zero) one probe may go out at `probe_at`, nothing else.
    """

    key = models.CharField(_("scope"), max_length=100, primary_key=True)
    theoretical_arrival = models.DateTimeField(_("spent up to"), null=True, blank=True)
    blocked_until = models.DateTimeField(_("blocked until"), null=True, blank=True)
    remaining = models.IntegerField(_("remaining today"), null=True, blank=True)
    resets_at = models.DateTimeField(_("resets"), null=True, blank=True)
    failures = models.PositiveIntegerField(_("failures in a row"), default=0)
    open_seconds = models.PositiveIntegerField(_("circuit breaker open for"), default=0)
    probe_at = models.DateTimeField(_("next probe"), null=True, blank=True)
    is_probing = models.BooleanField(_("probing"), default=False)

    class Meta:
        verbose_name = _("rate scope")
        verbose_name_plural = _("rate scopes")

    def __str__(self) -> str:
        """Name the scope."""
        return self.key


class Heartbeat(models.Model):
    """When a background process last showed itself, and how long it holds its lease."""

    name = models.CharField(_("process"), max_length=50, primary_key=True)
    beat_at = models.DateTimeField(_("last seen"))
    busy_until = models.DateTimeField(_("busy until"), null=True, blank=True)
    holder = models.CharField(_("holder"), max_length=100, blank=True)

    class Meta:
        verbose_name = _("heartbeat")
        verbose_name_plural = _("heartbeats")

    def __str__(self) -> str:
        """Name the process."""
        return self.name


class Tally(models.Model):
    """How often something was done in a minute of the clock, or may yet be.

    `minute` counts from 1970; `taken` are the permits that the processes have drawn.
    """

    name = models.CharField(_("what, and by whom"), max_length=150, primary_key=True)
    minute = models.BigIntegerField(_("minute"))
    taken = models.PositiveIntegerField(_("taken"), default=0)

    class Meta:
        verbose_name = _("tally")
        verbose_name_plural = _("tallies")

    def __str__(self) -> str:
        """Name what is counted."""
        return self.name
