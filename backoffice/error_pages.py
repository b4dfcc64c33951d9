"""What an error page must not show, not even a developer's."""

from django.http import HttpRequest
from django.views.debug import SafeExceptionReporterFilter


class HidesAlways(SafeExceptionReporterFilter):
    """Hides what a view declares sensitive in development as well.

    Django shows it there, and a real secret may be tried on a developer's machine.
    """

    def is_active(self, request: HttpRequest | None) -> bool:  # noqa: ARG002
        """Hide it, whatever DEBUG says."""
        return True
