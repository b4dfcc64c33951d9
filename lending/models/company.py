"""The borrower's organisation."""

from datetime import date, datetime
from string import ascii_uppercase
from zoneinfo import ZoneInfo, available_timezones

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from lending.db.letters import made_of
from lending.models.references import (
    REFERENCE_LENGTH,
    REFERENCE_RULE,
    reference_constraint,
    validate_reference,
)

CURRENCY_PATTERN = r"\A[A-Z]{3}\Z"
COUNTRY_PATTERN = r"\A[A-Z]{2}\Z"
CURRENCY_RULE = _("Use the three capital letters of an ISO 4217 code, such as GBP.")
COUNTRY_RULE = _("Use the two capital letters of an ISO 3166 code, such as GB.")


def default_time_zone() -> str:
    """The product's own time zone."""
    zone: str = settings.TIME_ZONE
    return zone


# Names that the database of a machine may have for itself, and that mean no place.
NO_PLACE = frozenset({"localtime", "posixrules", "Factory"})


def validate_time_zone(value: str) -> None:
    """Refuse a name the time zone database does not have for everybody."""
    if value in NO_PLACE or value not in available_timezones():
        raise ValidationError(
            _("“%(value)s” is no time zone; use an IANA name such as Europe/London."),
            code="unknown_time_zone",
            params={"value": value},
        )


class Company(models.Model):
    """One organisation with one set of books, that we lend to."""

    class Language(models.TextChoices):
        """The languages we write to a borrower in."""

        ENGLISH = "en", _("English")
        FRENCH = "fr", _("French")

    reference = models.CharField(
        _("reference"),
        max_length=REFERENCE_LENGTH,
        unique=True,
        validators=[validate_reference],
        help_text=REFERENCE_RULE,
    )
    borrower_reference = models.CharField(
        _("borrower reference"),
        max_length=REFERENCE_LENGTH,
        blank=True,
        db_index=True,
        help_text=_("The same for all organisations of one borrower."),
    )
    legal_name = models.CharField(_("legal name"), max_length=200)
    contact_email = models.EmailField(_("contact email"), blank=True)
    currency = models.CharField(
        _("currency"),
        max_length=3,
        validators=[RegexValidator(CURRENCY_PATTERN, CURRENCY_RULE)],
        help_text=CURRENCY_RULE,
    )
    country = models.CharField(
        _("country"),
        max_length=2,
        validators=[RegexValidator(COUNTRY_PATTERN, COUNTRY_RULE)],
        help_text=COUNTRY_RULE,
    )
    language = models.CharField(
        _("language"), max_length=2, choices=Language.choices, default=Language.ENGLISH
    )
    time_zone = models.CharField(
        _("time zone"),
        max_length=64,
        default=default_time_zone,
        validators=[validate_time_zone],
        help_text=_("The zone whose date counts as today, such as Europe/London."),
    )
    created_at = models.DateTimeField(
        _("created at"), default=timezone.now, editable=False
    )

    class Meta:
        verbose_name = _("company")
        verbose_name_plural = _("companies")
        constraints = [
            reference_constraint("reference", name="lending_company_reference_pattern"),
            models.CheckConstraint(
                condition=made_of("currency", ascii_uppercase, least=3, most=3),
                name="lending_company_currency_pattern",
                violation_error_message=CURRENCY_RULE,
            ),
            models.CheckConstraint(
                condition=made_of("country", ascii_uppercase, least=2, most=2),
                name="lending_company_country_pattern",
                violation_error_message=COUNTRY_RULE,
            ),
            models.CheckConstraint(
                condition=models.Q(language__in=["en", "fr"]),
                name="lending_company_language_known",
                violation_error_message=_("Choose English or French."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.legal_name} ({self.reference})"

    def today(self, now: datetime) -> date:
        """The company's own date at an aware moment."""
        return timezone.localdate(now, timezone=ZoneInfo(self.time_zone))
