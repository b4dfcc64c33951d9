"""The countries that a company may be in: the two-letter codes of ISO 3166-1."""

import re

from babel import Locale
from django.utils.translation import gettext

from lending.exceptions import InvalidValue

# What CLDR names besides: codes that ISO 3166 only reserves, or leaves to its users.
RESERVED = frozenset(
    "AC CP CQ DG EA EU EZ IC QO TA UN XA XB XK ZZ".split()  # noqa: SIM905
)
COUNTRIES = RESERVED.symmetric_difference(
    filter(re.compile("[A-Z]{2}").fullmatch, Locale("en").territories)
)


def check_country(code: str) -> None:
    """Refuse two letters that are no country's, such as ZZ.

    Raises:
        InvalidValue: ISO 3166 has no such code.
    """
    if code not in COUNTRIES:
        message = gettext(
            "country: “%(code)s” is no country; use an ISO 3166 code such as GB."
        ) % {"code": code}
        raise InvalidValue(message, field="country")
