"""The lender's own app at Xero, through which borrowers connect."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

# There is one app, so there is one row.
THE_ONLY = 1


class XeroAppQuerySet(models.QuerySet["XeroApp"]):
    """What is asked of the app on the busy paths."""

    def bank_feeds_toggle(self) -> "models.QuerySet[XeroApp, bool | None]":
        """Return the bank feeds' toggle as part of another query; None if not set."""
        return self.filter(pk=THE_ONLY).values_list("bank_feeds_on", flat=True)


class XeroApp(models.Model):
    """What the lender entered at Xero and in Codat's portal, as it was recorded here.

    The product never uses the client secret. It is kept, sealed, until somebody has
    pasted it into Codat's portal; its ending, a salted hash and the times stay.
    """

    id = models.PositiveSmallIntegerField(
        primary_key=True, default=THE_ONLY, editable=False
    )
    name = models.CharField(_("app name"), max_length=100, blank=True)
    company_url = models.CharField(
        _("company or application URL"), max_length=200, blank=True
    )
    app_email = models.CharField(_("app e-mail"), max_length=254, blank=True)
    privacy_url = models.CharField(_("privacy policy"), max_length=200, blank=True)
    terms_url = models.CharField(_("terms and conditions"), max_length=200, blank=True)

    client_id = models.CharField(_("client id"), max_length=200, blank=True)
    sealed_secret = models.TextField(
        _("client secret, sealed"), blank=True, editable=False
    )
    secret_ending = models.CharField(_("client secret"), max_length=4, blank=True)
    secret_hash = models.CharField(
        _("hash of the client secret"), max_length=128, blank=True, editable=False
    )
    secret_saved_at = models.DateTimeField(_("secret saved"), null=True, blank=True)
    pasted_at = models.DateTimeField(
        _("keys pasted into Codat's portal"), null=True, blank=True
    )

    integration_on = models.BooleanField(_("integration"), null=True, blank=True)
    bank_feeds_approved_on = models.DateField(
        _("bank feeds enabled by Xero on"), null=True, blank=True
    )
    bank_feeds_on = models.BooleanField(_("bank feeds"), null=True, blank=True)

    # What the partner programme's acts conclude; each act stores it, nobody types it.
    is_certified = models.BooleanField(
        _("certified by Xero"), default=False, editable=False
    )
    wants_bank_feeds = models.BooleanField(
        _("bank feeds asked for"), default=True, editable=False
    )

    enabled_at_codat = models.BooleanField(_("Codat reports"), null=True, blank=True)
    looked_at = models.DateTimeField(_("read at Codat"), null=True, blank=True)
    look_failed_at = models.DateTimeField(
        _("not readable at Codat since"), null=True, blank=True
    )
    look_failure = models.CharField(_("Codat's refusal"), max_length=200, blank=True)

    objects = XeroAppQuerySet.as_manager()

    class Meta:
        verbose_name = _("Xero app")
        verbose_name_plural = _("Xero app")
        default_permissions = ("view", "change")
        permissions = [("reveal_xeroapp", "Can reveal the Xero app's client secret")]
        constraints = [
            models.CheckConstraint(
                condition=Q(id=THE_ONLY), name="xero_sync_xeroapp_only_one"
            ),
            models.CheckConstraint(
                condition=Q(sealed_secret="") | Q(pasted_at=None),
                name="xero_sync_xeroapp_secret_erased_once_pasted",
            ),
            models.CheckConstraint(
                condition=~Q(integration_on=True)
                | (~Q(client_id="") & ~Q(secret_ending="")),
                name="xero_sync_xeroapp_on_with_keys",
            ),
            models.CheckConstraint(
                condition=~Q(bank_feeds_on=True)
                | Q(bank_feeds_approved_on__isnull=False),
                name="xero_sync_xeroapp_feeds_with_approval",
            ),
        ]

    def __str__(self) -> str:
        """Name the app."""
        return self.name or str(_("Xero app"))
