"""The form in which an administrator says who somebody is and what they may do."""

from typing import Any

from django import forms
from django.contrib.auth.forms import UserChangeForm
from django.contrib.auth.models import Group, User
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.users import roles


class UserForm(UserChangeForm):
    """Refuses to give more than its user has, and to bar oneself."""

    # Whoever fills it in; the page says so.
    changed_by: User

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        chosen: Any = self.fields.get("groups")
        if chosen is not None:
            chosen.label = gettext_lazy("Roles")
            chosen.help_text = gettext_lazy("“manage.py roles” makes them.")
            chosen.widget = forms.CheckboxSelectMultiple(choices=chosen.choices)
        if "is_active" in self.fields:
            self.fields["is_active"].help_text = gettext_lazy(
                "Off: barred. Nobody is deleted, as what they did stays theirs."
            )

    def clean_groups(self) -> QuerySet[Group]:
        """Refuse a role that may more than who gives it."""
        chosen: QuerySet[Group] = self.cleaned_data["groups"]
        beyond = [
            one.name for one in chosen if not roles.may_give(self.changed_by, one)
        ]
        if beyond:
            words = _("You may not give %(roles)s: it may more than you may.")
            raise forms.ValidationError(words % {"roles": ", ".join(sorted(beyond))})
        return chosen

    def clean_is_active(self) -> bool:
        """Refuse to bar oneself: nobody might be left to undo it."""
        is_active: bool = self.cleaned_data["is_active"]
        if not is_active and self.instance.pk == self.changed_by.pk:
            raise forms.ValidationError(_("You cannot bar yourself."))
        return is_active
