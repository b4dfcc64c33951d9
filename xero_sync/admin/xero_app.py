"""The page that leads through the set-up of the lender's Xero app."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import SimpleTemplateResponse, TemplateResponse
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.debug import (
    sensitive_post_parameters,
    sensitive_variables,
)

from lending.admin_base import Link, ObjectAction, ReadOnlyAdmin, Section
from xero_sync.admin import programme
from xero_sync.admin import xero_app_actions as acts
from xero_sync.admin.steps import Standing, Step
from xero_sync.admin.xero_app_steps import steps
from xero_sync.clock import database_now
from xero_sync.models import PartnerProgramme, XeroApp, XeroAppChange
from xero_sync.models.xero_app import THE_ONLY
from xero_sync.xero_app import facts, keys, problems, records

MOST_CHANGES = 50


class XeroAppAdmin(ReadOnlyAdmin):
    """One page with the steps of the set-up; each act has a page of its own."""

    object_actions = (
        acts.Register(),
        acts.SaveLinks(),
        acts.SaveKeys(),
        acts.Reveal(),
        acts.MarkPasted(),
        acts.Enable(),
        acts.Disable(),
        acts.Look(),
        acts.Approve(),
        acts.Withdraw(),
        acts.BankFeedsOn(),
        acts.BankFeedsOff(),
    )

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let those in as well who may see the secret."""
        may_reveal = request.user.has_perm("xero_sync.reveal_xeroapp")
        return may_reveal or super().has_view_permission(request, obj)

    def get_object(
        self,
        request: HttpRequest,  # noqa: ARG002
        object_id: str,
        from_field: str | None = None,  # noqa: ARG002
    ) -> XeroApp | None:
        """Return the one app, even before anything of it is recorded."""
        return records.stored() if object_id == str(THE_ONLY) else None

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
        """Show the steps."""
        app = self.get_object(request, object_id or "")
        if app is None or not self.has_view_permission(request):
            return super().changeform_view(request, object_id, form_url, extra_context)
        now = database_now()
        shown = steps(app, facts.current(), self._programme_address(request))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Xero app"),
            "problems": problems.sentences(now=now, app=app),
            "steps": [(step, self._acts(request, app, step)) for step in shown],
            "next": next((one for one in shown if one.standing == Standing.NEXT), None),
            "is_off": app.integration_on is False,
            "sections": [changes_section()],
        }
        return TemplateResponse(request, "admin/xero_app.html", context)

    def _programme_address(self, request: HttpRequest) -> str:
        """Return the address of the partner programme, for those who may open it."""
        model = PartnerProgramme
        may_look = self.admin_site.get_model_admin(model).has_view_permission(request)
        return programme.page_address() if may_look else ""

    def _acts(self, request: HttpRequest, app: XeroApp, step: Step) -> list[Link]:
        by_name = {action.name: action for action in self.object_actions}
        return [
            Link(action.label, page_address(action))
            for action in (by_name[name] for name in step.acts)
            if self.may_act(request, action) and action.is_offered(app)
        ]

    # Nothing of what is typed or shown gets onto an error page: the answer is made
    # here as well, because a template that fails shows what it was given.
    @method_decorator(sensitive_post_parameters())
    @method_decorator(sensitive_variables())
    def action_view(
        self, request: HttpRequest, object_id: str, *, action: ObjectAction
    ) -> HttpResponse:
        """Ask, perform the act, and answer, in one go."""
        answer = super().action_view(request, object_id, action=action)
        if isinstance(answer, SimpleTemplateResponse):
            answer.render()
        return answer

    def address_after(self, obj: XeroApp, action: ObjectAction) -> str:
        """Ask, once the keys are recorded, whether to enable the integration."""
        if isinstance(action, acts.SaveKeys):
            enable = acts.Enable()
            if enable.is_offered(records.stored()):
                return page_address(enable)
        return super().address_after(obj, action)

    def show_once(
        self, request: HttpRequest, obj: Any, secret: str, title: str
    ) -> HttpResponse:
        """Show the client secret, with what is to be done with it."""
        answer = super().show_once(request, obj, secret, title)
        if isinstance(answer, SimpleTemplateResponse) and answer.context_data:
            answer.context_data["advice"] = _(
                "Paste it into “Client secret” on Xero's settings page in the Codat "
                "portal, save there, then say here that the keys are in the portal."
            )
        return answer


class XeroAppChangeAdmin(ReadOnlyAdmin):
    """Who changed what of the app's record, and who saw its secret."""

    list_display = ("changed_at", "field", "act", "before", "after", "changed_by")
    list_filter = ("act",)
    ordering = ("-pk",)
    sortable_by = ()


def page_address(action: ObjectAction | None = None) -> str:
    """Return the address of the set-up page, or of an act's."""
    name = action.name if action else "change"
    return reverse(f"admin:xero_sync_xeroapp_{name}", args=[THE_ONLY])


def changes_section() -> Section:
    """Show what was done with the record, newest first."""
    return Section(
        title=_("What was changed, and who saw the secret"),
        columns=(_("When"), _("What"), _("Before"), _("After"), _("By")),
        rows=[
            (
                problems.moment(change.changed_at),
                _what(change),
                _value(change, change.before),
                _value(change, change.after),
                change.changed_by,
            )
            for change in records.changes()[:MOST_CHANGES]
        ],
        empty=_("Nothing is recorded yet."),
    )


def _what(change: XeroAppChange) -> str:
    names = {one.name: one.verbose_name for one in XeroApp._meta.fields}
    field = names.get(change.field, _("client secret"))
    return f"{field}: {change.get_act_display()}"


def _value(change: XeroAppChange, text: str) -> str:
    if not text:
        return "–"
    if change.field == "pasted_at":
        return problems.moment(datetime.fromisoformat(text))
    return f"…{text}" if change.field == keys.SECRET else text
