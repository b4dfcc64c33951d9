"""The page that leads through the set-up of the lender's Xero app."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.response import SimpleTemplateResponse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.debug import (
    sensitive_post_parameters,
    sensitive_variables,
)

from lending.admin.base import ObjectAction, done_here
from xero_sync.admin.base.single_row import OnePageAdmin
from xero_sync.admin.xero_app import actions as acts
from xero_sync.admin.xero_app.guide import steps
from xero_sync.admin.xero_app.steps import StepStanding
from xero_sync.models import PartnerProgramme, XeroApp
from xero_sync.models.xero_app import THE_ONLY
from xero_sync.runtime.clock import database_now
from xero_sync.xero_app import facts, problems, records


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
            "sections": done_here(record),
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
