"""What every answer tells browsers: what a page may load, who may frame or keep it.

A view that needs another policy sets its own, as the customers' pages do. No page has a
script or a style within it, so that text which gets into one by a mistake runs nothing.
"""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

Handler = Callable[[HttpRequest], HttpResponseBase]

# Pictures within a page cannot tell anybody anything; Swagger's style sheet has some.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; object-src 'none'; "
    "frame-ancestors 'none'"
)
# All that our pages could ask a browser for, and do not.
UNUSED = (
    "camera", "display-capture", "geolocation", "hid", "microphone", "midi", "payment",
    "publickey-credentials-get", "serial", "usb",
)  # fmt: skip
# Errors that Django explains on pages of its own in development, styled within them.
DEVELOPERS_OWN = frozenset({400, 404, 500})
PERMISSIONS = ", ".join(f"{name}=()" for name in UNUSED)


class HeadersMiddleware:
    """Add to each answer the headers that it has not set itself.

    Django's own `SecurityMiddleware` adds the others, from its settings.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if not (settings.DEBUG and response.status_code in DEVELOPERS_OWN):
            response.headers.setdefault("Content-Security-Policy", POLICY)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS)
        if settings.SESSION_COOKIE_NAME in request.COOKIES:
            response.headers.setdefault("Cache-Control", "no-store, private")
        return response
