"""The operators' page of a setup: its steps, its requests, and trying again."""

import pytest

from tests.backoffice.admin.rows import superuser
from tests.trail import entries
from tests.worlds import World
from tests.xero_sync.accounts.test_choice import begin
from tests.xero_sync.bank_feeds.worlds import new_borrower

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return World()


def page(run, leaf="change/"):
    return f"/admin/xero_sync/accountsetup/{run.pk}/{leaf}"


def test_steps_requests_and_attempts_are_shown_without_the_number(world):
    borrower = new_borrower(world)
    run = begin(borrower)
    world.set_up(run)

    client = superuser()
    shown = client.get(page(run)).content.decode()

    assert "Source account of the bank feed" in shown
    assert "bankFeedMappings" in shown
    assert "Attempt 1" in shown
    assert "12345678" not in shown
    connection = client.get(
        f"/admin/xero_sync/connection/{borrower.connection_row.pk}/change/"
    )
    assert page(run) in connection.content.decode()


def test_one_that_stopped_goes_on_by_an_operator_and_that_is_on_record(world):
    borrower = new_borrower(world)
    run = begin(borrower)
    world.sandbox.faults.add("push_fails", match="suppliers", message="Not today.")
    world.set_up(run)
    client = superuser()
    assert "Not today." in client.get(page(run)).content.decode()
    assert page(run, "try-again/") in client.get(page(run)).content.decode()

    client.post(page(run, "try-again/"))
    run.refresh_from_db()

    assert run.state == "running"
    (act,) = entries("setup.tried_again")
    assert act.actor.startswith("user:")
    assert world.set_up(run).version == 1
    assert page(run, "try-again/") not in client.get(page(run)).content.decode()
