"""How things stand, in a borrower's words.

Each state has a stable code, for whoever renders it, and the words in the language that
is active: a title, a few sentences, and what the button is called that leads to Xero,
if there is something to do there.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.urls import reverse
from django.utils.translation import gettext as _

from lending.models import Company
from xero_sync.models import BorrowerWish, Connection
from xero_sync.models.choices import ConnectionStatus
from xero_sync.runtime.clock import database_now
from xero_sync.xero_app import scopes


class Code(StrEnum):
    """What a borrower may have to hear about their connection."""

    NOT_CONNECTED = "not_connected"
    WAITING = "waiting"
    CONNECTED = "connected"
    WITHDRAWN = "withdrawn"
    UNLINKED = "unlinked"
    CONSENT_AGAIN = "consent_again"
    ENDED = "ended"
    ANOTHER_ORGANISATION = "another_organisation"
    NOT_AVAILABLE = "not_available"
    FULL = "full"
    UNREACHABLE = "unreachable"
    CUTTING = "cutting"


@dataclass(frozen=True)
class Words:
    """What a page says of one matter."""

    code: str
    title: str
    sentences: tuple[str, ...]
    button: str = ""
    is_good: bool = False
    # It may be otherwise in a moment, by itself.
    may_change: bool = False
    # The page that the button leads to, and the question there; none: the way to Xero.
    address: str = ""
    question: str = ""

    @property
    def href(self) -> str:
        """Where the button leads, if it is to a page of ours."""
        if not self.address:
            return ""
        return reverse(self.address, args=[self.question] if self.question else None)


STATUSES = {
    ConnectionStatus.PENDING_AUTH: Code.WAITING,
    ConnectionStatus.LINKED: Code.CONNECTED,
    ConnectionStatus.UNLINKED: Code.UNLINKED,
    ConnectionStatus.DEAUTHORIZED: Code.WITHDRAWN,
    ConnectionStatus.DELETED: Code.ENDED,
}
# What only a way to Xero can mend, which our own side may bar.
NEED_XERO = {Code.NOT_CONNECTED, Code.WAITING, Code.WITHDRAWN, Code.UNLINKED}

# What reaches an organisation, and can be cut.
LINKED = {Code.CONNECTED, Code.CONSENT_AGAIN, Code.ANOTHER_ORGANISATION}
# What takes longer than this is said to do so.
SOON = timedelta(minutes=1)


def latest_connection(company: Company) -> Connection | None:
    """Return the company's live connection, or the last one it had."""
    rows = company.connections.order_by("created_at")
    return rows.live().last() or rows.last()


def latest_connections(companies: Collection[Company]) -> dict[int, Connection]:
    """Return what `latest_connection` does for each of these, from one query.

    A company that never had one is not among them.
    """
    rows = Connection.objects.filter(company__in=companies).order_by("created_at")
    found: dict[int, Connection] = {}
    for is_live in (False, True):
        for one in rows:
            if (one.deleted_at is None) == is_live:
                found[one.company_id] = one
    return found


def standing(connection: Connection | None, *, barred: Code | None = None) -> Words:
    """Say how a company's connection stands, by what is stored of it.

    `barred` says why nobody is sent to Xero at the moment, if that is so.
    """
    code = code_of(connection)
    if connection is None or code in NEED_XERO:
        return of(barred or code)
    if code in LINKED and (wish := _being_cut(connection)):
        title = _("We are disconnecting your Xero")
        said = going_on(wish, now=database_now())
        return Words(Code.CUTTING, title, said, may_change=True)
    if code == Code.CONNECTED and scopes.must_consent_again(connection):
        return of(barred or Code.CONSENT_AGAIN)
    return of(
        code,
        organisation=connection.organisation_name,
        before=connection.previous_organisation_name,
    )


def _being_cut(connection: Connection) -> BorrowerWish | None:
    wishes = BorrowerWish.objects.open().filter(connection=connection)
    found: BorrowerWish | None = wishes.filter(lender_account=None).first()
    return found


def going_on(wish: BorrowerWish, *, now: datetime) -> tuple[str, ...]:
    """Say that a wish goes on without them, and whether it takes longer than usual."""
    by_itself = _("You can close this page: it goes on without you.")
    if now < wish.asked_at + SOON:
        return (_("This page looks again by itself."), by_itself)
    late = _("It takes longer than usual. We go on trying until Xero answers.")
    return (late, by_itself)


def code_of(connection: Connection | None) -> Code:
    """Return what a stored connection means to the borrower."""
    if connection is None:
        return Code.NOT_CONNECTED
    if connection.deleted_at is not None:
        return Code.ENDED
    code = STATUSES[ConnectionStatus(connection.status)]
    if code == Code.CONNECTED and connection.organisation_changed:
        return Code.ANOTHER_ORGANISATION
    return code


