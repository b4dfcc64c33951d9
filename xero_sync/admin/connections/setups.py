"""Setups of accounts: what was to be made, how far it is, every request for it."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lending import formats
from lending.admin.base import ObjectAction, ReadOnlyAdmin, Section, object_url
from xero_sync.accounts import choice
from xero_sync.admin.base.evidence import sent, with_attempts
from xero_sync.codat.exceptions import WritebackBlocked
from xero_sync.entries.redaction import mask_text
from xero_sync.models import AccountSetup, Connection, WriteRequest
from xero_sync.models.setups import SetupState
from xero_sync.runtime.clock import database_now

MOST_ROWS = 20


class TryAgain(ObjectAction):
    """Let a run that stopped go on."""

    name = "try-again"
    label = gettext_lazy("Try again")
    explanation = gettext_lazy(
        "Mend the cause first. The run goes on where it stopped: what is there already "
        "is looked for before anything is sent, so nothing is made twice."
    )
    done = gettext_lazy("The setup goes on.")
    refusals = (WritebackBlocked,)

    def is_offered(self, obj: AccountSetup) -> bool:
        """Offer it where the run has stopped."""
        return obj.state == SetupState.STOPPED

    def perform(self, obj: AccountSetup, values: dict[str, Any], author: str) -> None:  # noqa: ARG002
        """Let it go on."""
        choice.again(obj, by=author, now=database_now())


class AccountSetupAdmin(ReadOnlyAdmin):
    """Runs that make what a choice of accounts needs, newest first."""

    change_form_template = "admin/requests_change_form.html"
    object_actions = (TryAgain(),)
    list_display = (
        "connection__company",
        "state",
        "reason",
        "chosen_by",
        "begun_at",
        "state_since",
    )
    list_filter = ("state", "reason")
    list_select_related = ("connection__company",)
    search_fields = ("connection__company__reference__startswith",)
    ordering = ("-begun_at", "-pk")
    sortable_by = ()
    fields = (
        "connection",
        "state",
        "state_since",
        "reason",
        "in_words",
        "chosen_by",
        "begun_at",
        "base_version",
        "lender_account",
        "nominated_account_name",
        "expense_account_name",
        "supplier_name",
        "tax_rate_id",
        "tax_percent",
        "resumed_at",
        "mapping",
    )
    quiet_fields = ("expense_account_name", "supplier_name", "resumed_at", "mapping")
    readonly_fields = ("in_words",)

    @admin.display(description=gettext_lazy("in words"))
    def in_words(self, obj: AccountSetup) -> str:
        """Show what Codat or Xero said, without secrets."""
        return mask_text(obj.words) or "–"

    def headline(self, obj: AccountSetup) -> str:
        """Name the company and the state."""
        return f"{obj.connection.company} – {obj.get_state_display()}"

    def sections(self, request: HttpRequest, obj: AccountSetup) -> list[Section]:  # noqa: ARG002
        """Show the steps."""
        return [
            Section(
                title=_("Steps"),
                columns=(_("Step"), _("State"), _("Since"), _("In Xero"), _("Words")),
                rows=[
                    (
                        f"{step.number}. {step}",
                        step.get_state_display(),
                        formats.moment(step.state_since),
                        step.record_id or "–",
                        mask_text(step.words) or "–",
                    )
                    for step in obj.steps.order_by("number")
                ],
                empty=_("There is none."),
            )
        ]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Show every request with its attempts."""
        requests = WriteRequest.objects.filter(setup_steps__setup=kwargs["obj"].pk)
        context["write_requests"] = sent(with_attempts(requests))
        return super().render_change_form(request, context, *args, **kwargs)


def setups_of(connection: Connection) -> Section:
    """Return the runs of a connection, for its page."""
    return Section(
        title=_("Setups of the accounts"),
        columns=(_("Begun"), _("By"), _("State"), _("Stopped for")),
        rows=[
            (
                format_html(
                    '<a href="{}">{}</a>', object_url(one), formats.moment(one.begun_at)
                ),
                one.chosen_by,
                one.get_state_display(),
                one.get_reason_display() or "–",
            )
            for one in connection.setups.order_by("-begun_at", "-pk")[:MOST_ROWS]
        ],
        empty=_("There is none yet."),
    )
