"""Limits and background work: one page that says first what needs a person."""

from django.contrib import admin
from django.contrib.auth.models import AnonymousUser, User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from lending import formats
from xero_sync.monitoring import limits
from xero_sync.monitoring import wording as monitoring_wording
from xero_sync.runtime.clock import database_now


def may_look(user: User | AnonymousUser) -> bool:
    """Whether the page is for this user: all who may see entries may see it."""
    return any(
        user.has_perm(f"xero_sync.{may}_syncrecord") for may in ("view", "change")
    )


@require_safe
def background(request: HttpRequest) -> HttpResponse:
    """Show the gauges as they stand at this moment."""
    if not may_look(request.user):
        raise PermissionDenied
    read = limits.read(now=database_now())
    context = {
        **admin.site.each_context(request),
        "title": _("Limits and background work"),
        "summary": monitoring_wording.summary(read),
        "as_of": formats.instant(read.now),
        # Each cell with its column's name, which a narrow screen shows beside it.
        "tables": [
            (table, [list(zip(table.columns, row, strict=True)) for row in table.rows])
            for table in monitoring_wording.tables(read)
        ],
    }
    return TemplateResponse(request, "admin/background.html", context)
