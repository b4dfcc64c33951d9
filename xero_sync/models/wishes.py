"""What borrowers want done at Codat: taken down by their pages, done by the engine."""

from datetime import datetime

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from lending.db.ids import new_id
from lending.formats import instant


class WishAct(models.TextChoices):
    """What a borrower may want."""

    CONNECT_FEED = "connect_feed", _("Connect the bank feed")
    CUT_FEED = "cut_feed", _("Cut the bank feed")
    DISCONNECT = "disconnect", _("Disconnect from Xero")


class WishState(models.TextChoices):
    """Where a wish stands."""

    OPEN = "open", _("Under way")
    DONE = "done", _("Done")
    REFUSED = "refused", _("Refused")
    OVERTAKEN = "overtaken", _("Overtaken by what was done since")


class BorrowerWishQuerySet(models.QuerySet["BorrowerWish"]):
    """Which wishes still have to be fulfilled."""

    def open(self) -> "BorrowerWishQuerySet":
        """Return those under way."""
        return self.filter(state=WishState.OPEN)

    def due(self, now: datetime) -> "BorrowerWishQuerySet":
        """Return those to be tried now, the longest waiting first."""
        return self.open().filter(due_at__lte=now).order_by("due_at", "asked_at")


class BorrowerWish(models.Model):
    """One act at Codat that a borrower wants; what it is about has one at a time.

    `tries` grows whenever somebody takes it up, so that who slept meanwhile stores
    nothing; while it is being tried, `due_at` is when somebody else may. `refusal` is
    the name of the borrower's words for why it was not done.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    connection = models.ForeignKey(
        "xero_sync.Connection", on_delete=models.PROTECT, related_name="wishes"
    )
    # Whose feed it is about, if it is about one.
    lender_account = models.ForeignKey(
        "xero_sync.LenderAccount",
        on_delete=models.PROTECT,
        related_name="wishes",
        null=True,
        blank=True,
    )
    act = models.CharField(_("act"), max_length=20, choices=WishAct.choices)
    asked_by = models.CharField(_("asked by"), max_length=150)
    asked_at = models.DateTimeField(_("asked"))
    state = models.CharField(
        _("state"), max_length=20, choices=WishState.choices, default=WishState.OPEN
    )
    state_since = models.DateTimeField(_("since"))
    due_at = models.DateTimeField(_("due"), null=True, blank=True)
    tries = models.PositiveIntegerField(_("tries"), default=0)
    refusal = models.CharField(_("refused for"), max_length=50, blank=True)

    objects = BorrowerWishQuerySet.as_manager()

    class Meta:
        verbose_name = _("borrower's wish")
        verbose_name_plural = _("borrowers' wishes")
        constraints = [
            models.UniqueConstraint(
                fields=["lender_account"],
                condition=Q(state=WishState.OPEN),
                name="xero_sync_borrowerwish_one_open_per_feed",
            ),
            models.UniqueConstraint(
                fields=["connection"],
                condition=Q(state=WishState.OPEN, lender_account=None),
                name="xero_sync_borrowerwish_one_open_per_connection",
            ),
            models.CheckConstraint(
                condition=Q(act=WishAct.DISCONNECT, lender_account=None)
                | Q(
                    act__in=(WishAct.CONNECT_FEED, WishAct.CUT_FEED),
                    lender_account__isnull=False,
                ),
                name="xero_sync_borrowerwish_about_what_it_says",
            ),
            models.CheckConstraint(
                condition=Q(state=WishState.OPEN, due_at__isnull=False)
                | Q(
                    state__in=[one for one in WishState.values if one != "open"],
                    due_at=None,
                ),
                name="xero_sync_borrowerwish_due_while_open",
            ),
            models.CheckConstraint(
                condition=Q(state=WishState.REFUSED) & ~Q(refusal="")
                | ~Q(state=WishState.REFUSED) & Q(refusal=""),
                name="xero_sync_borrowerwish_refused_with_words",
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at"],
                condition=Q(due_at__isnull=False),
                name="xero_sync_borrowerwish_due",
            )
        ]

    def __str__(self) -> str:
        """Name the act and when it was asked for."""
        return f"{self.act} {instant(self.asked_at)}"
