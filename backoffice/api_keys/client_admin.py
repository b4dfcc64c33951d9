"""Admin pages of the services that call the API, with their keys."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import Count, Max, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.api_keys import services as api_keys
from backoffice.api_keys.admin import ROTATION, state_cell
from backoffice.models import ApiClient, ApiKey
from lending import formats
from lending.admin.base import (
    BackOfficeAdmin,
    Link,
    Section,
    author,
    may_see,
    object_url,
)


class ApiClientAdmin(BackOfficeAdmin):
    """Services that call the API, made with their first key."""

    list_display = ("name", "is_active", "accepted_keys", "last_used", "created_at")
    list_filter = ("is_active",)
    search_fields = ("name__startswith",)
    search_help_text = gettext_lazy("The beginning of a name.")
    ordering = ("name",)
    sortable_by = ("name",)
    fields = ("name", "is_active", "created_at")
    # What was done is signed with the name.
    readonly_fields = ("name", "created_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """Count the keys that are accepted, and find the last use of any."""
        accepted = Q(keys__in=ApiKey.objects.accepted(timezone.now()))
        clients: QuerySet = super().get_queryset(request)
        counted: QuerySet = clients.annotate(
            accepted=Count("keys", filter=accepted), used=Max("keys__last_used_at")
        )
        return counted

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002
        """Refuse: a client is made with its first key."""
        return False

    def save_model(
        self,
        request: HttpRequest,
        obj: ApiClient,
        form: Any,  # noqa: ARG002
        change: bool,  # noqa: ARG002, FBT001
    ) -> None:
        """Switch the client, which is all that can be changed."""
        api_keys.switch_client(client=obj, on=obj.is_active, by=author(request))

    @admin.display(description=gettext_lazy("accepted keys"))
    def accepted_keys(self, client: Any) -> int:
        """Count the keys that are accepted."""
        return int(client.accepted)

    @admin.display(description=gettext_lazy("last used"), empty_value="–")
    def last_used(self, client: Any) -> datetime | None:
        """Tell when any of its keys was used."""
        moment: datetime | None = client.used
        return moment

    def links(self, request: HttpRequest, obj: ApiClient) -> list[Link]:
        """Lead to the making of a key."""
        if not (obj.is_active and request.user.has_perm("backoffice.add_apikey")):
            return []
        add = reverse("admin:backoffice_apikey_add")
        return [Link(_("Make a key"), f"{add}?client={obj.pk}")]

    def sections(self, request: HttpRequest, obj: ApiClient) -> list[Section]:
        """Show the keys to those who may see keys."""
        if not may_see(request, ApiKey):
            return []
        now = timezone.now()
        keys = obj.keys.select_related("client").order_by("-pk")
        return [
            Section(
                title=_("Keys"),
                columns=(
                    _("Key"),
                    _("Scopes"),
                    _("State"),
                    _("Last used"),
                    _("Expires"),
                ),
                rows=[
                    (
                        format_html('<a href="{}">{}</a>', object_url(key), key),
                        ", ".join(key.scopes),
                        state_cell(key, now),
                        formats.moment(key.last_used_at),
                        formats.moment(key.expires_at),
                    )
                    for key in keys
                ],
                notes=[str(ROTATION)],
            )
        ]
