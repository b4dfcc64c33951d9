"""Keys, limits and manners."""

from datetime import timedelta

import pytest

from tests.xero_sync.sandbox.builders import Borrower, authorization, new_key


@pytest.mark.parametrize("header", [{}, {"Authorization": "Basic bm90LWl0"}])
def test_without_the_key_nothing_is_answered(header):
    borrower = Borrower()

    reply = borrower.sandbox.handle("GET", borrower.path, header)

    assert reply.status == 401
    assert reply.json()["error"] == "Unauthorized"


def test_a_key_that_is_not_entitled_is_forbidden():
    borrower = Borrower()
    borrower.sandbox.keyring.not_entitled.add("old-key")

    reply = borrower.call("GET", borrower.path, Authorization=authorization("old-key"))

    assert reply.status == 403


def test_an_error_has_the_documented_shape():
    borrower = Borrower()

    body = borrower.get(f"/companies/{new_key()}").json()

    assert body["statusCode"] == 404
    assert body["canBeRetried"] == "Unknown"
    assert {"service", "error", "correlationId", "detailedErrorCode"} <= set(body)


def test_every_answer_tells_the_state_of_the_daily_quota():
    borrower = Borrower()

    reply = borrower.get(borrower.path)

    assert reply.headers["X-Rate-Limit-Limit"] == "2000"
    assert reply.headers["X-Rate-Limit-Remaining"] == "1999"
    assert reply.headers["X-Rate-Limit-Reset"].startswith("2026-06-02T00:00:00")


def test_the_daily_quota_runs_out_and_comes_back_at_midnight():
    borrower = Borrower(webhook_url="http://127.0.0.1/hook")
    borrower.sandbox.faults.add("quota", remaining=1)

    used = borrower.get(borrower.path)
    refused = borrower.get(borrower.path)
    borrower.clock.forward(hours=15)
    again = borrower.get(borrower.path)
    borrower.sandbox.tick()

    assert [used.status, refused.status, again.status] == [200, 429, 200]
    assert int(refused.headers["Retry-After"]) == 15 * 3600 + 1
    events = [it for it in borrower.inbox.types if it.startswith("client.")]
    assert events == ["client.rateLimit.reached", "client.rateLimit.reset"]


def test_a_thousand_calls_a_minute_are_enough():
    borrower = Borrower()
    borrower.sandbox.limits.per_minute = 2

    statuses = [borrower.get(borrower.path).status for _ in range(3)]
    borrower.clock.forward(minutes=1)
    statuses.append(borrower.get(borrower.path).status)

    assert statuses == [200, 200, 429, 200]


def test_a_call_before_retry_after_has_elapsed_is_noted():
    borrower = Borrower()
    borrower.sandbox.faults.add("busy", retry_after=30)

    borrower.get(borrower.path)
    borrower.get(borrower.path)
    borrower.clock.forward(seconds=31)
    borrower.get(borrower.path)

    assert len(borrower.sandbox.violations) == 1
    assert "Retry-After" in borrower.sandbox.violations[0]


def test_retry_after_may_be_a_date():
    borrower = Borrower()
    date = "Mon, 01 Jun 2026 09:01:00 GMT"
    borrower.sandbox.faults.add("busy", retry_after=date)

    reply = borrower.get(borrower.path)
    borrower.clock.now += timedelta(seconds=59)
    borrower.get(borrower.path)

    assert (reply.status, reply.headers["Retry-After"]) == (429, date)
    assert len(borrower.sandbox.violations) == 1


def test_limits_can_be_switched_off():
    borrower = Borrower()
    borrower.sandbox.limits.daily = 0
    borrower.sandbox.limits.enabled = False

    assert borrower.get(borrower.path).status == 200


def test_more_than_ten_calls_at_a_time_for_a_company_are_refused():
    borrower = Borrower()
    borrower.sandbox.limits.in_flight[borrower.company.id] = 10

    reply = borrower.get(borrower.path)

    assert reply.status == 429
    assert "concurrent" in borrower.sandbox.violations[0]


def test_requests_are_logged():
    borrower = Borrower()
    key = new_key()

    borrower.push("transfers", borrower.transfer(), key=key)

    logged = borrower.sandbox.requests[-1]
    assert (logged.method, logged.key, logged.status) == ("POST", key, 200)
    assert logged.path.endswith("/push/transfers")


@pytest.mark.parametrize("path", ["/nowhere", "/companies/x/y/z"])
def test_an_unknown_path_is_not_found(path):
    assert Borrower().get(path).status == 404


def test_an_unknown_method_is_not_allowed():
    assert Borrower().call("PUT", "/webhooks").status == 405
