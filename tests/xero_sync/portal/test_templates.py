"""No template of the borrowers' pages is left that a walk over them has not shown."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.core.cache import cache
from django.test import Client
from django.test.signals import template_rendered
from django.urls import reverse

from tests.xero_sync.commands.worlds import record_drawdown, set_up
from tests.xero_sync.portal.journeys import Customer, Visitor, path_of
from tests.xero_sync.portal.test_pseudo_language import addresses
from xero_sync.borrowers import links, refusals
from xero_sync.connections import switches
from xero_sync.models import Connection
from xero_sync.models.links import LinkRole
from xero_sync.models.wishes import BorrowerWish, WishAct, WishState
from xero_sync.portal import entry
from xero_sync.runtime.clock import database_now

pytestmark = pytest.mark.django_db
FOLDER = Path(django_settings.BASE_DIR) / "templates"


@contextmanager
def rendered() -> Iterator[set[str]]:
    """The names of all templates rendered in the block, included ones as well."""
    names: set[str] = set()

    def note(template, **_):
        names.add(template.name)

    template_rendered.connect(note)
    try:
        yield names
    finally:
        template_rendered.disconnect(note)


def walk(visitor):
    for address in addresses(visitor):
        assert visitor.get(address).status_code < 500, address


def before_a_sitting(visitor, monkeypatch):
    """What somebody meets whose link opens nothing, or who asks too often."""
    long_ago = database_now() - timedelta(days=400)
    address = path_of(links.make(company=visitor.company, made_by="test", now=long_ago))
    monkeypatch.setattr(entry, "A_MINUTE", 0)
    for one in (address, "/c/my/", "/c/my/no-such-page/"):
        Client().get(one)
    asked = {"reference": "harbour", "email": "jane@harbour.example"}
    Client().post(reverse("customer-entry"), asked)


def to_xero_and_back(customer):
    """With the browser that left, and with another."""
    returned = customer.consent(customer.click()["Location"])
    customer.see(returned)
    Client().get(path_of(returned))


def from_an_old_tab(customer):
    """Send a form whose page was about another company than the visit is by now."""
    customer.press(reverse("customer-posting"), {"about": "another"})


def refused(connection):
    BorrowerWish.objects.create(
        connection=connection,
        act=WishAct.DISCONNECT,
        asked_by="test",
        asked_at=database_now(),
        state=WishState.REFUSED,
        state_since=database_now(),
        refusal=refusals.UNKNOWN,
    )


def test_each_template_is_shown_by_a_walk_over_the_pages(codat, settings, monkeypatch):
    there = {
        str(path.relative_to(FOLDER)) for path in (FOLDER / "customer").rglob("*.html")
    }
    with rendered() as shown:
        newcomer = Customer(codat=codat)
        walk(newcomer)
        to_xero_and_back(newcomer)
        before_a_sitting(newcomer, monkeypatch)

        connection = codat.adopt()
        customer = Customer(codat=codat, company=connection.company)
        walk(customer)
        from_an_old_tab(customer)
        customer.see(reverse("customer-question", args=["lender"]), q="bank")
        codat.choose(connection)
        customer.see(reverse("customer-accounts-progress"))
        set_up()
        record_drawdown(customer.company)
        refused(connection)
        walk(customer)
        walk(Visitor(customer.company, role=LinkRole.ACCOUNTANT))
        switches.switch_writeback(
            connection=connection,
            on=True,
            switched_by="test",
            now=database_now(),
            held_events="publish",
        )
        customer.see(reverse("customer-posting"))
        Connection.objects.update(organisation_changed=True, organisation_name="Other")
        customer.see(reverse("customer-organisation"))
        Connection.objects.update(organisation_changed=False)
        settings.CODAT_BASE_URL = "http://127.0.0.1:1"
        # What was read a moment ago would be shown still.
        cache.clear()
        customer.see(reverse("customer-question", args=["bank"]), status=503)

    assert there - shown == set()
