"""Entries in Xero: where each stands, what was sent for it, what a person decides."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lending import formats
from lending.admin.base import ObjectAction, ReadOnlyAdmin, Section
from xero_sync.admin.base import search
from xero_sync.admin.base.evidence import as_block, sent, shown, with_attempts
from xero_sync.codat.exceptions import DecisionNotAllowed, WritebackBlocked
from xero_sync.entries import waiting
from xero_sync.entries import wording as entry_wording
from xero_sync.models import SyncRecord
from xero_sync.models.choices import (
    State,
)
from xero_sync.models.state_sets import StateSet
from xero_sync.runtime.clock import database_now
from xero_sync.writeback import alarms, decisions
from xero_sync.writeback.paced_client import paced_client


class DecisionForm(forms.Form):
    """The reason of a decision; it stays on the timeline."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("It stays on the entry's record."),
    )


class LinkForm(DecisionForm):
    """A decision that may name the record in Xero."""

    xero_record_id = forms.CharField(
        label=gettext_lazy("Record in Xero"),
        max_length=64,
        required=False,
        help_text=gettext_lazy("The id of what stands in Xero, if it is known."),
    )


class Decision(ObjectAction):
    """What a person decides about an entry."""

    form_class = DecisionForm
    refusals = (WritebackBlocked,)
    service: Callable[..., SyncRecord]
    places: StateSet

    def is_offered(self, obj: SyncRecord) -> bool:
        """Offer it where the service takes it."""
        return self.places.include(obj.state, obj.reason)

    def perform(self, obj: SyncRecord, values: dict[str, Any], author: str) -> None:
        """Call the service with the reason given; it looks at Codat first."""
        with paced_client() as client:
            self.service(
                record=obj,
                decided_by=author,
                now=database_now(),
                client=client,
                **values,
            )


class SendAgain(Decision):
    """Send a refused entry, or one held for a person, again."""

    name = "send-again"
    label = gettext_lazy("Send again")
    explanation = gettext_lazy(
        "Mend the cause first. The entry is queued and goes out as a new request."
    )
    done = gettext_lazy("The entry will be sent again.")
    service = staticmethod(decisions.send_again)
    places = decisions.MAY_BE_SENT_AGAIN


class Cancel(Decision):
    """Give an entry up."""

    name = "cancel"
    label = gettext_lazy("Cancel the entry")
    explanation = gettext_lazy(
        "The entry will never be written to Xero, nor will its statement line."
    )
    done = gettext_lazy("The entry was cancelled.")
    service = staticmethod(decisions.cancel)
    places = decisions.MAY_BE_CANCELLED


class LinkByHand(Decision):
    """Take a person's word that an entry stands in Xero."""

    name = "link-by-hand"
    label = gettext_lazy("Link by hand")
    explanation = gettext_lazy(
        "Say that the entry stands in Xero already, because you have seen it there. "
        "It will not be sent."
    )
    done = gettext_lazy("The entry was linked by hand.")
    form_class = LinkForm
    service = staticmethod(decisions.link_by_hand)
    places = decisions.MAY_BE_LINKED


class AnswerAbsent(Decision):
    """Take a person's word that an entry is not in Xero."""

    name = "not-in-xero"
    label = gettext_lazy("It is not in Xero")
    explanation = gettext_lazy(
        "Say that you have looked in Xero and that the entry is not there. It is sent "
        "anew: if it is there after all, it will be there twice."
    )
    done = gettext_lazy("The entry will be sent anew.")
    service = staticmethod(decisions.answer_absent)
    places = decisions.MAY_BE_ABSENT


class SettleAlarm(ObjectAction):
    """Take a person's word that what stands in Xero is right."""

    name = "settle-alarm"
    label = gettext_lazy("Settle the alarm")
    explanation = gettext_lazy(
        "Say that you have looked in Xero, and that the entry stands there as it "
        "should: once, or not at all if it was cancelled."
    )
    done = gettext_lazy("The alarm was settled.")
    form_class = DecisionForm
    refusals = (DecisionNotAllowed,)

    def is_offered(self, obj: SyncRecord) -> bool:
        """Offer it where there is one."""
        return obj.is_alarmed

    def perform(self, obj: SyncRecord, values: dict[str, Any], author: str) -> None:
        """Settle it with the reason given."""
        decisions.settle_alarm(
            record=obj, decided_by=author, now=database_now(), **values
        )


