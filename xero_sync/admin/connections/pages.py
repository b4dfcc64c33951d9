"""Connections to the borrowers' Xero, and the accounts chosen in them."""

from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lending import formats
from lending.admin.base import Link, ReadOnlyAdmin, Section
from xero_sync.admin.borrowers import pages as borrower_pages
from xero_sync.admin.borrowers.consents import consents
from xero_sync.admin.connections.actions import FeedsOff, FeedsOn, SwitchOff, SwitchOn
from xero_sync.admin.connections.offboarding import Disconnect, OffBoard, ReadNow
from xero_sync.admin.connections.organisation import (
    ConfirmOrganisation,
    MarkDemo,
    ReplaceOrganisation,
    UnmarkDemo,
)
from xero_sync.admin.connections.setups import setups_of
from xero_sync.admin.connections.strays import (
    LetGoOn,
    NameAnothers,
    NameOurs,
    strays_of,
)
from xero_sync.connections import alerts
from xero_sync.models import AccountMapping, Connection
from xero_sync.xero_app import cap

# More versions than a page has to show; the lists have them all.
MOST_ROWS = 50


class ConnectionAdmin(ReadOnlyAdmin):
    """Connections, with their accounts and mappings."""

    object_actions = (
        ConfirmOrganisation(),
        ReplaceOrganisation(),
        NameOurs(),
        NameAnothers(),
        LetGoOn(),
        ReadNow(),
        SwitchOn(),
        SwitchOff(),
        FeedsOn(),
        FeedsOff(),
        MarkDemo(),
        UnmarkDemo(),
        Disconnect(),
        OffBoard(),
    )
    change_list_template = "admin/connections_change_list.html"
    list_display = (
        "company",
        "organisation_name",
        "status",
        "writeback_on",
        "bank_feeds",
        "remarks",
        "checked_at",
    )
    list_filter = (
        "status",
        "writeback_on",
        "bank_feeds",
        ("feed_refusal", admin.EmptyFieldListFilter),
        ("unusable_account", admin.EmptyFieldListFilter),
        "organisation_changed",
        ("held_after_restore_since", admin.EmptyFieldListFilter),
        ("over_cap_since", admin.EmptyFieldListFilter),
        ("deleted_at", admin.EmptyFieldListFilter),
    )
    list_select_related = ("company",)
    search_fields = (
        "company__reference__startswith",
        "company__legal_name__icontains",
        "organisation_name__icontains",
    )
    search_help_text = gettext_lazy(
        "The beginning of a company's reference, or a part of its name or of the "
        "organisation's."
    )
    ordering = ("-company", "-pk")
    sortable_by = ()
    fields = (
        "company",
        "organisation_name",
        "organisation_currency",
        "organisation_changed",
        "previous_organisation_name",
        "plan_type",
        "marked_demo",
        "status",
        "consented_at",
        "over_cap_since",
        "writeback_on",
        "bank_feeds",
        "ledger_lock_date",
        "access_problem",
        "unusable_account",
        "held_after_restore_since",
        "choice_looked_at",
        "checked_at",
        "codat_company_id",
        "codat_connection_id",
        "created_at",
        "deleted_at",
    )

    quiet_fields = (
        "organisation_changed",
        "previous_organisation_name",
        "plan_type",
        "marked_demo",
        "consented_at",
        "over_cap_since",
        "ledger_lock_date",
        "access_problem",
        "unusable_account",
        "held_after_restore_since",
        "choice_looked_at",
        "deleted_at",
    )

    def headline(self, obj: Connection) -> str:
        """Name the company and the organisation."""
        return f"{obj.company} – {obj.organisation_name or obj.codat_connection_id}"

    def standing(self, obj: Connection) -> list[str]:
        """Say how it stands and what needs a person."""
        return alerts.standing(obj)

    @admin.display(description=gettext_lazy("remarks"))
    def remarks(self, obj: Connection) -> str:
        """Say what is out of the ordinary."""
        found = {
            _("Deleted"): obj.deleted_at,
            _("Another organisation?"): obj.organisation_changed,
            _("Pushes of unknown origin"): obj.held_after_restore_since,
            _("Beyond Xero's limit"): obj.over_cap_since,
            _("Access refused"): obj.access_problem,
            _("Account no longer usable"): obj.unusable_account,
            _("Demo company"): obj.is_demo,
        }
        return "; ".join(words for words, fact in found.items() if fact) or "–"

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Say above the list what is used of Xero's limit."""
        context = {"usage": cap.in_words(cap.usage()), **(extra_context or {})}
        return super().changelist_view(request, context)

    def links(self, request: HttpRequest, obj: Connection) -> list[Link]:
        """Lead to the customer's link, which is the company's."""
        return borrower_pages.links_to_make_one(request, obj.company)

    def sections(self, request: HttpRequest, obj: Connection) -> list[Section]:  # noqa: ARG002
        """Show what was chosen for the connection, newest first."""
        return [
            _lender_accounts(obj),
            _mappings(obj),
            setups_of(obj),
            *strays_of(obj),
            consents(obj),
        ]


