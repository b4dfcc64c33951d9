"""The back office: registers the pages of both apps and joins them.

A loan, an event and a company show what became of them in Xero here, because `lending`
has never heard of it.
"""

from collections import defaultdict
from collections.abc import Iterable

from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.api_keys.admin import ApiKeyAdmin
from backoffice.api_keys.client_admin import ApiClientAdmin
from backoffice.models import ApiClient, ApiKey, WebhookDelivery, WebhookEndpoint
from backoffice.positions import fee_tax_of, records_of
from backoffice.users.admin import GroupAdmin, UserAdmin
from backoffice.webhooks import admin as webhook_admin
from lending import formats
from lending.admin import pages as lending_admin
from lending.admin.audit import AuditEntryAdmin
from lending.admin.base import Link, ObjectAction, Section, object_url
from lending.models import AuditEntry, Company, Loan, LoanEvent
from lending.positions import loan_position
from lending.selectors import events_of_loan
from xero_sync import admin as xero_admin
from xero_sync import models as xero
from xero_sync.admin.base.evidence import shown
from xero_sync.admin.borrowers import access as borrower_access
from xero_sync.admin.borrowers import pages as borrower_pages
from xero_sync.admin.connections.onboarding import Connect
from xero_sync.admin.entries.pages import state_in_words
from xero_sync.models import AccountMapping, Connection, SyncRecord

site = admin.site
site.site_title = site.site_header = gettext_lazy("Back office")
site.index_title = gettext_lazy("Overview")


@admin.register(Company)
class CompanyAdmin(lending_admin.CompanyAdmin):
    """A company, with the way to its connection and its entries."""

    object_actions = (Connect(), *borrower_pages.COMPANY_ACTIONS)

    def may_act(self, request: HttpRequest, action: ObjectAction) -> bool:
        """Ask whoever connects for the permission to change connections as well."""
        is_enough = not isinstance(action, Connect) or request.user.has_perm(
            "xero_sync.change_connection"
        )
        return is_enough and super().may_act(request, action)

    def sections(self, request: HttpRequest, obj: Company) -> list[Section]:
        """Show who may open the customer's pages, and who did."""
        return borrower_access.sections_of_company(request, obj)

    def links(self, request: HttpRequest, obj: Company) -> list[Link]:
        """Lead to what the company has in Xero."""
        connection = Connection.objects.live().filter(company=obj).first()
        entries = reverse("admin:xero_sync_syncrecord_changelist")
        links = super().links(request, obj)
        if request.user.has_perm("xero_sync.view_syncrecord"):
            url = f"{entries}?company__id__exact={obj.pk}"
            links.append(Link(_("Sync records"), url))
        if request.user.has_perm("xero_sync.view_borrowernotice"):
            mails = reverse("admin:xero_sync_borrowernotice_changelist")
            links.append(Link(_("Mails"), f"{mails}?company__id__exact={obj.pk}"))
        if connection and request.user.has_perm("xero_sync.view_connection"):
            links.append(Link(_("Connection"), object_url(connection)))
        return links


@admin.register(Loan)
class LoanAdmin(lending_admin.LoanAdmin):
    """A loan, with its position and its events as they stand in Xero."""

    def sections(self, request: HttpRequest, obj: Loan) -> list[Section]:
        """Show the position with its tax, and the events."""
        events = list(events_of_loan(obj))
        records = records_of(SyncRecord.objects.filter(loan=obj))
        position = loan_position(
            loan=obj, events=events, fee_tax=fee_tax_of(obj, records)
        )
        may_view = request.user.has_perm("xero_sync.view_syncrecord")
        return [
            lending_admin.position_section(obj, position),
            events_section(obj, events, records, with_links=may_view),
        ]


