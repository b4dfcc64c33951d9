"""What a person may record about the lender's Xero app; each act calls one service."""

from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from lending.admin.base import ObjectAction, Text
from xero_sync.admin.xero_app.forms import (
    NOW,
    ApprovalForm,
    KeysForm,
    LinksForm,
    PastedForm,
    RegistrationForm,
    WhenForm,
)
from xero_sync.codat.exceptions import XeroSyncError
from xero_sync.models import XeroApp
from xero_sync.runtime.clock import database_now
from xero_sync.writeback.paced_client import paced_client
from xero_sync.xero_app import keys, registration, toggles


class AppAction(ObjectAction):
    """An act on the app's record."""

    refusals = (XeroSyncError,)
    # The fields of the record that the form begins with.
    shown: ClassVar[tuple[str, ...]] = ()

    def form_for(self, obj: XeroApp, data: Any = None) -> forms.Form:
        """Begin with what is recorded."""
        initial = {name: getattr(obj, name) for name in self.shown}
        return self.form_class(data, initial=initial, **self.form_options(obj))

    def form_options(self, obj: XeroApp) -> dict[str, Any]:  # noqa: ARG002
        """Return what else the form needs to know."""
        return {}

    def perform(self, obj: XeroApp, values: dict[str, Any], author: str) -> str | None:  # noqa: ARG002
        """Call the service."""
        return self.act(values, {"changed_by": author, "now": database_now()})

    def act(self, values: dict[str, Any], signed: dict[str, Any]) -> str | None:
        """Call the service with what was typed, by whom and when."""
        raise NotImplementedError


class Register(AppAction):
    """Record the app."""

    name = "register"
    label = _("Record or change the app")
    explanation = _("As it stands in Xero's dialog “Add a new app”.")
    done = _("The app was saved.")
    button = _("Save")
    form_class = RegistrationForm
    shown = ("name", "company_url", "app_email")

    def act(self, values: dict[str, Any], signed: dict[str, Any]) -> None:
        """Save it."""
        registration.save_registration(**values, **signed)


class SaveLinks(AppAction):
    """Record the links."""

    name = "links"
    label = _("Record or change the links")
    explanation = _(
        "The https:// links that stand on the app's “App details” page in Xero."
    )
    done = _("The links were saved.")
    button = _("Save")
    form_class = LinksForm
    shown = ("privacy_url", "terms_url")

    def act(self, values: dict[str, Any], signed: dict[str, Any]) -> None:
        """Save them."""
        registration.save_links(**values, **signed)


class SaveKeys(AppAction):
    """Record the keys."""

    name = "keys"
    label = _("Record or replace the keys")
    explanation = _(
        "From the app's “Configuration” page in Xero. Nothing is trimmed: a key with a "
        "space, a tab or a line break in it is refused, and you are told where it is. "
        "The secret is stored encrypted and erased here once Codat has it."
    )
    done = _("The keys were saved.")
    button = _("Save")
    form_class = KeysForm
    shown = ("client_id",)

    def form_options(self, obj: XeroApp) -> dict[str, Any]:
        """Tell which secret is recorded."""
        return {"app": obj}

    def act(self, values: dict[str, Any], signed: dict[str, Any]) -> None:
        """Save them."""
        keys.save_keys(**values, **signed)


class Reveal(AppAction):
    """Show the client secret; before it, the page asks once more who somebody is."""

    name = "reveal"
    label = _("Show the client secret")
    explanation = _("That you have seen the secret is recorded.")
    done = _("The client secret")
    permission = "reveal"

    def is_offered(self, obj: XeroApp) -> bool:
        """Offer it while the secret is kept."""
        return bool(obj.sealed_secret)

    def perform(self, obj: XeroApp, values: dict[str, Any], author: str) -> str:  # noqa: ARG002
        """Return it."""
        return keys.reveal(shown_to=author, now=database_now())


class MarkPasted(AppAction):
    """Say that Codat has the keys."""

    name = "pasted"
    label = _("The keys are in Codat's portal")
    explanation = _(
        "The client secret is then erased here, for good. Should it ever be needed "
        "again, generate a new one in Xero."
    )
    done = _("That was recorded, and the client secret was erased here.")
    form_class = PastedForm

    def is_offered(self, obj: XeroApp) -> bool:
        """Offer it while there is something to paste."""
        return not keys.missing(obj) and obj.pasted_at is None

    def form_for(self, obj: XeroApp, data: Any = None) -> forms.Form:
        """Name the secret that is meant."""
        return PastedForm(data, initial={"ending": obj.secret_ending, "pasted": False})

    def act(self, values: dict[str, Any], signed: dict[str, Any]) -> None:
        """Erase the secret."""
        keys.mark_pasted(ending=values["ending"], **signed)


