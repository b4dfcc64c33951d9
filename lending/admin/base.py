"""What the admin pages of every app share: large lists, sections, acts on one object.

Nothing is deleted here. A page may carry sections (tables below its fields) and object
actions: a button that leads to a page with a form and calls one service.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import quote, unquote
from django.contrib.admin.widgets import AutocompleteSelect
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.functional import Promise
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from lending import formats
from lending.admin.lists import OfferedListAdmin, searched
from lending.audit import wording
from lending.exceptions import LendingError
from lending.models import AuditEntry

Text = str | Promise

MOST_ROWS_COUNTED = 10_000
# More than a page has to show; the trail has them all.
MOST_ACTS = 50
TRAIL = "admin:lending_auditentry_changelist"


class Autocomplete(AutocompleteSelect):
    """Django's autocomplete; shown again with what is no choice, it shows none."""

    def optgroups(
        self, name: str, value: Sequence[str], attr: dict[str, Any] | None = None
    ) -> Any:
        """Leave out what nobody could have chosen: Django would look it up."""
        known = [one for one in value if self._is_choice(one)]
        return super().optgroups(name, known, attr)

    def _is_choice(self, value: str) -> bool:
        try:
            self.choices.field.to_python(value)
        except ValidationError:
            return False
        return True


class CappedPaginator(Paginator):
    """Count no further than a person would page, so that a large table stays quick."""

    @cached_property
    def count(self) -> int:
        """Return the number of rows, or `MOST_ROWS_COUNTED` if there are more."""
        rows: models.QuerySet = self.object_list  # type: ignore[assignment]
        return rows.order_by()[:MOST_ROWS_COUNTED].count()

    @property
    def is_capped(self) -> bool:
        """Whether there may be more rows than were counted."""
        return self.count >= MOST_ROWS_COUNTED


@dataclass(frozen=True)
class Section:
    """A table below the fields of a page, with sentences above it."""

    title: Text
    columns: Sequence[Text] = ()
    rows: Sequence[Sequence[object]] = ()
    notes: Sequence[Text] = ()
    empty: Text = ""


@dataclass(frozen=True)
class Link:
    """A button that leads to another page."""

    label: Text
    url: str


def show_refusal(form: forms.BaseForm, error: Exception) -> None:
    """Make what a service refused an error of the form, at its field if it shows it."""
    field: str | None = getattr(error, "field", None)
    shown = form.fields.get(field or "")
    # The services begin with the field's name, for callers that show no form.
    message = str(getattr(error, "message", error)).removeprefix(f"{field}: ")
    is_visible = shown is not None and not shown.widget.is_hidden
    form.add_error(field if is_visible else None, message)


class ObjectAction:
    """An act on one object: a button, a page with a form, one call of a service."""

    name: str
    label: Text
    explanation: Text = ""
    done: Text
    # What the button says, if not the label.
    button: Text = ""
    permission = "change"
    form_class: type[forms.Form] = forms.Form
    refusals: tuple[type[Exception], ...] = (LendingError,)

    def is_offered(self, obj: Any) -> bool:  # noqa: ARG002
        """Whether the act makes sense for the object as it stands."""
        return True

    def form_for(self, obj: Any, data: Any = None) -> forms.Form:  # noqa: ARG002
        """Return the form that the page shows."""
        return self.form_class(data)

    def perform(self, obj: Any, values: dict[str, Any], author: str) -> str | None:
        """Call the service; a secret that is returned is shown, this once."""
        raise NotImplementedError


