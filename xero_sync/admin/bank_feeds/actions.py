"""What a person may do about a lender account's bank feed."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lending.admin.base import ObjectAction, date_field
from xero_sync.bank_feeds import services as bank_feeds
from xero_sync.bank_feeds import source_accounts
from xero_sync.bank_feeds import status as feed_status
from xero_sync.codat.exceptions import CodatError, WritebackBlocked
from xero_sync.models import LenderAccount
from xero_sync.models.choices import FeedStatus
from xero_sync.runtime.clock import database_now
from xero_sync.writeback.paced_client import paced_client

FED = (FeedStatus.CONNECTED, FeedStatus.CONNECTING)


class FeedAction(ObjectAction):
    """An act on a bank feed: one call of a service that talks to Codat."""

    refusals = (WritebackBlocked, CodatError)
    service: Callable[..., object]

    def is_offered(self, obj: LenderAccount) -> bool:
        """Offer it for a feed that can still be acted on."""
        return bool(
            obj.source_account_id
            and obj.feed_status != FeedStatus.CLOSED
            and obj.void_since is None
            and obj.connection.deleted_at is None
        )

    def perform(self, obj: LenderAccount, values: dict[str, Any], author: str) -> None:
        """Call the service with what was typed."""
        with paced_client() as client:
            self.service(
                account=obj, client=client, by=author, now=database_now(), **values
            )


class LookNow(FeedAction):
    """Read the feed at Codat."""

    name = "look"
    label = gettext_lazy("Read it at Codat now")
    explanation = gettext_lazy(
        "A webhook or the daily check does so by itself. Lines that waited for the "
        "feed go on if it is connected."
    )
    done = gettext_lazy("The feed was read at Codat.")

    def perform(self, obj: LenderAccount, values: dict[str, Any], author: str) -> None:  # noqa: ARG002
        """Read it."""
        with paced_client() as client:
            feed_status.look(account=obj, client=client, now=database_now())


class ConnectForm(forms.Form):
    """The account in Xero that the feed brings its lines into."""

    target_account_id = forms.ChoiceField(
        label=gettext_lazy("Account in Xero"), required=False
    )

    def __init__(self, *args: Any, account: LenderAccount, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen = self.fields["target_account_id"]
        own = account.target_account_id
        first = _("The account it had") if own else _("A new account of its name")
        offered: list[tuple[str, str]] = []
        try:
            with paced_client() as client:
                found = bank_feeds.targets(account=account, client=client)
            offered = [(one.id, one.name) for one in found if one.id != own]
        except (WritebackBlocked, CodatError) as exc:
            chosen.help_text = _("The accounts could not be read: %(words)s") % {
                "words": exc.message
            }
        else:
            chosen.help_text = _(
                "Xero offers accounts of the feed's currency and kind. One that "
                "another company feeds is not among them: disconnect it there first."
            )
        chosen.choices = [("", first), *offered]  # type: ignore[attr-defined]


class Connect(FeedAction):
    """Connect the feed."""

    name = "connect"
    label = gettext_lazy("Connect the feed")
    explanation = gettext_lazy(
        "The feed is connected to an account in the borrower's Xero. Lines that waited "
        "are sent in order, each once."
    )
    done = gettext_lazy("The feed is connected, or Xero is about to connect it.")
    service = staticmethod(bank_feeds.connect)

    def is_offered(self, obj: LenderAccount) -> bool:
        """Offer it until it is connected."""
        return super().is_offered(obj) and obj.feed_status not in FED

    def form_for(self, obj: LenderAccount, data: Any = None) -> forms.Form:
        """Offer what Xero offers."""
        return ConnectForm(data, account=obj)


class Disconnect(FeedAction):
    """Cut the feed off."""

    name = "disconnect"
    label = gettext_lazy("Disconnect the feed")
    explanation = gettext_lazy(
        "At once no more lines go; they wait and are kept. The account in Xero stays, "
        "and the feed can be connected again."
    )
    done = gettext_lazy("The feed was disconnected.")
    service = staticmethod(bank_feeds.disconnect)

    def is_offered(self, obj: LenderAccount) -> bool:
        """Offer it while it is connected."""
        connected = (*FED, FeedStatus.ELSEWHERE)
        return super().is_offered(obj) and obj.feed_status in connected


class NameForm(forms.Form):
    """What the feed is called."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=source_accounts.NAME_CHARACTERS,
        help_text=gettext_lazy("The account in Xero keeps the name that it has."),
    )


class Rename(FeedAction):
    """Change the source account's name."""

    name = "rename"
    label = gettext_lazy("Rename")
    explanation = gettext_lazy("Change what the source account is called at Codat.")
    done = gettext_lazy("The source account was renamed.")
    service = staticmethod(bank_feeds.rename)

    def form_for(self, obj: LenderAccount, data: Any = None) -> forms.Form:
        """Begin with today's name."""
        return NameForm(data, initial={"name": obj.name})


