"""A password that was set, whoever set it and however, is on the trail."""

from django.contrib.auth.models import User
from django.contrib.auth.password_validation import MinimumLengthValidator
from django.db import transaction

from lending.audit import trail


class LongEnough(MinimumLengthValidator):
    """Refuses short passwords; Django tells each validator of one that was set."""

    def password_changed(self, password: str, user: User) -> None:  # noqa: ARG002
        """Write down whose password was set."""
        with transaction.atomic():
            trail.record("user.password_set", user)