class Toggle(AppAction):
    """An act after which Codat is asked what it says itself."""

    def perform(self, obj: XeroApp, values: dict[str, Any], author: str) -> None:
        """Store it, then look; a failure to look is stored as well and shown."""
        super().perform(obj, values, author)
        try:
            ask_codat()
        except XeroSyncError:
            return


def ask_codat() -> None:
    """Read at Codat whether the integration is enabled."""
    with paced_client() as client:
        toggles.look(client=client, now=database_now())


class Enable(Toggle):
    """Ask whether to enable the integration now or later."""

    name = "enable"
    label = _("Enable Xero: now or later?")
    explanation = _("Choose the same here as in Codat's portal.")
    done = _("Your choice was saved.")
    button = _("Save")
    form_class = WhenForm

    def is_offered(self, obj: XeroApp) -> bool:
        """Offer it where it is not on."""
        return obj.integration_on is not True

    def act(self, values: dict[str, Any], signed: dict[str, Any]) -> None:
        """Switch it on, or say that it is to stay off."""
        toggles.switch_integration(on=values["when"] == NOW, **signed)


class Disable(Toggle):
    """Switch the integration off."""

    name = "disable"
    label = _("Switch Xero off")
    explanation = _(
        "No borrower is sent to Xero any more; those who are connected stay so, and "
        "their data stays readable. Switch it off in Codat's portal as well."
    )
    done = _("Xero was switched off here.")

    def is_offered(self, obj: XeroApp) -> bool:
        """Offer it where it is on."""
        return obj.integration_on is True

    def act(self, values: dict[str, Any], signed: dict[str, Any]) -> None:  # noqa: ARG002
        """Switch it off."""
        toggles.switch_integration(on=False, **signed)


class Look(AppAction):
    """Ask Codat."""

    name = "look"
    label = _("Ask Codat now")
    explanation = _("Codat is asked whether Xero is enabled for you.")
    done = _("Codat was asked.")

    def act(self, values: dict[str, Any], signed: dict[str, Any]) -> None:  # noqa: ARG002
        """Look."""
        ask_codat()


class Approve(AppAction):
    """Say that Xero has enabled bank feeds for the app."""

    name = "approve-feeds"
    label = _("Record Xero's approval")
    explanation = _(
        "Record that Xero has enabled its Bank Feeds API for your registered app. "
        "This is Xero's decision; without it every statement line is refused."
    )
    done = _("Xero's approval was recorded.")
    form_class = ApprovalForm

    def is_offered(self, obj: XeroApp) -> bool:
        """Offer it where no approval is recorded."""
        return obj.bank_feeds_approved_on is None

    def act(self, values: dict[str, Any], signed: dict[str, Any]) -> None:
        """Store the date."""
        toggles.approve_bank_feeds(**values, **signed)


class Withdraw(AppAction):
    """Say that Xero has not enabled bank feeds, or no longer."""

    name = "withdraw-feeds"
    label = _("Xero's approval is gone")
    explanation = _("Bank feeds are switched off with it; statement lines wait.")
    done = _("It was recorded that there is no approval.")

    def is_offered(self, obj: XeroApp) -> bool:
        """Offer it where an approval is recorded."""
        return obj.bank_feeds_approved_on is not None

    def act(self, values: dict[str, Any], signed: dict[str, Any]) -> None:  # noqa: ARG002
        """Take it back."""
        toggles.withdraw_bank_feeds(**signed)


class BankFeedsOn(AppAction):
    """Switch bank feeds on."""

    name = "feeds-on"
    label = _("Switch bank feeds on")
    explanation: Text = _(
        "First switch Bank Feeds on under “Manage” in Codat's portal and save the page "
        "there: saving validates it."
    )
    done = _("Bank feeds were switched on here.")
    on = True

    def is_offered(self, obj: XeroApp) -> bool:
        """Offer it where it changes something; what nobody recorded is neither."""
        return obj.bank_feeds_on is not self.on

    def act(self, values: dict[str, Any], signed: dict[str, Any]) -> None:  # noqa: ARG002
        """Switch them."""
        toggles.switch_bank_feeds(on=self.on, **signed)


class BankFeedsOff(BankFeedsOn):
    """Switch bank feeds off."""

    name = "feeds-off"
    label = _("Switch bank feeds off")
    explanation = _("Statement lines wait until bank feeds are on again.")
    done = _("Bank feeds were switched off here.")
    on = False
