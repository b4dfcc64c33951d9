"""Pushes on our connections that no request of ours owns: signs of a lost past."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Verdict(models.TextChoices):
    """Whose a push turned out to be."""

    ADOPTED = "adopted", _("Ours: found by what it wrote")
    OURS = "ours", _("Ours: a person linked it")
    ANOTHERS = "anothers", _("Another system's")
    LET_GO = "let_go", _("Nobody said whose; the company was let go on")
    NOTHING = "nothing", _("It wrote nothing")


# Those that a person gave, with a reason.
BY_A_PERSON = (Verdict.OURS, Verdict.ANOTHERS, Verdict.LET_GO)


class StrayPushQuerySet(models.QuerySet["StrayPush"]):
    """Filters that several places share."""

    def unsettled(self) -> "StrayPushQuerySet":
        """Return those of which nobody knows yet whose they are."""
        return self.filter(verdict="")


class StrayPush(models.Model):
    """One push operation on our connection that no request of ours owns.

    Codat names neither its body nor its key. After an older backup was restored it may
    be an entry that we are about to send once more, so it holds the company until it is
    known whose it is; then it holds nothing again. Whose entry it is stands on the
    timeline of that entry.
    """

    connection = models.ForeignKey(
        "xero_sync.Connection", on_delete=models.PROTECT, related_name="stray_pushes"
    )
    push_operation_key = models.UUIDField(_("push operation"), unique=True)
    data_type = models.CharField(_("data type"), max_length=40, blank=True)
    requested_on = models.DateTimeField(_("taken in at Codat"), null=True, blank=True)
    status = models.CharField(_("Codat's latest word"), max_length=20)
    xero_record_id = models.CharField(_("record in Xero"), max_length=64, blank=True)
    # What was read of that record: amount, date, reference, accounts.
    wrote = models.JSONField(_("what it wrote"), default=dict, blank=True)
    found_at = models.DateTimeField(_("found"))
    # When Codat was last asked what became of it, and what it wrote was looked for.
    asked_at = models.DateTimeField(_("last asked"))
    read_at = models.DateTimeField(_("looked up"), null=True, blank=True)
    verdict = models.CharField(
        _("whose it is"), max_length=20, choices=Verdict.choices, blank=True
    )
    settled_at = models.DateTimeField(_("settled"), null=True, blank=True)
    settled_by = models.CharField(_("settled by"), max_length=150, blank=True)
    settled_reason = models.TextField(_("reason"), blank=True)

    objects = StrayPushQuerySet.as_manager()

    class Meta:
        verbose_name = _("push of unknown origin")
        verbose_name_plural = _("pushes of unknown origin")
        constraints = [
            models.CheckConstraint(
                condition=Q(verdict="", settled_at=None)
                | Q(verdict__in=Verdict.values, settled_at__isnull=False),
                name="xero_sync_straypush_settled_whole",
            ),
            models.CheckConstraint(
                condition=~Q(verdict__in=BY_A_PERSON)
                | ~Q(settled_by="") & ~Q(settled_reason=""),
                name="xero_sync_straypush_settled_by",
            ),
        ]
        indexes = [
            models.Index(
                fields=["connection"],
                condition=Q(verdict=""),
                name="xero_sync_straypush_unsettled",
            )
        ]

    def __str__(self) -> str:
        """Name the push."""
        return str(self.push_operation_key)
