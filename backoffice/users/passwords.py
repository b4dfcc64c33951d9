"""What a password may be; one that was set, whoever set it, is on the trail.

Words that anybody would try here do not count for its length.
"""

import re
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import MinimumLengthValidator
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from lending.audit import trail


class LongEnough(MinimumLengthValidator):
    """Refuses short passwords; Django tells each validator of one that was set."""

    def password_changed(self, password: str, user: User) -> None:  # noqa: ARG002
        """Write down whose password was set."""
        with transaction.atomic():
            trail.record("user.password_set", user)


# Beside the names of the lender and of its host.
OUR_WORDS = (
    "admin", "administrator", "approver", "back office", "backoffice", "borrower",
    "codat", "engineer", "finance", "invoice", "lender", "loan", "operator", "password",
    "viewer", "xero",
)  # fmt: skip
SHORTEST_WORD = 4
SHORTEST_REST = 8


class BeyondOurWords:
    """Refuses a password that is little more than our own names."""

    def validate(self, password: str, user: User | None = None) -> None:  # noqa: ARG002
        """Leave our words out, and look at how much is left.

        Raises:
            ValidationError: too little.
        """
        host = urlsplit(settings.PUBLIC_BASE_URL).hostname or ""
        named = re.findall(r"\w+", f"{settings.LENDER_NAME} {host}".lower())
        words = {*OUR_WORDS, *(one for one in named if len(one) >= SHORTEST_WORD)}
        rest = password.lower()
        for word in sorted(words, key=len, reverse=True):
            rest = rest.replace(word, "")
        if len(rest.strip()) < SHORTEST_REST:
            raise ValidationError(self.get_help_text(), code="our_words")

    def get_help_text(self) -> str:
        """Say what is asked."""
        return _("It must be more than words such as our name and what we do.")
