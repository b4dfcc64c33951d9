"""The pages of staff and their roles, with what is changed on the trail."""

from typing import Any

from django.contrib import admin
from django.contrib.auth import admin as auth_admin
from django.contrib.auth.models import Group, Permission, User
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from backoffice.models.users import SessionEnd
from backoffice.users import roles, sessions
from backoffice.users.actions import ResetSecondFactor, Unlock
from backoffice.users.forms import UserForm
from lending.admin.base import BackOfficeAdmin, ObjectAction, ReadOnlyAdmin, Section
from lending.audit import trail
from lending.audit.trail import Values


class UserAdmin(BackOfficeAdmin, auth_admin.UserAdmin):
    """Staff: their roles; barred instead of deleted, as what they did stays theirs.

    Nobody changes somebody who may do more than they may themselves.
    """

    object_actions = (ResetSecondFactor(), Unlock())
    form = UserForm
    list_display = ("username", "email", "roles_in_words", "is_active", "last_login")
    list_filter = ("is_active", "groups")
    filter_horizontal = ()
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        (_("Who they are"), {"fields": ("first_name", "last_name", "email")}),
        (_("What they may do"), {"fields": ("is_active", "is_superuser", "groups")}),
        (_("When"), {"fields": ("last_login", "date_joined")}),
    )
    readonly_fields = ("last_login", "date_joined")

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """Load what each line names."""
        users: QuerySet[User] = super().get_queryset(request)
        return users.prefetch_related("groups")

    @admin.display(description=_("roles"))
    def roles_in_words(self, user: User) -> str:
        """Name the roles; a superuser needs none."""
        if user.is_superuser:
            return gettext("superuser")
        return ", ".join(sorted(one.name for one in user.groups.all())) or "–"

    def has_change_permission(
        self, request: HttpRequest, obj: User | None = None
    ) -> bool:
        """Refuse those who may less than whom they want to change."""
        is_allowed = super().has_change_permission(request, obj)
        return is_allowed and (obj is None or _may_change(request, obj))

    def may_act(self, request: HttpRequest, action: ObjectAction) -> bool:
        """Refuse it to those who may less than whom it is about."""
        obj = getattr(request, "acted_on", None)
        is_allowed = super().may_act(request, action)
        return is_allowed and (obj is None or _may_change(request, obj))

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Any:
        """Remember whom a request is about, and how they stood before it."""
        obj = super().get_object(request, object_id, from_field)
        request.acted_on = obj  # type: ignore[attr-defined]
        if obj is not None:
            request.before = self.values_of(obj)  # type: ignore[attr-defined]
        return obj

    def get_readonly_fields(
        self, request: HttpRequest, obj: User | None = None
    ) -> tuple[str, ...]:
        """Let only superusers make a superuser."""
        fixed = () if request.user.is_superuser else ("is_superuser",)
        return (*super().get_readonly_fields(request, obj), *fixed)

    def get_form(
        self,
        request: HttpRequest,
        obj: User | None = None,
        change: bool = False,  # noqa: FBT001, FBT002 - as Django calls it
        **options: Any,
    ) -> Any:
        """Let the form know who changes somebody."""
        form = super().get_form(request, obj, change=change, **options)
        return type(form.__name__, (form,), {"changed_by": request.user})

    def values_of(self, obj: User) -> dict[str, Any]:
        """Return who they are, and what they may do."""
        names = ("username", "email", "is_active", "is_staff", "is_superuser")
        return {
            **trail.values_of(obj, *names),
            "signs_in_by_password": obj.has_usable_password(),
            "groups": sorted(obj.groups.values_list("name", flat=True)),
            "user_permissions": _named(obj.user_permissions.all()),
        }

    def save_model(
        self,
        request: HttpRequest,
        obj: User,
        form: Any,
        change: bool,  # noqa: FBT001
    ) -> None:
        """Let whoever is made here into the admin; without a role they see nothing."""
        obj.is_staff = True
        super().save_model(request, obj, form, change)
        if change and {"is_active", "groups", "is_superuser"} & {*form.changed_data}:
            mine = getattr(request, "staff_session", None)
            sessions.end_all(obj, SessionEnd.RIGHTS_CHANGED, but=mine)

    def log_change(self, request: HttpRequest, obj: User, message: Any) -> Any:  # noqa: ARG002
        """Write down what is otherwise than before; a password has its own entry.

        Who is made is seen by a receiver, as commands make users as well.
        """
        before: Values = request.before  # type: ignore[attr-defined]
        before, after = _differences(before, self.values_of(obj))
        if before or after:
            trail.record("user.changed", obj, before=before, after=after)

    def user_change_password(
        self,
        request: HttpRequest,
        id: str,  # noqa: A002 - as Django calls it
        form_url: str = "",
    ) -> HttpResponse:
        """Set a password in one transaction with what tells of it."""
        with transaction.atomic():
            answer = super().user_change_password(request, id, form_url)
            if isinstance(answer, HttpResponseRedirect):
                user = User.objects.get(pk=id)
                mine = getattr(request, "staff_session", None)
                sessions.end_all(user, SessionEnd.RIGHTS_CHANGED, but=mine)
            return answer


class GroupAdmin(ReadOnlyAdmin):
    """Roles, as `manage.py roles` has made them: what each may do."""

    list_display = ("name", "words")
    fields = ("name", "words")
    ordering = ("name",)
    sortable_by = ()

    @admin.display(description=_("may"))
    def words(self, group: Group) -> str:
        """Say what the role may do."""
        known = roles.ROLES.get(group.name)
        return str(known.words) if known else gettext("not one of the product's roles")

    def sections(self, request: HttpRequest, obj: Group) -> list[Section]:  # noqa: ARG002
        """List every right of the role, and who has it."""
        rights = obj.permissions.select_related("content_type").order_by(
            "content_type__app_label", "codename"
        )
        holders = obj.user_set.filter(is_active=True).order_by("username")
        return [
            Section(
                title=gettext("What it may do"),
                columns=(gettext("Right"), gettext("Name")),
                rows=[
                    (one.name, f"{one.content_type.app_label}.{one.codename}")
                    for one in rights
                ],
                empty=gettext("Nothing."),
            ),
            Section(
                title=gettext("Who has it"),
                columns=(gettext("User"),),
                rows=[(one.get_username(),) for one in holders],
                empty=gettext("Nobody."),
            ),
        ]


def _may_change(request: HttpRequest, user: User) -> bool:
    by: Any = request.user
    return roles.has_no_more(user, by)


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
