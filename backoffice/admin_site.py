"""The site of the operators' back office: it shows what we chose to show."""

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.admin.options import ModelAdmin
from django.db import transaction
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect

from backoffice.models.users import SessionEnd
from backoffice.users import dangerous, second_factor, sessions, sign_in, views
from lending import formats
from lending.admin.base import author
from lending.audit import wording
from lending.models import AuditEntry

RECENT = 10
# What a browser forgets of us when somebody leaves, beside the cookie.
CLEARED = '"cache", "storage"'

# Whose models operators see. Other packages register pages of their own: django-q2's
# schedules name a function to call, so whoever may add one runs any code on the worker.
SHOWN_APPS = frozenset({"auth", "backoffice", "lending", "xero_sync"})


class OperatorsSite(AdminSite):
    """The admin, closed to pages that a package brings along."""

    def register(
        self,
        model_or_iterable: type[Model] | Iterable[type[Model]],
        admin_class: type[ModelAdmin] | None = None,
        **options: Any,
    ) -> None:
        """Register the models of our apps, and pass over all others."""
        models = (
            [model_or_iterable]
            if isinstance(model_or_iterable, type)
            else list(model_or_iterable)
        )
        ours = [one for one in models if one._meta.app_label in SHOWN_APPS]
        super().register(ours, admin_class, **options)

    def has_permission(self, request: HttpRequest) -> bool:
        """Let staff in who have shown their second factor."""
        is_staff = super().has_permission(request)
        return is_staff and second_factor.is_passed(request)

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """Say on each page if nobody is asked for a second factor, and why."""
        left_out = second_factor.is_left_out()
        return {**super().each_context(request), "second_factor_left_out": left_out}

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """Add the pages on which staff see to their own way in."""
        own: list[URLPattern | URLResolver] = [
            path(
                "second-factor/",
                self._for_staff(views.second_factor_page),
                name="second-factor",
            ),
            path(
                "sessions/",
                self.admin_view(_on(self, views.sessions_page)),
                name="staff-sessions",
            ),
        ]
        return [*own, *super().get_urls()]

    def _for_staff(self, view: Callable[..., HttpResponse]) -> Callable[..., Any]:
        """Show a page to staff whose password was right, and to nobody else."""

        @wraps(view)
        def shown(request: HttpRequest) -> HttpResponse:
            if not super(OperatorsSite, self).has_permission(request):
                return HttpResponseRedirect(reverse("admin:login"))
            return view(request, self)

        return never_cache(csrf_protect(shown))

    def admin_view(
        self,
        view: Callable[..., Any],
        cacheable: bool = False,  # noqa: FBT001, FBT002 - as Django calls it
    ) -> Any:
        """Ask before a dangerous act once more who somebody is."""

        @wraps(view)
        def asked(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            page = dangerous.gate(request, self.each_context)
            return view(request, *args, **kwargs) if page is None else page

        return super().admin_view(asked, cacheable)

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Look at a password if it is not one of too many; then ask for the code."""
        if request.method == "POST":
            return self._try_to_sign_in(request, extra_context)
        if super().has_permission(request) and not second_factor.is_passed(request):
            goes_to = request.GET.get("next") or reverse("admin:index")
            page = reverse("admin:second-factor")
            return HttpResponseRedirect(f"{page}?{urlencode({'next': goes_to})}")
        return super().login(request, extra_context)

    def _try_to_sign_in(
        self, request: HttpRequest, extra_context: dict[str, Any] | None
    ) -> HttpResponse:
        if not sign_in.may_try():
            return sign_in.too_often(request)
        try:
            with sign_in.one_of_few():
                return super().login(request, extra_context)
        except sign_in.Busy:
            return sign_in.busy(request)

    def logout(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        """Let the browser forget what it was shown."""
        answer = super().logout(request, extra_context)
        answer.headers["Clear-Site-Data"] = CLEARED
        return answer

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        """Show beside the overview what this person did last."""
        mine = AuditEntry.objects.filter(actor=author(request)).exclude(
            verb__startswith="user.signed"
        )
        recent = [
            (wording.sentence(one), one.object_label, formats.instant(one.at))
            for one in mine.latest_first()[:RECENT]
        ]
        return super().index(request, {"recent": recent, **(extra_context or {})})

    def password_change(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        """Set one's own password in one transaction with what tells of it."""
        with transaction.atomic():
            answer = super().password_change(request, extra_context)
            if isinstance(answer, HttpResponseRedirect):
                mine = getattr(request, "staff_session", None)
                user: Any = request.user
                sessions.end_all(user, SessionEnd.RIGHTS_CHANGED, but=mine)
            return answer


def _on(site: AdminSite, view: Callable[..., HttpResponse]) -> Callable[..., Any]:
    return wraps(view)(lambda request: view(request, site))
