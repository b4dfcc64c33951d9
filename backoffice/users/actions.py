"""What an administrator does for somebody who cannot come in."""

from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.utils.translation import gettext_lazy as _

from backoffice.users import second_factor, sign_in
from lending.admin.base import ObjectAction


class ReasonForm(forms.Form):
    """Why it is done."""

    reason = forms.CharField(
        label=_("Why"), max_length=500, help_text=_("It stays on the trail.")
    )


class ResetSecondFactor(ObjectAction):
    """Take somebody's second factor away."""

    name = "reset-second-factor"
    label = _("Take the second factor away")
    explanation = _(
        "For a lost phone. First make sure that it is they who ask. Their sessions "
        "end, and they set up another one when they next sign in with their password."
    )
    done = _("The second factor was taken away.")
    form_class = ReasonForm

    def is_offered(self, obj: User) -> bool:
        """Offer it where there is one."""
        return second_factor.is_set_up(obj)

    def perform(self, obj: User, values: dict[str, Any], author: str) -> None:
        """Take it away."""
        second_factor.reset(obj, by=author, reason=values["reason"])


class Unlock(ObjectAction):
    """Let somebody try again who has typed too many wrong passwords."""

    name = "unlock"
    label = _("Let try again to sign in")
    explanation = _(
        "After too many wrong passwords a name is locked for a quarter of an hour. "
        "This lets them try again at once."
    )
    done = _("They may try again.")
    form_class = ReasonForm

    def is_offered(self, obj: User) -> bool:
        """Offer it while there are failures to forget."""
        return sign_in.has_failed(obj)

    def perform(self, obj: User, values: dict[str, Any], author: str) -> None:
        """Forget the failures."""
        sign_in.unlock(obj, by=author, reason=values["reason"])
