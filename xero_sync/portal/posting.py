"""Posting on and off: what waits, what each choice does to it, and the act."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from lending import formats
from xero_sync.borrowers import posting_words, refusals
from xero_sync.borrowers.posting_words import ALL, NONE, SINCE
from xero_sync.borrowers.wording import Code, Words, code_of, latest_connection
from xero_sync.codat.exceptions import (
    ConnectionNotLinked,
    HeldEventsChanged,
    HeldEventsChoiceMissing,
    MappingIncomplete,
)
from xero_sync.connections import backfill, switches
from xero_sync.models import AccountMapping, BorrowerSitting, Connection
from xero_sync.models.choices import HeldEvents
from xero_sync.portal.answers import SeeOther
from xero_sync.portal.sittings import in_a_sitting, show_to
from xero_sync.runtime.clock import database_now
from xero_sync.writeback import readiness

ON, OFF = "on", "off"
CHANGED = gettext_lazy(
    "What waits has changed meanwhile. Look at it again, then confirm."
)


class HeldForm(forms.Form):
    """What becomes of what waits; `shown` holds the fingerprints of what was on it."""

    choice = forms.ChoiceField(
        choices=[(one, one) for one in (ALL, SINCE, NONE)],
        error_messages={
            "required": gettext_lazy("Choose what becomes of what has waited."),
            "invalid_choice": gettext_lazy("Choose what becomes of what has waited."),
        },
    )
    since = forms.DateField(
        required=False,
        input_formats=["%Y-%m-%d", "%d/%m/%Y"],
        error_messages={
            "invalid": gettext_lazy("Enter a whole date, such as 31/12/2026.")
        },
    )
    shown = forms.CharField(required=False)

    def clean(self) -> dict[str, Any]:
        """Ask for the day where the choice needs one; elsewhere it says nothing."""
        values = super().clean() or {}
        if values.get("choice") != SINCE:
            self.errors.pop("since", None)
        elif not values.get("since") and "since" not in self.errors:
            self.add_error("since", _("Enter the date from which on you want it."))
        return values


@require_http_methods(["GET", "HEAD", "POST"])
@in_a_sitting()
def posting(request: HttpRequest, sitting: BorrowerSitting) -> HttpResponse:
    """Show whether we post, and what switching it does; switch it."""
    connection = latest_connection(sitting.company)
    if connection is None or connection.deleted_at is not None:
        return SeeOther(reverse("customer-connect"))
    asked = request.POST.get("act", "") if request.method == "POST" else ""
    if asked == OFF:
        switches.switch_writeback(
            connection=connection,
            on=False,
            switched_by=sitting.actor,
            now=database_now(),
        )
        return SeeOther(reverse("customer-posting"))
    if connection.writeback_on:
        # A second "on" changes nothing either.
        words = posting_words.off(sitting.company)
        return show_to(request, sitting, "posting_off", consequences=words)
    mapping = readiness.latest_mapping(connection)
    if code_of(connection) != Code.CONNECTED:
        return SeeOther(reverse("customer-connect"))
    if mapping is None or mapping.lender_account.void_since:
        return SeeOther(reverse("customer-accounts"))
    if asked == ON:
        return _switch_on(request, sitting, connection, mapping)
    return _page(request, sitting, connection, mapping)


def _switch_on(
    request: HttpRequest,
    sitting: BorrowerSitting,
    connection: Connection,
    mapping: AccountMapping,
) -> HttpResponse:
    """Switch posting on as chosen, or show again what is missing or has changed."""
    now = database_now()
    held = backfill.held(connection=connection, now=now)
    form = HeldForm(request.POST)
    choice: dict[str, Any] = {}
    if held.loans:
        if not form.is_valid():
            return _page(request, sitting, connection, mapping, form=form)
        chosen = _effect(held, form.cleaned_data)
        if chosen.fingerprint not in form.cleaned_data["shown"].split():
            form.add_error("choice", _unseen(form.cleaned_data))
            return _page(request, sitting, connection, mapping, form=form)
        choice = {
            "held_events": chosen.held_events,
            "publish_from": chosen.publish_from,
            "fingerprint": chosen.fingerprint,
        }
    elif request.POST.get("shown"):
        # What it was about is gone.
        return _page(request, sitting, connection, mapping, mistake=str(CHANGED))
    try:
        switches.switch_writeback(
            connection=connection,
            on=True,
            switched_by=sitting.actor,
            now=now,
            **choice,
        )
    except (HeldEventsChanged, HeldEventsChoiceMissing):
        return _page(request, sitting, connection, mapping, mistake=str(CHANGED))
    except (ConnectionNotLinked, MappingIncomplete) as exc:
        refusal = refusals.refusal_for_borrower(exc)
        return _page(request, sitting, connection, mapping, refusal=refusal)
    return SeeOther(reverse("customer-posting"))


def _effect(held: backfill.Held, values: Mapping[str, Any]) -> backfill.Effect:
    match values["choice"]:
        case posting_words.NONE:
            return held.effect(HeldEvents.LEAVE_OUT)
        case posting_words.SINCE:
            return held.effect(HeldEvents.PUBLISH, values["since"])
    return held.effect(HeldEvents.PUBLISH)


def _unseen(values: Mapping[str, Any]) -> str:
    """Say why a choice is shown once more."""
    if values["choice"] == SINCE:
        return _("See what this date does, then confirm it.")
    return str(CHANGED)


def _page(
    request: HttpRequest,
    sitting: BorrowerSitting,
    connection: Connection,
    mapping: AccountMapping,
    *,
    form: HeldForm | None = None,
    mistake: str = "",
    refusal: Words | None = None,
) -> HttpResponse:
    """Show what waits, and what each choice would do now; nothing is changed."""
    held = backfill.held(connection=connection, now=database_now())
    since = _since(held, form)
    effects = held.effects(since)
    return show_to(
        request,
        sitting,
        "posting",
        form=form,
        mistake=mistake,
        refusal=refusal,
        chosen=form["choice"].value() if form else "",
        since=_as_typed(form, since),
        held=held,
        total=formats.money(held.advanced, held.currency),
        waiting=posting_words.waiting(held),
        more=posting_words.more(held),
        remarks=posting_words.remarks(held),
        choices=posting_words.choices(
            effects, account=mapping.lender_account.name
        ).values(),
        needs_day=SINCE,
        shown=" ".join(one.fingerprint for one in effects),
    )


def _since(held: backfill.Held, form: HeldForm | None) -> date | None:
    """Return the day that was entered; at first that on which the latest one began."""
    given = form.cleaned_data.get("since") if form else None
    latest = held.loans[-1].begun_on if held.loans else None
    day: date | None = given or latest
    return day


def _as_typed(form: HeldForm | None, since: date | None) -> str:
    typed = form["since"].value() if form else ""
    return typed or (since.isoformat() if since else "")
