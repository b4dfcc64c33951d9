"""Admin pages of the API's clients and keys: made, shown once, revoked."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.api_keys import rights
from backoffice.api_keys import services as api_keys
from backoffice.api_keys.forms import KeyForm
from backoffice.api_keys.wording import companies_in_words, needs_a_look, state_in_words
from backoffice.models import ApiKey, KeyScope
from lending.admin.base import (
    ObjectAction,
    ReadOnlyAdmin,
    author,
    object_url,
)
from lending.admin.filters import ChoiceFilter

ROTATION = gettext_lazy(
    "Two keys of a client are accepted at once: make the new one, let the service "
    "change to it, see it used, then revoke the old one."
)


class IsAccepted(ChoiceFilter):
    """Keys by whether a request with them is let in."""

    title = gettext_lazy("state")
    parameter_name = "accepted"
    offered = (("yes", gettext_lazy("Live")), ("no", gettext_lazy("Refused")))

    def narrowed(self, rows: QuerySet, chosen: str) -> QuerySet:
        """Return the keys of a choice."""
        accepted = ApiKey.objects.accepted(timezone.now())
        if chosen == "yes":
            return rows.filter(pk__in=accepted)
        return rows.exclude(pk__in=accepted)


class Revoke(ObjectAction):
    """Refuse a key from now on."""

    name = "revoke"
    label = gettext_lazy("Revoke")
    explanation = gettext_lazy(
        "The key is refused from now on, for good. A service that still uses it is "
        "answered 401; what it has recorded stays."
    )
    done = gettext_lazy("The key was revoked.")

    def is_offered(self, obj: ApiKey) -> bool:
        """Offer it for a live key, also while its client is switched off."""
        return obj.is_live(timezone.now())

    def perform(self, obj: ApiKey, values: dict[str, Any], author: str) -> None:  # noqa: ARG002
        """Revoke it."""
        api_keys.revoke_key(key=obj, revoked_by=author, now=timezone.now())


class ApiKeyAdmin(ReadOnlyAdmin):
    """Keys: their text is on the page that answers their making, and nowhere else."""

    object_actions = (Revoke(),)
    list_display = (
        "prefix",
        "name",
        "client",
        "state",
        "last_used_at",
        "expires_at",
        "scopes_in_short",
        "for_companies",
    )
    list_filter = (IsAccepted,)
    list_select_related = ("client",)
    search_fields = (
        "prefix__startswith",
        "client__name__startswith",
        "name__icontains",
    )
    search_help_text = gettext_lazy(
        "The beginning of a prefix or of a client's name, or a part of a key's name."
    )
    ordering = ("-pk",)
    sortable_by = ()
    fields = (
        "prefix",
        "name",
        "client",
        "state",
        "scopes_in_words",
        "for_companies",
        "requests_per_minute",
        "last_used_at",
        "expires_at",
        "created_at",
        "created_by",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """Load what each line names."""
        keys: QuerySet = super().get_queryset(request)
        return keys.prefetch_related("companies")

    def get_fields(
        self,
        request: HttpRequest,  # noqa: ARG002
        obj: ApiKey | None = None,
    ) -> tuple[str, ...]:
        """Say who revoked a key, if somebody did."""
        revoked = ("revoked_at", "revoked_by") if obj and obj.revoked_at else ()
        return (*self.fields, *revoked)

    @admin.display(description=gettext_lazy("state"))
    def state(self, key: ApiKey) -> SafeString | str:
        """Say how it stands."""
        return state_cell(key, timezone.now())

    @admin.display(description=gettext_lazy("scopes"))
    def scopes_in_short(self, key: ApiKey) -> str:
        """List what it may do."""
        return ", ".join(key.scopes)

    @admin.display(description=gettext_lazy("it may"))
    def scopes_in_words(self, key: ApiKey) -> SafeString:
        """Spell what it may do."""
        words = dict(KeyScope.choices)
        return format_html_join(
            "", "<div>{} ({})</div>", ((words.get(one, one), one) for one in key.scopes)
        )

    @admin.display(description=gettext_lazy("for"))
    def for_companies(self, key: ApiKey) -> str:
        """Name the companies."""
        return companies_in_words(key)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Let those make keys who may."""
        return bool(request.user.has_perm("backoffice.add_apikey"))

    def add_view(
        self,
        request: HttpRequest,
        form_url: str = "",  # noqa: ARG002
        extra_context: dict[str, Any] | None = None,  # noqa: ARG002
    ) -> HttpResponse:
        """Ask what the key is to be, make it, and answer with its text."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        is_post = request.method == "POST"
        initial = {"client": request.GET.get("client")}
        form = KeyForm(
            request.POST if is_post else None,
            initial=initial,
            may_give=rights.may_give(request.user),
        )
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Make a key"),
            "subtitle": "",
            "form": form,
            "media": self.media + form.media,
            "action": {"explanation": ROTATION},
            "back": reverse("admin:backoffice_apikey_changelist"),
        }
        if is_post and form.is_valid():
            made = form.make(author(request))
            if made is not None:
                context |= {"key": made[0], "text": made[1]}
                context |= {"back": object_url(made[0]), "title": _("A key was made")}
                return TemplateResponse(request, "admin/api_key_made.html", context)
        return TemplateResponse(request, "admin/object_action.html", context)


def state_cell(key: ApiKey, now: datetime) -> SafeString | str:
    """Say how a key stands; what a person should look at stands out."""
    words = state_in_words(key, now)
    if not needs_a_look(key, now):
        return words
    return format_html('<strong class="needs-a-look">{}</strong>', words)