@admin.register(LoanEvent)
class LoanEventAdmin(lending_admin.LoanEventAdmin):
    """An event, with its entries in Xero."""

    def sections(self, request: HttpRequest, obj: LoanEvent) -> list[Section]:
        """Show the entries."""
        may_view = request.user.has_perm("xero_sync.view_syncrecord")
        records = records_of(SyncRecord.objects.filter(event=obj))
        return [
            Section(
                title=_("Entries in Xero"),
                columns=(_("Entry"), _("State"), _("Since"), _("Codat's words")),
                rows=[
                    (
                        entry_cell(record, with_link=may_view),
                        in_words(record),
                        formats.moment(record.state_since),
                        shown(record.failure) or "–",
                    )
                    for record in records
                ],
                empty=_("This event needs none."),
            )
        ]


def events_section(
    loan: Loan,
    events: Iterable[LoanEvent],
    records: Iterable[SyncRecord],
    *,
    with_links: bool,
) -> Section:
    """Show a loan's events in order, each with the state of its entries."""
    entries: dict[int, list[SyncRecord]] = defaultdict(list)
    for record in records:
        entries[record.event_id].append(record)
    return Section(
        title=_("Events"),
        columns=("#", _("Event"), _("Amount"), _("Value date"), _("Entries in Xero")),
        rows=[
            (
                event.sequence,
                format_html(
                    '<a href="{}">{}</a>',
                    object_url(event),
                    lending_admin.kind_in_words(event),
                ),
                formats.money(event.amount, loan.company.currency),
                formats.day(event.value_date),
                _entry_lines(entries[event.pk], with_links=with_links),
            )
            for event in events
        ],
        empty=_("Nothing has been recorded yet."),
    )


def _entry_lines(records: Iterable[SyncRecord], *, with_links: bool) -> SafeString:
    lines = format_html_join(
        "",
        "<div>{}: {}</div>",
        ((entry_cell(one, with_link=with_links), in_words(one)) for one in records),
    )
    return lines or SafeString("–")


def entry_cell(record: SyncRecord, *, with_link: bool) -> SafeString | str:
    """Name an entry, leading to its page for those who may see it."""
    name = record.get_step_display()
    if not with_link:
        return name
    return format_html('<a href="{}">{}</a>', object_url(record), name)


def in_words(record: SyncRecord) -> str:
    """Spell where an entry stands."""
    return state_in_words(record.get_state_display(), record.get_reason_display())


# Importing Django's own pages of them has registered those.
site.unregister([User, Group])
site.register(User, UserAdmin)
site.register(Group, GroupAdmin)
site.register(AuditEntry, AuditEntryAdmin)
site.register(Connection, xero_admin.ConnectionAdmin)
site.register(xero.LenderAccount, xero_admin.LenderAccountAdmin)
site.register(xero.MissingLine, xero_admin.MissingLineAdmin)
site.register(AccountMapping, xero_admin.AccountMappingAdmin)
site.register(xero.AccountSetup, xero_admin.AccountSetupAdmin)
site.register(xero.ConnectionCheckRun, xero_admin.ConnectionCheckRunAdmin)
site.register(xero.BorrowerLink, borrower_access.BorrowerLinkAdmin)
site.register(xero.BorrowerNotice, borrower_pages.BorrowerNoticeAdmin)
site.register(SyncRecord, xero_admin.SyncRecordAdmin)
site.register(xero.WriteRequest, xero_admin.WriteRequestAdmin)
site.register(xero.WriteAttempt, xero_admin.WriteAttemptAdmin)
site.register(xero.WebhookMessage, xero_admin.WebhookMessageAdmin)
site.register(xero.Heartbeat, xero_admin.HeartbeatAdmin)
site.register(xero.RateScope, xero_admin.RateScopeAdmin)
site.register(xero.Lane, xero_admin.LaneAdmin)
site.register(xero.PartnerProgramme, xero_admin.PartnerProgrammeAdmin)
site.register(xero.XeroApp, xero_admin.XeroAppAdmin)
site.register(ApiClient, ApiClientAdmin)
site.register(ApiKey, ApiKeyAdmin)
site.register(WebhookEndpoint, webhook_admin.WebhookEndpointAdmin)
site.register(WebhookDelivery, webhook_admin.WebhookDeliveryAdmin)
