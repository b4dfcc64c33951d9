"""The page on the partner programme: where the lender stands, and what comes next."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from lending.admin.base import Link, object_url
from lending.formats import instant
from xero_sync.admin.base.single_row import OnePageAdmin
from xero_sync.admin.partner_programme import actions as acts
from xero_sync.models import Connection, PartnerProgramme
from xero_sync.models.programme import THE_ONLY
from xero_sync.partner_programme import report, standing
from xero_sync.partner_programme.report import Report
from xero_sync.runtime.clock import database_now


class PartnerProgrammeAdmin(OnePageAdmin):
    """One page with all of it; each act has a page of its own."""

    the_only = THE_ONLY
    template = "admin/programme.html"
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

    def record(self) -> PartnerProgramme:
        """Return the one programme, even before anything of it is recorded."""
        return standing.record()

    def context(self, request: HttpRequest, record: PartnerProgramme) -> dict[str, Any]:
        """Show where the lender stands."""
        built = report.build(now=database_now())
        return {
            "title": _("Partner programme"),
            "report": built,
            "as_of": instant(built.as_of),
            "acts": self._acts(request, record),
            "next": self._next(request, built),
            "waiting": self._waiting(request, built),
        }

    def report_view(self, request: HttpRequest) -> HttpResponse:
        """Show all of it on plain pages, to be printed for the application."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        built = report.build(now=database_now())
        context = {
            "report": built,
            "as_of": instant(built.as_of),
            "lender": settings.LENDER_NAME,
            "back": self.page_address(),
        }
        return TemplateResponse(request, "admin/programme_report.html", context)

    def _acts(self, request: HttpRequest, record: PartnerProgramme) -> dict[str, Link]:
        """Return the acts that are possible, under names that a template can say."""
        possible = self.possible(request, record)
        return {name.replace("-", "_"): link for name, link in possible.items()}

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