class BackOfficeAdmin(OfferedListAdmin):
    """Lists that stay quick, no deletion, sections and object actions."""

    actions = None
    paginator = CappedPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 50
    change_form_template = "admin/detail_change_form.html"
    object_actions: Sequence[ObjectAction] = ()
    # Searches in place of `search_fields`, which then only make the box appear.
    find: Callable[[models.QuerySet, str], models.QuerySet] | None = None

    def has_delete_permission(
        self,
        request: HttpRequest,  # noqa: ARG002
        obj: Any = None,  # noqa: ARG002
    ) -> bool:
        """Refuse: the book and the evidence are kept."""
        return False

    def sections(self, request: HttpRequest, obj: Any) -> list[Section]:  # noqa: ARG002
        """Return the tables of an object's page."""
        return []

    def links(self, request: HttpRequest, obj: Any) -> list[Link]:  # noqa: ARG002
        """Return the buttons of an object's page that lead to other pages."""
        return []

    def standing(self, obj: Any) -> list[str]:  # noqa: ARG002
        """Return the sentences above an object's fields: how it stands, what to do."""
        return []

    def headline(self, obj: Any) -> str:
        """Name an object at the top of its page."""
        return str(obj)

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Any:
        """Find an object; what no database can hold is no key of one."""
        if "\x00" in object_id:
            return None
        return super().get_object(request, object_id, from_field)

    def get_search_results(
        self, request: HttpRequest, queryset: models.QuerySet, search_term: str
    ) -> tuple[models.QuerySet, bool]:
        """Search the page's own way, if it has one."""
        if self.find is None:
            return super().get_search_results(request, queryset, search_term)
        return self.find(queryset, searched(search_term).strip()), False

    def may_act(self, request: HttpRequest, action: ObjectAction) -> bool:
        """Whether the user may perform an act at all."""
        codename = f"{action.permission}_{self.opts.model_name}"
        return self.has_view_permission(request) and request.user.has_perm(
            f"{self.opts.app_label}.{codename}"
        )

    def get_urls(self) -> list[URLPattern]:
        """Add an address for each object action."""
        own = [
            path(
                f"<path:object_id>/{action.name}/",
                self.admin_site.admin_view(partial(self.action_view, action=action)),
                name=self._url_name(action),
            )
            for action in self.object_actions
        ]
        return [*own, *super().get_urls()]

    def _url_name(self, action: ObjectAction) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_{action.name}"

    def action_view(
        self, request: HttpRequest, object_id: str, *, action: ObjectAction
    ) -> HttpResponse:
        """Ask what an act needs to know, perform it, and go back to the object."""
        obj = self.get_object(request, unquote(object_id))
        if not self.may_act(request, action):
            raise PermissionDenied
        if obj is None:
            return self._get_obj_does_not_exist_redirect(  # type: ignore[attr-defined, no-any-return]
                request, self.opts, object_id
            )
        is_post = request.method == "POST"
        back = HttpResponseRedirect(object_url(obj))
        if not is_post and not action.is_offered(obj):
            self.message_user(
                request, _("That is not possible any more."), messages.WARNING
            )
            return back
        form = action.form_for(obj, request.POST if is_post else None)
        # A link may name what is to be filled in.
        form.initial.update(request.GET.dict())
        if is_post and form.is_valid():
            try:
                secret = action.perform(obj, form.cleaned_data, author(request))
            except action.refusals as refusal:
                show_refusal(form, refusal)
            else:
                if secret:
                    return self.show_once(request, obj, secret, str(action.done))
                self.message_user(request, str(action.done), messages.SUCCESS)
                return HttpResponseRedirect(self.address_after(obj, action))
        shown = {"action": action, "form": form, "back": back.url}
        context = self._context(request, obj, action.label) | shown
        return TemplateResponse(request, "admin/object_action.html", context)

    def address_after(self, obj: Any, action: ObjectAction) -> str:  # noqa: ARG002
        """Return the address of the page that follows an act."""
        return object_url(obj)

    def show_once(
        self, request: HttpRequest, obj: Any, secret: str, title: str
    ) -> HttpResponse:
        """Show a secret on a page of its own, which nothing keeps."""
        shown = {"secret": secret, "back": object_url(obj)}
        context = self._context(request, obj, title) | shown
        return TemplateResponse(request, "admin/secret_once.html", context)

    def _context(self, request: HttpRequest, obj: Any, title: Text) -> dict[str, Any]:
        return {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "original": obj,
            "title": title,
            "subtitle": self.headline(obj),
        }

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Add the sections and the buttons to the page of an object."""
        obj = kwargs.get("obj")
        if obj is not None and obj.pk:
            context["subtitle"] = self.headline(obj)
            context["standing"] = self.standing(obj)
            acts = done_here(obj)
            context["sections"] = self.sections(request, obj) + acts
            context["links"] = self.links(request, obj) + self._buttons(request, obj)
            if acts and request.user.has_perm("lending.view_auditentry"):
                context["links"] += [Link(_("All that was done"), self.trail_of(obj))]
            if not context["adminform"].form.fields:
                # Nothing can be edited, so there is nothing to save.
                context["show_save"] = context["show_save_and_continue"] = False
                context["show_save_and_add_another"] = False
        return super().render_change_form(request, context, *args, **kwargs)

    def trail_of(self, obj: Any) -> str:
        """Return the address of what was done to an object, and by whom."""
        about = {"type": self.opts.label_lower, "key": obj.pk}
        return f"{reverse(TRAIL)}?{urlencode(about)}"

    def history_view(
        self,
        request: HttpRequest,
        object_id: str,
        extra_context: dict[str, Any] | None = None,  # noqa: ARG002
    ) -> HttpResponse:
        """Lead to the trail, which is the history of everything."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        obj = self.get_object(request, unquote(object_id))
        return HttpResponseRedirect(self.trail_of(obj) if obj else reverse(TRAIL))

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Log nothing: the service that stored it has written the trail."""

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Log nothing: the service that stored it has written the trail."""

    def _buttons(self, request: HttpRequest, obj: Any) -> list[Link]:
        return [
            Link(action.label, reverse(f"admin:{self._url_name(action)}", args=[key]))
            for action in self.object_actions
            if self.may_act(request, action) and action.is_offered(obj)
            for key in [quote(obj.pk)]
        ]


