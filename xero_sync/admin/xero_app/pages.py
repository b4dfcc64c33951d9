"""The page that leads through the set-up of the lender's Xero app."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import SimpleTemplateResponse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import (
    sensitive_post_parameters,
    sensitive_variables,
)

from lending import formats
from lending.admin.base import ObjectAction, ReadOnlyAdmin, Section
from xero_sync.admin.base.single_row import OnePageAdmin
from xero_sync.admin.xero_app import actions as acts
from xero_sync.admin.xero_app.guide import steps
from xero_sync.admin.xero_app.steps import StepStanding
from xero_sync.models import PartnerProgramme, XeroApp, XeroAppChange
from xero_sync.models.xero_app import THE_ONLY
from xero_sync.runtime.clock import database_now
from xero_sync.xero_app import facts, keys, problems, records

MOST_CHANGES = 50


class XeroAppAdmin(OnePageAdmin):
    """One page with the steps of the set-up; each act has a page of its own."""

    the_only = THE_ONLY
    template = "admin/xero_app.html"
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

    def record(self) -> XeroApp:
        """Return the one app, even before anything of it is recorded."""
        return records.stored()

    def context(self, request: HttpRequest, record: XeroApp) -> dict[str, Any]:
        """Show the steps."""
        current = facts.current()
        shown = steps(record, current)
        possible = self.possible(request, record)
        return {
            "title": _("Xero app"),
            "problems": problems.sentences(now=database_now(), app=record),
            "steps": [
                (step, [possible[name] for name in step.acts if name in possible])
                for step in shown
            ],
            "next": next(
                (one for one in shown if one.standing == StepStanding.NEXT), None
            ),
            "facts": current,
            "programme_url": self._programme_address(request),
            "is_off": record.integration_on is False,
            "sections": [changes_section()],
        }

    def _programme_address(self, request: HttpRequest) -> str:
        """Return the address of the partner programme, for those who may open it."""
        page: Any = self.admin_site.get_model_admin(PartnerProgramme)
        return page.page_address() if page.has_view_permission(request) else ""

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
                return self.page_address(enable)
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

    list_display = ("changed_at", "what", "value_before", "value_after", "changed_by")
    list_filter = ("act",)
    ordering = ("-pk",)
    sortable_by = ()

    @admin.display(description=gettext_lazy("what"))
    def what(self, obj: XeroAppChange) -> str:
        """Name the field as the set-up page does, and the act."""
        return _what(obj)

    @admin.display(description=gettext_lazy("before"))
    def value_before(self, obj: XeroAppChange) -> str:
        """Show what was there."""
        return _value(obj, obj.before)

    @admin.display(description=gettext_lazy("after"))
    def value_after(self, obj: XeroAppChange) -> str:
        """Show what is there since."""
        return _value(obj, obj.after)


def changes_section() -> Section:
    """Show what was done with the record, newest first."""
    return Section(
        title=_("What was changed, and who saw the secret"),
        columns=(_("When"), _("What"), _("Before"), _("After"), _("By")),
        rows=[
            (
                formats.moment(change.changed_at),
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
        return formats.moment(datetime.fromisoformat(text))
    return f"…{text}" if change.field == keys.SECRET else text
