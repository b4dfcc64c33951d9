"""Customers' links, who opened them, and what they did there, for operators."""

from typing import Any

from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lending import formats
from lending.admin.base import ObjectAction, ReadOnlyAdmin, Section, object_url
from lending.audit import wording
from lending.models import AuditEntry, Company
from xero_sync.borrowers import links
from xero_sync.models import BorrowerLink, BorrowerSitting
from xero_sync.runtime.clock import database_now

# The lists have them all.
MOST_ROWS = 50


class RevokeLink(ObjectAction):
    """Let one link open no more."""

    name = "revoke"
    label = gettext_lazy("Revoke this link")
    explanation = gettext_lazy(
        "It opens nothing any more, and whoever sits on the customer's pages by it is "
        "sent away, at once and for good. Other links go on working."
    )
    done = gettext_lazy("The link was revoked.")

    def is_offered(self, obj: BorrowerLink) -> bool:
        """Offer it for one that was not revoked."""
        return obj.revoked_at is None

    def perform(self, obj: BorrowerLink, values: dict[str, Any], author: str) -> None:  # noqa: ARG002
        """Revoke it."""
        links.revoke(link=obj, by=author, now=database_now())


class BorrowerLinkAdmin(ReadOnlyAdmin):
    """Links to customers' pages: for whom, until when, how often they were opened."""

    object_actions = (RevokeLink(),)
    list_display = ("company", "role", "state", "made_at", "made_by", "openings")
    list_filter = ("role",)
    list_select_related = ("company",)
    search_fields = ("company__reference__startswith",)
    search_help_text = gettext_lazy("The beginning of a company's reference.")
    ordering = ("-made_at",)
    sortable_by = ()
    fields = (
        "company",
        "role",
        "sent_to",
        "state",
        "made_at",
        "made_by",
        "expires_at",
        "revoked_at",
        "revoked_by",
        "openings",
        "last_opened_at",
    )

    def headline(self, obj: BorrowerLink) -> str:
        """Name whom it is for, and when it was made."""
        made = formats.moment(obj.made_at)
        return f"{obj.get_role_display()} – {obj.company} – {made}"

    @admin.display(description=gettext_lazy("state"))
    def state(self, link: BorrowerLink) -> str:
        """Say whether it opens."""
        return state_in_words(link)

    def sections(self, request: HttpRequest, obj: BorrowerLink) -> list[Section]:  # noqa: ARG002
        """Show its visits."""
        return [_visits(Q(link=obj))]


def state_in_words(link: BorrowerLink) -> str:
    """Say whether a link opens, and why not."""
    if link.revoked_at:
        return _("Revoked")
    if link.expires_at <= database_now():
        return _("Too old")
    if link.token_hash is None:
        return _("Waits for its mail")
    return _("Opens")


def sections_of_company(request: HttpRequest, company: Company) -> list[Section]:
    """Show a company's links, visits and acts in them, to who may see links."""
    if not request.user.has_perm("xero_sync.view_borrowerlink"):
        return []
    given = BorrowerLink.objects.filter(company=company).order_by("-made_at")
    return [
        Section(
            title=_("Links to the customer's pages"),
            columns=(
                _("Made"),
                _("For"),
                _("By"),
                _("State"),
                _("Opens until"),
                _("Opened"),
            ),
            rows=[
                (
                    format_html(
                        '<a href="{}">{}</a>',
                        object_url(one),
                        formats.moment(one.made_at),
                    ),
                    " ".join([one.get_role_display(), one.sent_to]).strip(),
                    one.made_by,
                    state_in_words(one),
                    formats.moment(one.expires_at),
                    one.openings,
                )
                for one in given[:MOST_ROWS]
            ],
            empty=_("The customer has been given none."),
        ),
        _visits(Q(link__company=company) | Q(company=company)),
        _acts(company),
    ]


def _visits(those: Q) -> Section:
    found = BorrowerSitting.objects.filter(those).select_related("link")
    return Section(
        title=_("Visits"),
        columns=(_("Begun"), _("Who"), _("Last seen"), _("Left")),
        rows=[
            (
                formats.moment(one.started_at),
                one.link.get_role_display(),
                formats.moment(one.seen_at),
                formats.moment(one.ended_at) if one.ended_at else "–",
            )
            for one in found.order_by("-started_at")[:MOST_ROWS]
        ],
        empty=_("Nobody has opened a link."),
    )


def _acts(company: Company) -> Section:
    theirs = Q(actor__startswith="borrower:") | Q(actor__startswith="accountant:")
    found = AuditEntry.objects.filter(theirs, company_id=company.pk)
    return Section(
        title=_("What was done on the customer's pages"),
        columns=(_("When"), _("Who"), _("What"), _("From")),
        rows=[
            (
                formats.moment(one.at),
                one.actor,
                wording.sentence(one),
                one.address or "–",
            )
            for one in found.order_by("-pk")[:MOST_ROWS]
        ],
        empty=_("Nothing yet."),
    )
