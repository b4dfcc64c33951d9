"""The four things that a borrower does once, and how far they are with each."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from django.urls import reverse
from django.utils.translation import gettext as _

from lending import formats
from lending.models import Company
from xero_sync.borrowers import account_matters
from xero_sync.borrowers.wording import (
    Code,
    code_of,
    latest_connection,
    latest_connections,
)
from xero_sync.models import Connection
from xero_sync.models.setups import SetupState
from xero_sync.writeback import readiness
from xero_sync.xero_app import scopes


class Standing(StrEnum):
    """How far a task is; the values are classes of the style sheet."""

    DONE = "good"
    NOW = "way"
    PROBLEM = "wait"
    LATER = "none"


@dataclass(frozen=True)
class Task:
    """One task; `address` is the name of its page, empty where it has to wait."""

    title: str
    hint: str
    standing: Standing
    tag: str
    address: str = ""

    @property
    def is_open(self) -> bool:
        """Whether it is to be done now."""
        return self.standing in {Standing.NOW, Standing.PROBLEM}


@dataclass(frozen=True)
class _Facts:
    """What the tasks are derived from."""

    connection: Connection | None
    code: Code
    is_chosen: bool
    is_usable: bool
    # Of what is made in Xero for the last choice; empty if nothing is.
    setup_state: str = ""
    must_renew: bool = False

    @property
    def is_connected(self) -> bool:
        return self.code == Code.CONNECTED

    @property
    def is_on(self) -> bool:
        return self.connection is not None and self.connection.writeback_on


def of(company: Company) -> list[Task]:
    """Return the four tasks of a company, in their order."""
    facts = _facts(company)
    return [
        _connection(company, facts),
        _accounts(facts),
        _preview(facts),
        _posting(facts),
    ]


def connections_of(companies: Collection[Company]) -> list[tuple[Company, Task]]:
    """Return each company with the first of its tasks, from a few queries for all."""
    connections = latest_connections(companies)
    # As long as what we ask for is what it always was, nobody has to consent again.
    may_renew = bool(scopes.changes())
    found = []
    for company in companies:
        connection = connections.get(company.pk)
        facts = _Facts(
            connection,
            code_of(connection),
            is_chosen=False,
            is_usable=False,
            must_renew=may_renew and _must_renew(connection),
        )
        found.append((company, _connection(company, facts)))
    return found


def _must_renew(connection: Connection | None) -> bool:
    is_connected = code_of(connection) == Code.CONNECTED
    return bool(is_connected and connection and scopes.must_consent_again(connection))


def _facts(company: Company) -> _Facts:
    connection = latest_connection(company)
    code = code_of(connection)
    mapping = readiness.latest_mapping(connection) if connection else None
    is_there = mapping is not None and mapping.lender_account.void_since is None
    is_chosen = code == Code.CONNECTED and is_there
    gone = connection.unusable_account if connection else ""
    setup = connection.setups.order_by("begun_at", "pk").last() if connection else None
    state = setup.state if setup else ""
    return _Facts(
        connection,
        code,
        is_chosen,
        is_usable=is_chosen and not gone,
        setup_state=state,
        must_renew=_must_renew(connection),
    )


def first_address(company: Company) -> str:
    """Return the path to lead somebody to who was asked to do something.

    To the connection; to the question of what is gone in Xero; or to the accounts.
    """
    if code_of(latest_connection(company)) != Code.CONNECTED:
        return reverse("customer-connect")
    for one in account_matters.lost(company):
        return account_matters.words_of(one.choice).href
    return reverse("customer-accounts")


def _connection(company: Company, facts: _Facts) -> Task:
    title, connection = _("Connect your Xero"), facts.connection
    if facts.must_renew:
        hint = _("Reconnect needed")
        return Task(title, hint, Standing.PROBLEM, _("To do now"), "customer-connect")
    if facts.is_connected and connection:
        since = connection.consented_at
        hint = connection.organisation_name
        if since:
            hint = _("%(organisation)s, since %(day)s") % {
                "organisation": hint or _("Your organisation"),
                "day": formats.day(company.today(since)),
            }
        return Task(title, hint, Standing.DONE, _("Done"), "customer-connect")
    if facts.code == Code.ANOTHER_ORGANISATION:
        hint = _("Is this the right organisation?")
        return Task(
            title, hint, Standing.PROBLEM, _("To do now"), "customer-organisation"
        )
    if facts.code == Code.ENDED:
        return Task(title, _("The connection has ended."), Standing.LATER, _("Ended"))
    hint = _("In Xero you allow us to make the entries.")
    return Task(title, hint, Standing.NOW, _("To do now"), "customer-connect")


def _accounts(facts: _Facts) -> Task:
    title = _("Choose your accounts")
    if not facts.is_connected:
        return Task(title, _("A few questions"), Standing.LATER, _("Later"))
    if facts.setup_state == SetupState.RUNNING:
        hint = _("We are setting them up in Xero.")
        return Task(title, hint, Standing.NOW, _("Under way"), "customer-accounts")
    if facts.setup_state == SetupState.STOPPED:
        hint = _("Setting them up has stopped.")
        return Task(title, hint, Standing.PROBLEM, _("To do now"), "customer-accounts")
    if not facts.is_chosen:
        hint = _("A few questions")
        return Task(title, hint, Standing.NOW, _("To do now"), "customer-accounts")
    if not facts.is_usable:
        hint = _("One of them is no longer in your Xero.")
        return Task(title, hint, Standing.PROBLEM, _("To do now"), "customer-accounts")
    hint = _("You can change them at any time.")
    return Task(title, hint, Standing.DONE, _("Done"), "customer-accounts")


def _preview(facts: _Facts) -> Task:
    title = _("See what will be posted")
    hint = _("An example, or your own financing")
    if not facts.is_chosen:
        return Task(title, hint, Standing.LATER, _("Later"))
    standing = Standing.DONE if facts.is_on else Standing.LATER
    return Task(title, hint, standing, _("At any time"), "customer-preview")


def _posting(facts: _Facts) -> Task:
    title = _("Switch posting on")
    if facts.is_on:
        hint = _("You can switch it off at any time.")
        return Task(title, hint, Standing.DONE, _("On"), "customer-posting")
    hint = _("Nothing is posted before that.")
    if not facts.is_chosen:
        return Task(title, hint, Standing.LATER, _("Later"))
    return Task(title, hint, Standing.NOW, _("To do now"), "customer-posting")
