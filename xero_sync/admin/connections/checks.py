"""The checks of all connections, and what they could not read."""

from typing import Any

from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext as _

from lending.admin.base import ReadOnlyAdmin, Section, may_see, object_url
from xero_sync.models import Connection, ConnectionCheckRun


class ConnectionCheckRunAdmin(ReadOnlyAdmin):
    """Runs of the daily check, newest first; an hour with nothing due leaves none."""

    list_display = ("started_at", "checked", "failed")
    list_filter = ("started_at",)
    ordering = ("-pk",)
    sortable_by = ()
    fields = ("started_at", "ended_at", "checked", "failed")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let those in as well who may see connections."""
        own = super().has_view_permission(request, obj)
        return own or may_see(request, Connection)

    def sections(self, request: HttpRequest, obj: ConnectionCheckRun) -> list[Section]:
        """Name what could not be read, with why."""
        with_links = may_see(request, Connection)
        failures = obj.failures.select_related("connection__company").order_by("pk")
        rows = [
            (
                format_html(
                    '<a href="{}">{}</a>',
                    object_url(one.connection),
                    one.connection.company,
                )
                if with_links
                else one.connection.company,
                one.connection.organisation_name or "–",
                one.get_kind_display(),
            )
            for one in failures
        ]
        return [
            Section(
                title=_("Could not be read"),
                columns=(_("Company"), _("Organisation"), _("Why")),
                rows=rows,
                empty=_("All of them could be read."),
            )
        ]
