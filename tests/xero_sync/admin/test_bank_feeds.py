"""Bank feeds in the admin: where they stand, what waits, and what a person may do."""

import re

import pytest
from django.urls import reverse

from tests.backoffice.admin.rows import make_evidence, operator, page, superuser
from tests.trail import entries
from tests.xero_sync.commands.conftest import codat as codat
from tests.xero_sync.commands.worlds import record_drawdown
from xero_sync.models import (
    Connection,
    LenderAccount,
    MissingLine,
    SyncRecord,
)

pytestmark = pytest.mark.django_db

ACTS = (
    "connect",
    "give-feed",
    "look",
    "start-date",
    "rename",
    "balance",
    "disconnect",
    "close",
)


@pytest.fixture
def account(codat):
    connection = codat.ready()
    return connection.lender_accounts.get()


def act(name, account):
    return page(LenderAccount, name, account.pk)


def shown(client, url):
    return re.sub(r"\s+", " ", client.get(url).content.decode())


def of_page(client, account):
    return shown(client, page(LenderAccount, "change", account.pk))


def offered(client, account):
    content = of_page(client, account)
    return {name for name in ACTS if f'{act(name, account)}"' in content}


def now(account):
    account.refresh_from_db()
    return account


def test_an_account_that_is_not_in_xero_yet_is_offered_no_feed(account):
    client = operator("xero_sync.change_lenderaccount")
    LenderAccount.objects.update(source_account_id="", feed_status="none")
    assert "give-feed" in offered(client, account)

    LenderAccount.objects.update(target_account_id="")

    assert "give-feed" not in offered(client, account)


def test_a_feed_is_cut_and_connected_again(account):
    client = operator("xero_sync.change_lenderaccount")
    connected = {"look", "start-date", "rename", "disconnect", "close"}
    assert offered(client, account) == connected

    client.post(act("disconnect", account))
    assert now(account).feed_status == "disconnected"
    assert "connect it again and they go in order" in of_page(client, account)
    assert offered(client, account) == connected - {"disconnect"} | {
        "connect",
        "balance",
    }
    client.post(act("connect", account), {"target_account_id": ""})

    assert now(account).feed_status == "connected"
    done = {(one.verb, one.actor) for one in entries("feed.", about=account)}
    ours = {("feed.disconnected", "user:anna"), ("feed.connected", "user:anna")}
    assert ours <= done
    assert "What was done here" in of_page(client, account)


def test_what_xero_offers_is_offered_and_no_number_is_shown(account):
    client = superuser()
    client.post(act("disconnect", account))

    form = shown(client, act("connect", account))

    assert "The account it had" in form
    assert "Business Current Account" in form
    assert "12345678" not in form + of_page(client, account)


def test_what_codat_refuses_is_said_on_the_page(account, codat):
    client = superuser()
    client.post(act("disconnect", account))
    codat.sandbox.faults.add("status_403", match="POST .*/mapping$")

    answer = client.post(act("connect", account), {"target_account_id": ""})

    assert "takes no automated bank feeds" in answer.content.decode()
    assert Connection.objects.get().feed_refusal == "invalid-organisation-bank-feeds"
    assert "takes no automated bank feeds" in of_page(client, account)
    assert "Xero refuses the bank feed of 1 connection" in shown(
        client, reverse("admin:index")
    )


def test_it_is_renamed_given_a_start_and_a_balance(account):
    client = superuser()

    client.post(act("rename", account), {"name": "Harbour Finance"})
    client.post(act("start-date", account), {"starts_on": "2026-01-31"})
    client.post(act("disconnect", account))
    client.post(act("balance", account), {"balance": "-12.50"})

    now(account)
    assert account.name == "Harbour Finance"
    assert str(account.feed_start_date) == "2026-01-31"
    assert account.opening_balance == -12.5


def test_it_is_closed_only_for_the_name_that_was_typed(account):
    client = superuser()
    wrong = client.post(act("close", account), {"confirmation": "Something"})
    assert wrong.context["form"].errors
    assert now(account).feed_status == "connected"

    client.post(act("close", account), {"confirmation": account.name})

    assert now(account).feed_status == "closed"
    assert offered(client, account) == set()


def test_lines_that_are_not_in_xero_are_listed_with_their_age_and_remedy(
    account, codat
):
    record_drawdown(account.connection.company)
    line = SyncRecord.objects.get(step="statement_line")
    SyncRecord.objects.filter(pk=line.pk).update(
        state="failed", reason="refused_by_xero", failure="invalid-end-balance: no."
    )
    client = operator("xero_sync.view_missingline", "xero_sync.view_lenderaccount")

    listed = shown(client, page(MissingLine, "changelist"))

    assert line.event.external_id in listed
    assert "Mend what Xero names" in listed
    for move, count in {"refused": 1, "waiting": 0, "under_way": 0}.items():
        url = page(MissingLine, "changelist") + f"?move={move}"
        assert shown(client, url).count(line.event.external_id) == count
    assert "0 minutes" in listed.replace("\xa0", " ").replace("&nbsp;", " ")


def test_lines_that_the_feed_does_not_reach_are_on_no_list(account):
    record_drawdown(account.connection.company)
    SyncRecord.objects.filter(step="statement_line").update(
        state="held", reason="before_feed_start"
    )

    assert not SyncRecord.objects.missing_lines().exists()


def test_who_may_only_look_cannot_act():
    account = make_evidence().company.connections.get().lender_accounts.get()
    client = operator("xero_sync.view_lenderaccount")

    assert offered(client, account) == set()
    for name in ("connect", "disconnect", "rename", "close", "look"):
        assert client.post(act(name, account)).status_code == 403