def of(code: Code, *, organisation: str = "", before: str = "") -> Words:
    """Return the words of a state; organisations are called as Xero calls them."""
    if code == Code.CONNECTED:
        return _connected(organisation)
    if code == Code.ANOTHER_ORGANISATION:
        return _another(organisation, before)
    title, sentences, button = _plain()[code]
    return Words(code, title, sentences, button)


def _connected(organisation: str) -> Words:
    title = (
        _("Connected to “%(organisation)s”") % {"organisation": organisation}
        if organisation
        else _("Your Xero is connected")
    )
    sentences = (
        _("Connecting by itself enters nothing in your books."),
        _("You can disconnect at any time in Xero, under “Connected apps”."),
    )
    return Words(Code.CONNECTED, title, sentences, is_good=True)


def _another(organisation: str, before: str) -> Words:
    if organisation and organisation == before:
        # They have come back from another one, or only the currency differs.
        return Words(
            Code.ANOTHER_ORGANISATION,
            _("We are checking your connection"),
            (
                _("Connected now: “%(organisation)s”.") % {"organisation": before},
                _(
                    "Your connection has changed. We make no entries until we have "
                    "checked that it leads to the right organisation. Nothing is lost."
                ),
            ),
        )
    sentences = []
    if before:
        was = _("Connected before: “%(organisation)s”.") % {"organisation": before}
        sentences.append(was)
    if organisation:
        now = _("Connected now: “%(organisation)s”.") % {"organisation": organisation}
        sentences.append(now)
    sentences += [
        _(
            "Your connection now leads to another organisation than before. So that "
            "nothing gets into the wrong books, we have stopped making entries."
        ),
        _("Please tell us whether this is intended, or which organisation is right."),
    ]
    title = _("Is this the right organisation?")
    return Words(Code.ANOTHER_ORGANISATION, title, tuple(sentences))


def _plain() -> dict[Code, tuple[str, tuple[str, ...], str]]:
    waits = _(
        "Until you reconnect we neither read nor enter anything there. Nothing is "
        "lost: what is still to be entered waits, and is entered in order afterwards."
    )
    return {
        Code.NOT_CONNECTED: (
            _("Your Xero is not connected yet"),
            (
                _(
                    "Connect it, and we can enter the payments and fees of your "
                    "financing in your books for you."
                ),
            ),
            _("Connect to Xero"),
        ),
        Code.WAITING: (
            _("Waiting for your permission in Xero"),
            (
                _("Nobody has allowed the connection in Xero yet."),
                _(
                    "If somebody else looks after your Xero, such as your accountant, "
                    "they can allow it with a link of their own. You can stop at any "
                    "time and continue later."
                ),
            ),
            _("Continue in Xero"),
        ),
        Code.WITHDRAWN: (
            _("Your Xero is no longer connected"),
            (_("Our access was withdrawn in Xero."), waits),
            _("Reconnect to Xero"),
        ),
        Code.UNLINKED: (
            _("Your Xero is disconnected"),
            (_("The connection was switched off here."), waits),
            _("Reconnect to Xero"),
        ),
        Code.CONSENT_AGAIN: (
            _("Reconnect needed"),
            (
                _("We need one more permission in Xero than you have given us."),
                _(
                    "To ask for it we disconnect first. Until you have reconnected "
                    "nothing is posted, and nothing is lost."
                ),
            ),
            _("Reconnect to Xero"),
        ),
        Code.ENDED: (
            _("The connection to your Xero has ended"),
            (
                _(
                    "We neither read nor enter anything there any more, and no longer "
                    "use what we have read."
                ),
                _("If you would like to connect again, please contact us."),
            ),
            "",
        ),
        Code.NOT_AVAILABLE: (
            _("Connecting is not possible at the moment"),
            (
                _("The way to Xero is switched off on our side."),
                _("Please try again later, or contact us."),
            ),
            "",
        ),
        Code.FULL: (
            _("We cannot connect another Xero at the moment"),
            (
                _(
                    "Xero limits how many customers we may connect, and the limit is "
                    "reached."
                ),
                _(
                    "Nothing is wrong on your side. Please contact us: we will tell "
                    "you as soon as it is possible."
                ),
            ),
            "",
        ),
        Code.UNREACHABLE: (
            _("That did not work just now"),
            (
                _(
                    "The service that leads to Xero did not answer. Nothing was "
                    "changed."
                ),
                _("Please try again in a few minutes. If it goes on, contact us."),
            ),
            _("Try again"),
        ),
    }
