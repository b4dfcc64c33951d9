"""What a borrower gets from us, and what they agreed to."""

from datetime import datetime

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from lending.formats import instant

# What the subject of a link's mail begins with that somebody asked for on our page.
ASKED = "asked for at"


class NoticeKind(models.TextChoices):
    """What a mail to a borrower is about."""

    LINK = "link", _("The customer's link")
    ACCOUNTANT_LINK = "accountant_link", _("The link of the customer's accountant")
    ACCOUNTANT_ACTED = "accountant_acted", _("The customer's accountant did something")
    ACCOUNTS_CHOSEN = "accounts_chosen", _("The customer's accounts were chosen")
    CONSENT_AGAIN = "consent_again", _("Xero asks for more than was allowed")
    ACCESS_WITHDRAWN = "access_withdrawn", _("Access was withdrawn in Xero")
    LINES_REJECTED = "lines_rejected", _("Statement lines were not accepted")
    LINES_MISSED = "lines_missed", _("Statement lines could not be delivered")
    LINES_SENT_AGAIN = "lines_sent_again", _("Statement lines have arrived after all")
    POSTING_ON = "posting_on", _("Write-back was switched on")
    POSTING_OFF = "posting_off", _("Write-back was switched off")
    CHOICE_LOST = "choice_lost", _("A chosen account is no longer usable")
    ADDRESS_CHANGED = "address_changed", _("The customer's mails go to another address")
    ACCOUNTS_AWAITED = "accounts_awaited", _("Entries wait for accounts to be chosen")


class BorrowerNoticeQuerySet(models.QuerySet["BorrowerNotice"]):
    """Which mails are still owed."""

    def open(self) -> "BorrowerNoticeQuerySet":
        """Return those neither sent nor given up."""
        return self.filter(sent_at=None, given_up_at=None)

    def due(self, now: datetime) -> "BorrowerNoticeQuerySet":
        """Return those to be tried now."""
        return self.open().filter(next_attempt_at__lte=now)

    def needing_a_person(self) -> "BorrowerNoticeQuerySet":
        """Return those that were given up; what they tell may still be true."""
        return self.filter(given_up_at__isnull=False, is_obsolete=False)


class BorrowerNotice(models.Model):
    """One mail to a borrower, owed from the moment its cause is stored.

    It holds neither text nor link nor address: they are made and read when it is sent,
    so that no row carries what opens a page, and the text is true at that moment.
    """

    company = models.ForeignKey(
        "lending.Company", on_delete=models.PROTECT, related_name="notices"
    )
    kind = models.CharField(_("about"), max_length=20, choices=NoticeKind.choices)
    subject = models.CharField(
        _("cause"),
        max_length=200,
        help_text=_("What it is about; each cause is told of once."),
    )
    created_at = models.DateTimeField(_("since"))
    next_attempt_at = models.DateTimeField(_("next attempt"))
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)
    given_up_at = models.DateTimeField(_("given up"), null=True, blank=True)
    is_obsolete = models.BooleanField(
        _("no longer true"),
        default=False,
        help_text=_("What it tells was over before it could be sent."),
    )
    error = models.CharField(_("last error"), max_length=200, blank=True)

    objects = BorrowerNoticeQuerySet.as_manager()

    class Meta:
        verbose_name = _("mail to a customer")
        verbose_name_plural = _("mails to customers")
        constraints = [
            models.UniqueConstraint(
                fields=["company", "kind", "subject"],
                name="xero_sync_borrowernotice_once_per_cause",
            )
        ]
        indexes = [
            models.Index(
                fields=["next_attempt_at"],
                condition=Q(sent_at=None, given_up_at=None),
                name="xero_sync_borrowernotice_due",
            )
        ]

    def __str__(self) -> str:
        """Name the company, the kind and the cause."""
        return f"{self.company_id} {self.kind} {self.subject}"


class BorrowerConsent(models.Model):
    """A borrower has agreed on our page, before they were sent to Xero; written once.

    The words of each version are kept in `xero_sync/borrowers/consents.py`.
    """

    connection = models.ForeignKey(
        "xero_sync.Connection", on_delete=models.PROTECT, related_name="consents"
    )
    text_version = models.PositiveIntegerField(_("version of the text"))
    language = models.CharField(_("language"), max_length=10)
    privacy_url = models.CharField(
        _("privacy policy"),
        max_length=200,
        blank=True,
        help_text=_("The addresses to which the page led then."),
    )
    terms_url = models.CharField(_("terms and conditions"), max_length=200, blank=True)
    given_at = models.DateTimeField(_("given"))

    class Meta:
        verbose_name = _("consent of a customer")
        verbose_name_plural = _("consents of customers")

    def __str__(self) -> str:
        """Name the connection, the version and the time."""
        version = f"{self.text_version} {self.language}"
        return f"{self.connection_id} {version} {instant(self.given_at)}"
