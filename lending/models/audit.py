"""The trail: what a person or a service did, to what, when and why."""

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from lending.db.ids import new_id
from lending.formats import instant
from lending.models.company import Company

ACTOR_LENGTH = 200
KEY_LENGTH = 100
LABEL_LENGTH = 200


class AuditEntryQuerySet(models.QuerySet["AuditEntry"]):
    """What was done, by its object."""

    def about(self, obj: models.Model) -> "AuditEntryQuerySet":
        """Return what was done to one object, the latest first."""
        found = self.filter(object_type=obj._meta.label_lower, object_key=str(obj.pk))
        return found.latest_first()

    def latest_first(self) -> "AuditEntryQuerySet":
        """Return it in the order in which it is read."""
        return self.order_by("-pk")


class AuditEntry(models.Model):
    """One thing that was done. Append-only, and nothing else depends on it.

    Who did it and what it was done to are kept as text, so that an entry says the same
    when neither exists any more.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    at = models.DateTimeField(_("when"), default=timezone.now)
    actor = models.CharField(_("by"), max_length=ACTOR_LENGTH)
    verb = models.CharField(_("what"), max_length=60)
    object_type = models.CharField(_("kind of object"), max_length=60)
    object_key = models.CharField(
        _("key of the object"), max_length=KEY_LENGTH, blank=True
    )
    object_label = models.CharField(
        _("object"), max_length=LABEL_LENGTH, blank=True, db_index=True
    )
    company = models.ForeignKey(
        Company,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("company"),
    )
    reason = models.TextField(_("why"), blank=True)
    before = models.JSONField(
        _("before"), default=dict, blank=True, encoder=DjangoJSONEncoder
    )
    after = models.JSONField(
        _("after"), default=dict, blank=True, encoder=DjangoJSONEncoder
    )
    request_id = models.CharField(_("request"), max_length=36, blank=True)
    address = models.GenericIPAddressField(_("from"), null=True, blank=True)

    objects = AuditEntryQuerySet.as_manager()

    class Meta:
        verbose_name = _("act")
        verbose_name_plural = _("what was done")
        default_permissions = ("view",)
        constraints = [
            models.CheckConstraint(
                condition=~Q(actor="") & ~Q(verb="") & ~Q(object_type=""),
                name="lending_auditentry_says_who_and_what",
            )
        ]
        indexes = [
            models.Index(fields=["at"], name="lending_audit_at"),
            models.Index(fields=["actor", "id"], name="lending_audit_actor"),
            models.Index(
                fields=["object_type", "object_key", "id"], name="lending_audit_object"
            ),
        ]

    def __str__(self) -> str:
        """Name the act, its object and the time."""
        return f"{self.verb} {self.object_label} {instant(self.at)}"
