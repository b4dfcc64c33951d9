"""The page on the partner programme: where the lender stands, and what comes next."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from lending.admin_base import Link, ObjectAction, ReadOnlyAdmin, object_url
from xero_sync.admin import programme_actions as acts
from xero_sync.clock import database_now
from xero_sync.models import Connection, PartnerProgramme
from xero_sync.models.programme import THE_ONLY
from xero_sync.xero_app import report, standing
from xero_sync.xero_app.fact import day_and_time
from xero_sync.xero_app.report import Report


class PartnerProgrammeAdmin(ReadOnlyAdmin):
    """One page with all of it; each act has a page of its own."""

    object_actions = (
        acts.ChooseType(),
        acts.AskForFeeds(),
        acts.DropFeeds(),
        acts.Prepare(),
        acts.Reopen(),
        acts.TakeStep(),
        acts.WithdrawStep(),
        acts.NotEligible(),
        acts.Eligible(),
        acts.Review(),
        acts.RecordScopes(),
    )

    def get_urls(self) -> list[URLPattern]:
        """Add the report's address."""
        view = self.admin_site.admin_view(require_safe(self.report_view))
        own = path("report/", view, name="xero_sync_partnerprogramme_report")
        return [own, *super().get_urls()]

    def headline(self, obj: PartnerProgramme) -> str:  # noqa: ARG002
        """Name nothing: there is one."""
        return ""

    def get_object(
        self,
        request: HttpRequest,  # noqa: ARG002
        object_id: str,
        from_field: str | None = None,  # noqa: ARG002
    ) -> PartnerProgramme | None:
        """Return the one programme, even before anything of it is recorded."""
        return standing.record() if object_id == str(THE_ONLY) else None

    def changelist_view(
        self,
        request: HttpRequest,  # noqa: ARG002
        extra_context: dict[str, Any] | None = None,  # noqa: ARG002
    ) -> HttpResponse:
        """Lead to the page: a list of one is none."""
        return HttpResponseRedirect(page_address())

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show where the lender stands."""
        record = self.get_object(request, object_id or "")
        if record is None or not self.has_view_permission(request):
            return super().changeform_view(request, object_id, form_url, extra_context)
        built = report.build(now=database_now())
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Partner programme"),
            "report": built,
            "as_of": day_and_time(built.as_of),
            "acts": self._acts(request, record),
            "next": self._next(request, built),
            "waiting": self._waiting(request, built),
        }
        return TemplateResponse(request, "admin/programme.html", context)

    def report_view(self, request: HttpRequest) -> HttpResponse:
        """Show all of it on plain pages, to be printed for the application."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        built = report.build(now=database_now())
        context = {
            "report": built,
            "as_of": day_and_time(built.as_of),
            "lender": settings.LENDER_NAME,
            "back": page_address(),
        }
        return TemplateResponse(request, "admin/programme_report.html", context)

    def _acts(self, request: HttpRequest, record: PartnerProgramme) -> dict[str, Link]:
        """Return the acts that are possible, under names that a template can say."""
        return {
            action.name.replace("-", "_"): Link(action.label, page_address(action))
            for action in self.object_actions
            if self.may_act(request, action) and action.is_offered(record)
        }

    def _next(self, request: HttpRequest, built: Report) -> Link | None:
        """Return the button of the next step, for those who may press it."""
        step = built.next
        act = self._acts(request, built.programme).get(step.act.replace("-", "_"))
        if act is None or step.subject is None:
            return act
        return Link(act.label, f"{act.url}?{urlencode([step.subject])}")

    def _waiting(
        self, request: HttpRequest, built: Report
    ) -> list[tuple[Connection, Sequence[str], str]]:
        """Name who has to consent again, with the page on which he is sent there."""
        may_look = any(
            request.user.has_perm(f"xero_sync.{may}_connection")
            for may in ("view", "change")
        )
        return [
            (connection, names, object_url(connection) if may_look else "")
            for connection, names in built.waiting
        ]


def page_address(action: ObjectAction | None = None) -> str:
    """Return the address of the page, or of an act's."""
    name = action.name if action else "change"
    return reverse(f"admin:xero_sync_partnerprogramme_{name}", args=[THE_ONLY])