class BalanceForm(forms.Form):
    """What the statement begins with."""

    balance = forms.DecimalField(
        label=gettext_lazy("Opening balance"), max_digits=16, decimal_places=4
    )


class SetBalance(FeedAction):
    """Change the opening balance."""

    name = "balance"
    label = gettext_lazy("Change the opening balance")
    explanation = gettext_lazy(
        "Only while the feed is not connected and no line stands on the statement."
    )
    done = gettext_lazy("The opening balance was changed.")
    service = staticmethod(bank_feeds.set_opening_balance)

    def is_offered(self, obj: LenderAccount) -> bool:
        """Offer it while the feed is not connected."""
        connected = (*FED, FeedStatus.ELSEWHERE)
        return super().is_offered(obj) and obj.feed_status not in connected

    def form_for(self, obj: LenderAccount, data: Any = None) -> forms.Form:
        """Begin with today's balance."""
        return BalanceForm(data, initial={"balance": obj.opening_balance})


class StartForm(forms.Form):
    """From when on lines go."""

    starts_on = date_field(
        label=gettext_lazy("Feed starts on"),
        required=False,
        help_text=gettext_lazy(
            "Lines with an earlier value date are never sent. Empty: all are."
        ),
    )


class SetStart(FeedAction):
    """Change the start date."""

    name = "start-date"
    label = gettext_lazy("Change the start date")
    explanation = gettext_lazy(
        "Neither Codat nor Xero keeps to a start date, so we do. Lines that are in "
        "Xero already stay there."
    )
    done = gettext_lazy("The start date was changed.")

    def form_for(self, obj: LenderAccount, data: Any = None) -> forms.Form:
        """Begin with today's date."""
        return StartForm(data, initial={"starts_on": obj.feed_start_date})

    def perform(self, obj: LenderAccount, values: dict[str, Any], author: str) -> None:
        """Change it."""
        feed_status.set_start(account=obj, by=author, now=database_now(), **values)


class GiveFeed(FeedAction):
    """Give a lender account its bank feed, now that there are any."""

    name = "give-feed"
    label = gettext_lazy("Give it a bank feed")
    explanation = gettext_lazy(
        "This account was there before bank feeds came. A source account with our "
        "configured numbers is made and connected to this same account in Xero. Lines "
        "from the start date on are sent in order."
    )
    done = gettext_lazy("The account has its bank feed.")
    form_class = StartForm

    def is_offered(self, obj: LenderAccount) -> bool:
        """Offer it for an account without one."""
        is_live = obj.connection.deleted_at is None and obj.void_since is None
        return is_live and bool(obj.target_account_id) and not obj.source_account_id

    def perform(self, obj: LenderAccount, values: dict[str, Any], author: str) -> None:
        """Make the source account, and connect it."""
        now = database_now()
        numbers = source_accounts.numbers_of(obj.connection)
        feed_status.set_start(account=obj, by=author, now=now, **values)
        with paced_client() as client:
            account = source_accounts.give_feed(
                account=obj, numbers=numbers, client=client
            )
            bank_feeds.connect(account=account, client=client, by=author, now=now)


class CloseForm(forms.Form):
    """The account's name, typed."""

    confirmation = forms.CharField(label=gettext_lazy("Name"), max_length=255)

    def __init__(self, *args: Any, name: str, waiting: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._name = name
        words = [_("Type %(name)s to confirm. It cannot be taken back.")]
        if waiting:
            words.append(_("%(waiting)d lines wait; they would never be sent."))
        self.fields["confirmation"].help_text = " ".join(words) % {
            "name": name,
            "waiting": waiting,
        }

    def clean_confirmation(self) -> str:
        """Ask for the very name."""
        typed: str = self.cleaned_data["confirmation"]
        if typed != self._name:
            raise forms.ValidationError(_("Type the name as it is shown."))
        return typed


class Close(FeedAction):
    """Delete the source account for good."""

    name = "close"
    label = gettext_lazy("Close the feed for good")
    explanation = gettext_lazy(
        "The source account and its mapping are deleted at Codat. The account in Xero "
        "stays, with what is on it. Later loans need the accounts chosen anew."
    )
    done = gettext_lazy("The feed was closed.")
    service = staticmethod(bank_feeds.close)

    def form_for(self, obj: LenderAccount, data: Any = None) -> forms.Form:
        """Ask for the name, and say what would be lost."""
        waiting = obj.sync_records.missing_lines().count()
        return CloseForm(data, name=obj.name, waiting=waiting)

    def perform(self, obj: LenderAccount, values: dict[str, Any], author: str) -> None:  # noqa: ARG002
        """Delete it; what was typed has done its work."""
        super().perform(obj, {}, author)
