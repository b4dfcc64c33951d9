"""Customers' links and the mails that are owed to them."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lending.admin.base import Link, ObjectAction, ReadOnlyAdmin
from lending.admin.filters import ChoiceFilter
from lending.models import Company
from xero_sync.borrowers import link_requests, links, notices
from xero_sync.models import BorrowerNotice
from xero_sync.models.borrowers import BorrowerNoticeQuerySet
from xero_sync.models.links import LinkRole
from xero_sync.runtime.clock import database_now


class RoleForm(forms.Form):
    """For whom a link is."""

    role = forms.ChoiceField(
        label=gettext_lazy("For"),
        choices=LinkRole.choices,
        required=False,
        help_text=gettext_lazy(
            "An accountant may do all but disconnect, share, and say which "
            "organisation it is. The customer gets a mail about what they do."
        ),
    )


class ShowLink(ObjectAction):
    """Make a link for a person to hand on."""

    name = "customer-link"
    label = gettext_lazy("Make a customer's link")
    explanation = gettext_lazy(
        "Makes a link to the customer's own pages: the connection, the accounts, what "
        "is posted. Whoever has it can open them, so hand it to nobody else. It is "
        "shown once. Links that were given before go on working."
    )
    done = gettext_lazy("The customer's link")
    form_class = RoleForm

    def perform(self, obj: Company, values: dict[str, Any], author: str) -> str:
        """Return the link, to be shown this once."""
        role = values["role"] or LinkRole.OWNER
        _link, address = links.hand_out(
            company=obj, by=author, now=database_now(), role=role
        )
        return address


class MailLink(ObjectAction):
    """Have the link mailed."""

    name = "mail-customer-link"
    label = gettext_lazy("Mail the customer's link")
    explanation = gettext_lazy(
        "Mails a fresh link to the company's contact email, in the company's language."
    )
    done = gettext_lazy("The mail goes out within a minute; see Mails to customers.")

    def is_offered(self, obj: Company) -> bool:
        """Offer it where there is an address."""
        return bool(obj.contact_email)

    def perform(self, obj: Company, values: dict[str, Any], author: str) -> None:  # noqa: ARG002
        """Owe the mail."""
        link_requests.mail_link_for(company=obj, author=author, now=database_now())


class RevokeLinks(ObjectAction):
    """Let no earlier link open any more."""

    name = "revoke-customer-links"
    label = gettext_lazy("Revoke the customer's links")
    explanation = gettext_lazy(
        "None of the links that the customer and their accountant were given so far "
        "opens any more, and whoever sits on their pages is sent away, at once. A new "
        "one can be made afterwards."
    )
    done = gettext_lazy("The links were revoked.")

    def perform(self, obj: Company, values: dict[str, Any], author: str) -> None:  # noqa: ARG002
        """Revoke them."""
        links.revoke_all(company=obj, by=author, now=database_now())


COMPANY_ACTIONS = (ShowLink(), MailLink(), RevokeLinks())


def links_to_make_one(request: HttpRequest, company: Company) -> list[Link]:
    """Lead to the page that makes a customer's link, for those who may make one."""
    if not request.user.has_perm("lending.change_company"):
        return []
    address = f"admin:lending_company_{ShowLink.name}"
    return [Link(ShowLink.label, reverse(address, args=[company.pk]))]


class SendAgain(ObjectAction):
    """Take up a mail that was given up."""

    name = "send-again"
    label = gettext_lazy("Send again")
    explanation = gettext_lazy(
        "Mend the cause first, such as the company's contact email. The mail is "
        "written anew, with a fresh link."
    )
    done = gettext_lazy("The mail goes out within a minute.")

    def is_offered(self, obj: BorrowerNotice) -> bool:
        """Offer it for one that was given up."""
        return obj.given_up_at is not None and not obj.is_obsolete

    def perform(self, obj: BorrowerNotice, values: dict[str, Any], author: str) -> None:  # noqa: ARG002
        """Have it sent."""
        notices.send_again(notice=obj, by=author, now=database_now())


class MailState(ChoiceFilter):
    """Mails by what became of them."""

    title = gettext_lazy("state")
    parameter_name = "state"
    offered = (
        ("given_up", gettext_lazy("Not sent, needs you")),
        ("open", gettext_lazy("Waiting")),
        ("sent", gettext_lazy("Sent")),
    )

    def narrowed(self, rows: BorrowerNoticeQuerySet, chosen: str) -> QuerySet:
        """Return the mails of a choice."""
        match chosen:
            case "given_up":
                return rows.needing_a_person()
            case "open":
                return rows.open()
        return rows.filter(sent_at__isnull=False)


class BorrowerNoticeAdmin(ReadOnlyAdmin):
    """Mails to customers: what each was about, and whether it went out."""

    object_actions = (SendAgain(),)
    list_display = ("state", "company", "kind", "created_at", "error")
    linked_lookups = ("company__id__exact",)
    list_filter = (MailState, "kind")
    list_select_related = ("company",)
    search_fields = ("company__reference__startswith",)
    search_help_text = gettext_lazy("The beginning of a company's reference.")
    ordering = ("-pk",)
    sortable_by = ()
    fields = (
        "company",
        "kind",
        "subject",
        "state",
        "created_at",
        "attempts",
        "sent_at",
        "given_up_at",
        "error",
    )

    def headline(self, obj: BorrowerNotice) -> str:
        """Name what it is about, and whom it is for."""
        return f"{obj.get_kind_display()} – {obj.company}"

    @admin.display(description=gettext_lazy("state"))
    def state(self, notice: BorrowerNotice) -> str:
        """Say what became of it."""
        return state_in_words(notice, now=database_now())


def state_in_words(notice: BorrowerNotice, *, now: datetime) -> str:
    """Say where a mail stands."""
    if notice.sent_at:
        return _("Sent")
    if notice.is_obsolete:
        return _("Not sent: it was no longer true")
    if notice.given_up_at:
        return _("Not sent: needs you")
    if not notice.attempts:
        return _("Waiting to be sent")
    if notice.next_attempt_at <= now:
        return _("Failed; tried again now")
    minutes = int((notice.next_attempt_at - now).total_seconds() // 60) + 1
    return _("Failed; tried again in %(minutes)d min") % {"minutes": minutes}
