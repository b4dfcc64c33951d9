"""In which language a page speaks: a customer's own, English to everybody else."""

from django.http import HttpRequest
from django.middleware.locale import LocaleMiddleware
from django.utils import translation

# Django speaks many languages here and our own words one: half of each helps nobody.
ENGLISH_ONLY = ("/admin/", "/api/")


class LanguageMiddleware(LocaleMiddleware):
    """Follows the browser's language, except on pages that we wrote in English."""

    def process_request(self, request: HttpRequest) -> None:
        """Choose the language of the answer."""
        if not request.path.startswith(ENGLISH_ONLY):
            super().process_request(request)
            return
        translation.activate("en")
        request.LANGUAGE_CODE = "en"
