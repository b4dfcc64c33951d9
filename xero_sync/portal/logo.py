"""The lender's logo, as Xero shows it with the bank feed: where it is loaded from.

LENDER_LOGO is an https address, or the name of one of our static files; without it no
page shows a logo.
"""

import re

from django.conf import settings
from django.contrib.staticfiles import finders
from django.templatetags.static import static

# What stands in a page's policy: a host and a port, and nothing that ends a directive.
ELSEWHERE = re.compile(r"(https://[A-Za-z0-9.-]+(?::[0-9]+)?)/[^\s'\";,\\]*")


def address() -> str:
    """Return where a page loads the logo from; empty without one."""
    logo: str = settings.LENDER_LOGO
    if not logo or ELSEWHERE.fullmatch(logo):
        return logo
    return static(logo)


def origin() -> str:
    """Return the other site that a page's policy has to allow images from, if any."""
    found = ELSEWHERE.fullmatch(settings.LENDER_LOGO)
    return found[1] if found else ""


def is_there() -> bool:
    """Tell whether the setting is empty, an https address or one of our files."""
    logo: str = settings.LENDER_LOGO
    if not logo or ELSEWHERE.fullmatch(logo):
        return True
    # A finder refuses what lies outside of its folder.
    return ":" not in logo and finders.find(logo.removeprefix("/")) is not None
