"""What the lender's app asks Xero for, as it changed over time."""

from collections.abc import Iterable
from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _

from lending.formats import instant

# What the app asks for on top of Codat's set where bank feeds are wanted.
BANK_FEEDS_SCOPE = "bankfeeds"


class ScopeChangeQuerySet(models.QuerySet["ScopeChange"]):
    """What became of the scopes over time."""

    def latest_first(self) -> "ScopeChangeQuerySet":
        """Return every change, the latest first."""
        return self.order_by("-changed_at", "-pk")


def scopes_at(
    moment: datetime, *, changes: Iterable["ScopeChange"], now: Iterable[str]
) -> set[str]:
    """Return what was asked for at a moment: today's scopes, later changes undone.

    `changes` come the latest first.
    """
    scopes = set(now)
    for change in changes:
        if change.changed_at > moment:
            scopes = (scopes - set(change.added)) | set(change.removed)
    return scopes


class ScopeChange(models.Model):
    """One generation of what the app asks Xero for. Append-only.

    A token keeps the scopes it was given: who consented before a change has to consent
    again to what it added.
    """

    changed_at = models.DateTimeField(_("changed"))
    added = models.JSONField(_("added"), default=list)
    removed = models.JSONField(_("removed"), default=list, blank=True)
    note = models.TextField(_("note"), blank=True)
    author = models.CharField(_("by"), max_length=160)
    recorded_at = models.DateTimeField(_("recorded"))

    objects = ScopeChangeQuerySet.as_manager()

    class Meta:
        verbose_name = _("scope change")
        verbose_name_plural = _("scope changes")
        default_permissions = ("view",)

    def __str__(self) -> str:
        """Name the moment and what was added."""
        added = ", ".join(self.added) or "–"
        return f"{instant(self.changed_at)} +{added}"
