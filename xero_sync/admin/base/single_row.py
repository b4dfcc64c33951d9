"""A model of which there is one row: its admin is one page, and no list."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from lending.admin.base import Link, ObjectAction, ReadOnlyAdmin


class OnePageAdmin(ReadOnlyAdmin):
    """The page of the one row, with its key and template; each act has its own page."""

    the_only: int
    template: str

    def record(self) -> Any:
        """Return the one row, even before anything of it is recorded."""
        raise NotImplementedError

    def context(self, request: HttpRequest, record: Any) -> dict[str, Any]:
        """Return what the page shows, with its title."""
        raise NotImplementedError

    def get_object(
        self,
        request: HttpRequest,  # noqa: ARG002
        object_id: str,
        from_field: str | None = None,  # noqa: ARG002
    ) -> Any:
        """Return the one row for its key."""
        return self.record() if object_id == str(self.the_only) else None

    def changelist_view(
        self,
        request: HttpRequest,
        extra_context: dict[str, Any] | None = None,  # noqa: ARG002
    ) -> HttpResponse:
        """Lead to the page: a list of one is none."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return HttpResponseRedirect(self.page_address())

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show the page."""
        record = self.get_object(request, object_id or "")
        is_shown = request.method != "POST" and self.has_view_permission(request)
        if record is None or not is_shown:
            return super().changeform_view(request, object_id, form_url, extra_context)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            **self.context(request, record),
        }
        return TemplateResponse(request, self.template, context)

    def page_address(self, action: ObjectAction | None = None) -> str:
        """Return the address of the page, or of an act's."""
        name = action.name if action else "change"
        names = f"admin:{self.opts.app_label}_{self.opts.model_name}_{name}"
        return reverse(names, args=[self.the_only])

    def possible(self, request: HttpRequest, record: Any) -> dict[str, Link]:
        """Return the acts that this person may do now, by name."""
        return {
            action.name: Link(action.label, self.page_address(action))
            for action in self.object_actions
            if self.may_act(request, action) and action.is_offered(record)
        }