def _lender_accounts(connection: Connection) -> Section:
    return Section(
        title=_("Lender accounts"),
        columns=(
            _("Name"),
            _("Source account"),
            _("Account in Xero"),
            _("Bank feed"),
            _("Feed starts on"),
            _("Of another organisation since"),
        ),
        rows=[
            (
                account.name,
                account.source_account_id or "–",
                account.target_account_id or "–",
                account.get_feed_status_display(),
                formats.day(account.feed_start_date),
                formats.moment(account.void_since),
            )
            for account in connection.lender_accounts.order_by("-pk")[:MOST_ROWS]
        ],
        empty=_("There is none yet."),
    )


def _mappings(connection: Connection) -> Section:
    versions = connection.mappings.select_related("lender_account")
    versions = versions.prefetch_related("rows")
    return Section(
        title=_("Account mapping"),
        columns=(
            _("Version"),
            _("Lender account"),
            _("Nominated account"),
            _("Expense account"),
            _("Supplier"),
            _("Tax"),
            _("Chosen"),
        ),
        rows=[
            (
                mapping.version,
                mapping.lender_account.name,
                mapping.nominated_account_name or mapping.nominated_account_id,
                mapping.expense_account_name or mapping.expense_account_id,
                mapping.supplier_name or mapping.supplier_id,
                f"{mapping.tax_rate_id} {mapping.tax_percent.normalize():f} %",
                f"{formats.moment(mapping.created_at)}, {mapping.chosen_by}",
            )
            for mapping in versions.order_by("-version")[:MOST_ROWS]
        ],
        empty=_("The accounts are not chosen yet."),
    )


class AccountMappingAdmin(ReadOnlyAdmin):
    """Versions of the borrowers' choices of accounts."""

    list_display = (
        "connection__company",
        "version",
        "lender_account__name",
        "nominated_account_name",
        "expense_account",
        "supplier_name",
        "tax",
        "chosen_by",
        "created_at",
    )
    list_select_related = ("connection__company", "lender_account")
    search_fields = ("connection__company__reference__startswith",)
    ordering = ("-pk",)
    sortable_by = ()
    readonly_fields = ("expense_account", "tax_rate", "tax")

    def get_queryset(self, request: HttpRequest) -> QuerySet[AccountMapping]:
        """Return the versions with their rows."""
        return super().get_queryset(request).prefetch_related("rows")

    @admin.display(description=gettext_lazy("expense account"))
    def expense_account(self, mapping: AccountMapping) -> str:
        """Name the account of fees."""
        return mapping.expense_account_name or mapping.expense_account_id

    @admin.display(description=gettext_lazy("tax rate"))
    def tax_rate(self, mapping: AccountMapping) -> str:
        """Tell the tax rate of fees."""
        return mapping.tax_rate_id

    @admin.display(description=gettext_lazy("tax percent"))
    def tax(self, mapping: AccountMapping) -> Decimal:
        """Tell the tax of fees."""
        return mapping.tax_percent
