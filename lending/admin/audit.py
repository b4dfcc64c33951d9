"""The page of the trail: what was done, by person, object and day."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.apps import apps
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch
from django.utils.http import urlencode
from django.utils.timezone import make_aware
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lending import formats
from lending.admin.base import ReadOnlyAdmin, date_field, object_url
from lending.audit import wording
from lending.models import AuditEntry

ON_A_PAGE = 50
# Whose name may be typed without saying what they are.
KINDS = ("user", "api", "command", "borrower")


class TrailForm(forms.Form):
    """What is looked for; all of it may be left out."""

    person = forms.CharField(
        label=gettext_lazy("Who"),
        required=False,
        max_length=200,
        help_text=gettext_lazy("A user, or a service such as loan-system."),
    )
    about = forms.CharField(
        label=gettext_lazy("What"),
        required=False,
        max_length=200,
        help_text=gettext_lazy("The reference of a company or a loan, or a name."),
    )
    day = date_field(label=gettext_lazy("Day"), required=False)
    # One object, as its own page names it.
    type = forms.CharField(required=False, max_length=60, widget=forms.HiddenInput)
    key = forms.CharField(required=False, max_length=100, widget=forms.HiddenInput)
    # The entry that the page before ended with.
    after = forms.UUIDField(required=False, widget=forms.HiddenInput)


@dataclass(frozen=True)
class Line:
    """An entry as the page shows it."""

    entry: AuditEntry
    at: str
    sentence: str
    changes: Sequence[str]
    url: str


class AuditEntryAdmin(ReadOnlyAdmin):
    """One page for all of it, newest first."""

    def changelist_view(
        self,
        request: HttpRequest,
        extra_context: dict[str, Any] | None = None,  # noqa: ARG002
    ) -> HttpResponse:
        """Show what was done, as far as it is looked for."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        form = TrailForm(request.GET)
        is_valid = form.is_valid()
        entries = found(form.cleaned_data) if is_valid else AuditEntry.objects.none()
        shown = list(entries.select_related("company")[: ON_A_PAGE + 1])
        more = shown[ON_A_PAGE - 1] if len(shown) > ON_A_PAGE else None
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("What was done"),
            "form": form,
            "lines": [line_of(one, self.admin_site) for one in shown[:ON_A_PAGE]],
            "older": more and self._older(request, more),
            "is_narrowed": any(form.data.values()),
        }
        return TemplateResponse(request, "admin/trail.html", context)

    def _older(self, request: HttpRequest, last: AuditEntry) -> str:
        return f"?{urlencode({**request.GET.dict(), 'after': str(last.pk)})}"


def found(wanted: Mapping[str, Any]) -> QuerySet[AuditEntry]:
    """Return the entries that are looked for, the latest first."""
    entries = AuditEntry.objects.latest_first()
    if person := wanted["person"]:
        entries = entries.filter(_by(person))
    if about := wanted["about"]:
        entries = entries.filter(
            Q(object_key=about)
            | Q(object_label__startswith=about)
            | Q(company__reference=about)
        )
    if day := wanted["day"]:
        entries = entries.filter(at__gte=_begin(day), at__lt=_begin(_next(day)))
    if kind := wanted["type"]:
        entries = entries.filter(object_type=kind, object_key=wanted["key"])
    if last := wanted["after"]:
        entries = entries.filter(pk__lt=last)
    return entries


def _by(person: str) -> Q:
    """Match a whole signature, or a name whatever kind of caller it is."""
    signed = [person] if ":" in person else [f"{kind}:{person}" for kind in KINDS]
    matched = Q(actor__in=[person, *signed])
    for one in signed:
        matched |= Q(actor__startswith=f"{one}/")
    return matched


def _begin(day: date) -> datetime:
    return make_aware(datetime.combine(day, time.min))


def _next(day: date) -> date:
    return day + timedelta(days=1) if day < date.max else day


def line_of(entry: AuditEntry, site: admin.AdminSite) -> Line:
    """Put an entry in words, with the page of its object if there is one."""
    return Line(
        entry,
        formats.instant(entry.at),
        wording.sentence(entry),
        wording.changes(entry),
        _page_of(entry, site),
    )


def _page_of(entry: AuditEntry, site: admin.AdminSite) -> str:
    try:
        model = apps.get_model(entry.object_type)
        shown = site.is_registered(model)
        return object_url(model(pk=entry.object_key)) if shown else ""
    except (LookupError, ValueError, NoReverseMatch):
        return ""