class SyncRecordAdmin(ReadOnlyAdmin):
    """Sync records, with their timeline and everything that was sent for them."""

    change_form_template = "admin/requests_change_form.html"
    object_actions = (
        SettleAlarm(),
        SendAgain(),
        AnswerAbsent(),
        LinkByHand(),
        Cancel(),
    )
    list_display = (
        "event",
        "step",
        "state",
        "reason",
        "is_alarmed",
        "loan",
        "company",
        "state_since",
        "xero_record_id",
    )
    linked_lookups = ("company__id__exact",)
    list_filter = ("state", "is_alarmed", "step", "reason")
    list_select_related = ("event", "loan", "company")
    search_fields = ("push_operation_key",)
    find = staticmethod(search.records)
    search_help_text = gettext_lazy(
        "The beginning of an event's, a loan's, a company's or an invoice's reference, "
        "or a whole record id of Xero or push operation key."
    )
    # As the unique index has it: the entries of the newest events first.
    ordering = ("-event", "-step")
    sortable_by = ()
    fields = (
        "event",
        "loan",
        "company",
        "step",
        "effect",
        "value_date",
        "state",
        "reason",
        "state_since",
        "waits_for",
        "words",
        "xero_record_id",
        "push_operation_key",
        "lender_account",
        "compensates",
        "is_backfill",
        "not_before",
        "next_poll_at",
        "polls",
        "created_at",
    )
    readonly_fields = ("effect", "words", "waits_for")

    @admin.display(description=gettext_lazy("effect on the lender account"))
    def effect(self, record: SyncRecord) -> str:
        """Spell the signed amount."""
        return formats.money(record.lender_effect, record.company.currency)

    @admin.display(description=gettext_lazy("waits for"))
    def waits_for(self, record: SyncRecord) -> str:
        """Name what keeps a queued entry waiting, other than its turn."""
        found = waiting.waits_for(record)
        return f"{found[0].label}: {found[1]}" if found else "–"

    @admin.display(description=gettext_lazy("Codat's words"))
    def words(self, record: SyncRecord) -> SafeString | str:
        """Show why it was refused."""
        return as_block(record.failure) if record.failure else "–"

    def headline(self, obj: SyncRecord) -> str:
        """Name the entry, its event and where it stands."""
        return (
            f"{obj.get_step_display()}, {obj.event.external_id}: "
            f"{obj.get_state_display()}"
        )

    def standing(self, obj: SyncRecord) -> list[str]:
        """Say what may stand twice, and what may still reach Xero."""
        return [*alarms.advice(obj), *entry_wording.watched(obj)]

    def sections(self, request: HttpRequest, obj: SyncRecord) -> list[Section]:  # noqa: ARG002
        """Show what to look for in Xero while that is in doubt, and the timeline."""
        changes = obj.changes.order_by("at", "pk")
        in_doubt = obj.state in {State.UNKNOWN, State.FAILED} or obj.is_alarmed
        return [
            *([_what_to_look_for(obj)] if in_doubt else []),
            Section(
                title=_("Timeline"),
                columns=(_("When"), _("State"), _("Cause"), _("Who"), _("Note")),
                rows=[
                    (
                        formats.instant(change.at),
                        state_in_words(
                            change.get_to_state_display(), change.get_reason_display()
                        ),
                        change.get_cause_display(),
                        change.actor or "–",
                        shown(change.note) or "–",
                    )
                    for change in changes
                ],
            ),
        ]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Show what was sent for the entry."""
        obj = kwargs["obj"]
        context["write_requests"] = sent(with_attempts(obj.requests.all()))
        return super().render_change_form(request, context, *args, **kwargs)


def _what_to_look_for(record: SyncRecord) -> Section:
    return Section(
        title=_("What to look for in Xero"),
        columns=("", ""),
        rows=list(entry_wording.looked_for(record)),
    )


def state_in_words(state: str, reason: str) -> str:
    """Spell a state with its reason."""
    return f"{state} ({reason})" if reason else state
