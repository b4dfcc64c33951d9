"""Programs that call by plain http are refused: a redirect would hide it from them.

People are led to https, once; a program would send its key in the open for ever.
"""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

from backoffice.api.framework.problem_documents import as_response
from backoffice.api.framework.problems import Problem

Handler = Callable[[HttpRequest], HttpResponseBase]
PROGRAMS = ("/api/", "/webhooks/", "/metrics")


class ProgramsByHttps:
    """Stand before Django's redirect, where `SECURE_SSL_REDIRECT` asks for https."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        is_program = request.path.startswith(PROGRAMS)
        if settings.SECURE_SSL_REDIRECT and is_program and not request.is_secure():
            words = (
                "Send this to https://. What came along, a key as well, could be read "
                "on its way: change it."
            )
            return as_response(Problem("not_permitted", words, status=403), request)
        return self.get_response(request)
