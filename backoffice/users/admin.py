"""Django's own pages of users and groups, with what they change on the trail."""

from collections.abc import Iterable
from typing import Any

from django.contrib.auth import admin as auth_admin
from django.contrib.auth.models import Group, Permission, User
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse

from lending.admin.lists import OfferedListAdmin
from lending.audit import trail
from lending.audit.trail import Values


class TrailedAdmin(OfferedListAdmin):
    """Writes an entry where Django's admin would write into a log of its own."""

    def values_of(self, obj: Any) -> dict[str, Any]:
        """Return what the trail says of an object."""
        raise NotImplementedError

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Any:
        """Remember how the object stands before it is changed."""
        obj = super().get_object(request, object_id, from_field)
        if obj is not None:
            request.before = self.values_of(obj)  # type: ignore[attr-defined]
        return obj

    def log_addition(self, request: HttpRequest, obj: Model, message: Any) -> Any:  # noqa: ARG002
        """Write down who was added."""
        trail.record(self._verb("created"), obj, after=self.values_of(obj))

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> Any:  # noqa: ARG002
        """Write down what is otherwise than before; a password has its own entry."""
        before: Values = request.before  # type: ignore[attr-defined]
        before, after = _differences(before, self.values_of(obj))
        if before or after:
            trail.record(self._verb("changed"), obj, before=before, after=after)

    def log_deletions(self, request: HttpRequest, queryset: Iterable[Model]) -> Any:  # noqa: ARG002
        """Write down who is deleted."""
        for obj in queryset:
            trail.record(self._verb("deleted"), obj, before=self.values_of(obj))

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Delete several in one transaction with what tells of it."""
        with transaction.atomic():
            return super().changelist_view(request, extra_context)

    def _verb(self, done: str) -> str:
        return f"{self.opts.model_name}.{done}"


class UserAdmin(TrailedAdmin, auth_admin.UserAdmin):
    """Operators."""

    def values_of(self, obj: User) -> dict[str, Any]:
        """Return who they are, and what they may do."""
        names = ("username", "email", "is_active", "is_staff", "is_superuser")
        return {
            **trail.values_of(obj, *names),
            "signs_in_by_password": obj.has_usable_password(),
            "groups": sorted(obj.groups.values_list("name", flat=True)),
            "user_permissions": _named(obj.user_permissions.all()),
        }

    def log_addition(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        """Write nothing: commands make users as well, and a receiver sees them all."""

    def user_change_password(
        self,
        request: HttpRequest,
        id: str,  # noqa: A002 - as Django calls it
        form_url: str = "",
    ) -> HttpResponse:
        """Set a password in one transaction with what tells of it."""
        with transaction.atomic():
            return super().user_change_password(request, id, form_url)


class GroupAdmin(TrailedAdmin, auth_admin.GroupAdmin):
    """Groups of operators."""

    def values_of(self, obj: Group) -> dict[str, Any]:
        """Return what its members may do."""
        return {"name": obj.name, "permissions": _named(obj.permissions.all())}


def _named(permissions: QuerySet[Permission]) -> list[str]:
    named = permissions.values_list("content_type__app_label", "codename")
    return sorted(f"{app}.{codename}" for app, codename in named)


def _differences(before: Values, after: Values) -> tuple[Values, Values]:
    """Return the values that differ, and of lists what came and what went."""
    old, new = {}, {}
    for name in (one for one in after if before[one] != after[one]):
        if isinstance(after[name], list):
            new[f"{name}_added"] = sorted(set(after[name]) - set(before[name]))
            new[f"{name}_taken"] = sorted(set(before[name]) - set(after[name]))
        else:
            old[name], new[name] = before[name], after[name]
    return old, new
