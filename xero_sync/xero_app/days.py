"""Days that somebody types, which cannot all be right."""

from datetime import date

from django.utils.translation import gettext as _

# A date input takes the year 0026 without a word; what is recorded here stays.
XEROS_FIRST_YEAR = 2006


def complaint(day: date) -> str | None:
    """Return the sentence that refuses a day before there was a Xero, or None."""
    if day.year >= XEROS_FIRST_YEAR:
        return None
    return _("There was no Xero in the year %(year)04d: check the year.") % {
        "year": day.year
    }
