"""Between Django's session and the admin: is the person's session still one of ours."""

from collections.abc import Callable

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse

from backoffice.users import sessions

Handler = Callable[[HttpRequest], HttpResponseBase]


class StaffSessionMiddleware:
    """Let nobody into the admin whose session was ended, by time or by hand."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response
        self.admin = reverse("admin:index")

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path.startswith(self.admin) and request.user.is_authenticated:
            session = sessions.current(request)
            if session is None or sessions.is_over(session):
                request.session.flush()
                request.user = AnonymousUser()
            else:
                sessions.see(session)
                request.staff_session = session  # type: ignore[attr-defined]
        return self.get_response(request)
