"""Seals over finished days of what is only ever added to."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

HASH_LENGTH = 64


class Seal(models.Model):
    """What some rows of one table and day were when they were sealed. Append-only.

    All seals are one chain without gaps: `chain` hashes this seal and the chain before
    it, and `mac` is made of that with a key that is not in the database. Whoever has
    the database alone can neither alter a row that was sealed nor a seal unnoticed.
    """

    number = models.PositiveBigIntegerField(primary_key=True)
    # In UTC.
    day = models.DateField(_("day"))
    table = models.CharField(_("table"), max_length=60)
    # A column that is added later is not in what was hashed.
    columns = models.JSONField(_("columns"))
    # A line a row, in the order of their keys: the key, and the hash of the columns.
    body = models.TextField(_("rows"), blank=True)
    rows = models.PositiveIntegerField(_("number of rows"))
    # Of the table and day all rows that were there are sealed with it.
    is_last = models.BooleanField(_("the last of its table and day"))
    # Rows that were stored after their day had been sealed.
    is_late = models.BooleanField(_("of rows that came later"))
    sealed_at = models.DateTimeField(_("sealed"))
    chain = models.CharField(_("chain"), max_length=HASH_LENGTH)
    key_id = models.CharField(_("key"), max_length=8)
    mac = models.CharField(_("code"), max_length=HASH_LENGTH)

    class Meta:
        verbose_name = _("seal")
        verbose_name_plural = _("seals")
        default_permissions = ("view",)
        constraints = [
            models.CheckConstraint(
                condition=Q(number__gt=0), name="lending_seal_counts_from_one"
            ),
            models.CheckConstraint(
                condition=~Q(is_last=True, is_late=True),
                name="lending_seal_late_ends_no_day",
            ),
        ]
        indexes = [models.Index(fields=["table", "day"], name="lending_seal_day")]

    def __str__(self) -> str:
        """Name the number, the table and the day."""
        return f"seal {self.number}: {self.table} of {self.day}"
