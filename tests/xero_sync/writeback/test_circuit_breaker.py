"""The circuit breaker: what opens it, who goes through, what closes it."""

from datetime import timedelta

import pytest

from tests.worlds import World
from xero_sync.codat.exceptions import (
    CodatNoAnswer,
    CodatOutcomeUnknown,
    CodatRejected,
    CodatUnavailable,
)
from xero_sync.models import RateScope
from xero_sync.writeback import backpressure, budget, circuit_breaker

pytestmark = pytest.mark.django_db


@pytest.fixture
def now():
    return World().clock.now


def fail(times, now, error=None):
    error = error or CodatUnavailable("refused")
    backpressure.learn([(None, error)] * times, now=now)


def scope():
    return RateScope.objects.get(key=budget.address_scope())


def take(now):
    permits = budget.Budget(organisations=(), now=now)
    wait = permits.take()
    permits.save()
    return wait


def open_breaker(now):
    take(now)
    fail(circuit_breaker.FAILURES_IN_A_ROW, now)


@pytest.mark.parametrize(
    "error",
    [CodatUnavailable("x"), CodatNoAnswer("x"), CodatOutcomeUnknown("x")],
    ids=lambda error: type(error).__name__,
)
def test_five_failures_in_a_row_let_only_a_probe_out(now, settings, error):
    take(now)

    fail(circuit_breaker.FAILURES_IN_A_ROW, now, error)

    wait = timedelta(seconds=settings.WRITEBACK_BREAKER_SECONDS)
    assert take(now) == now + wait
    assert take(now + wait) is None
    assert take(now + wait) is not None


@pytest.mark.parametrize(
    "outcome",
    [
        CodatRejected("x"),
        CodatUnavailable("x", rate_limited=True),
        CodatNoAnswer("x", in_progress=True),
        object(),
    ],
    ids=["refused", "429", "409", "success"],
)
def test_an_answer_that_is_no_failure_breaks_the_row(now, outcome):
    take(now)
    fail(circuit_breaker.FAILURES_IN_A_ROW - 1, now)

    backpressure.learn([(None, outcome)], now=now)
    fail(1, now)

    assert scope().open_seconds == 0


def test_a_failed_probe_doubles_the_wait_up_to_the_cap(now, settings):
    open_breaker(now)
    waits = []
    for _ in range(8):
        waits.append(scope().open_seconds)
        now = scope().probe_at
        assert take(now) is None
        fail(1, now)

    assert waits[:3] == [30, 60, 120]
    assert waits[-1] == settings.WRITEBACK_BREAKER_CAP_SECONDS


def test_stragglers_say_nothing_new(now):
    open_breaker(now)

    fail(10, now)

    assert scope().open_seconds == 30


def test_a_good_probe_closes_it(now):
    open_breaker(now)
    now = scope().probe_at
    take(now)

    backpressure.learn([(None, object())], now=now)

    assert take(now) is None
    assert scope().failures == 0


def test_what_we_kept_back_ourselves_neither_opens_nor_closes_it(now):
    open_breaker(now)
    kept_back = CodatUnavailable("not sent", was_sent=False)

    fail(10, now, kept_back)

    assert scope().open_seconds == 30