class ReadOnlyAdmin(BackOfficeAdmin):
    """Rows that are looked at; what may be done with them is an object action."""

    # Of these fields those are shown that say something.
    quiet_fields: tuple[str, ...] = ()

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Leave out quiet fields that are empty or no."""
        return [
            name
            for name in super().get_fields(request, obj)
            if name not in self.quiet_fields or getattr(obj, str(name), None)
        ]

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002
        """Refuse: the product makes these rows."""
        return False

    def has_change_permission(
        self,
        request: HttpRequest,  # noqa: ARG002
        obj: Any = None,  # noqa: ARG002
    ) -> bool:
        """Refuse: a form must not change them."""
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        """Let those look who may view, or may act."""
        return may_see(request, self.model)


def may_see(request: HttpRequest, model: type[models.Model]) -> bool:
    """Whether the user may view rows of a model, or act on them."""
    app, name = model._meta.app_label, model._meta.model_name
    return any(
        request.user.has_perm(f"{app}.{may}_{name}") for may in ("view", "change")
    )


def done_here(obj: models.Model) -> list[Section]:
    """Return the section of what was done to an object, if anything was."""
    entries = AuditEntry.objects.about(obj)[:MOST_ACTS]
    rows = [
        (
            formats.instant(entry.at),
            wording.sentence(entry),
            "; ".join(wording.changes(entry)) or wording.NOTHING,
            entry.reason or wording.NOTHING,
            entry.actor,
        )
        for entry in entries
    ]
    columns = (_("When"), _("What"), _("Change"), _("Why"), _("By"))
    title = _("What was done here")
    return [Section(title=title, columns=columns, rows=rows)] if rows else []


def author(request: HttpRequest) -> str:
    """Name the user for the record."""
    return f"user:{request.user.get_username()}"


def object_url(obj: models.Model) -> str:
    """Return the address of an object's page."""
    names = f"admin:{obj._meta.app_label}_{obj._meta.model_name}_change"
    return reverse(names, args=[quote(obj.pk)])


def date_field(**options: Any) -> forms.DateField:
    """Return a date field that the browser helps to fill in."""
    widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    return forms.DateField(widget=widget, **options)
