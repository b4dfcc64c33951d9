"""The API with several workers: repeated in parallel, killed, frozen, asked again."""

import json
import signal
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from http.client import HTTPException
from itertools import count
from threading import Thread
from typing import Any

import pytest

from tests.marks import more
from tests.processes import chosen
from tests.processes.crew import BEFORE_API_ANSWER, FROZEN, Crew, call, serves
from tests.processes.play import crew
from tests.processes.processes import ROOT, kill, wait_until

WORKERS = 4
PARALLEL = 50
KILLS = 4
# For the last of fifty on a busy machine.
PATIENCE = 100
DAY = f"{datetime.now(UTC).date() - timedelta(days=2)}"
_numbers = count(1)


class Service:
    """A service that calls the API, and repeats what got no answer."""

    def __init__(self, found: Crew) -> None:
        self.crew = found
        made = subprocess.run(
            [
                *(sys.executable, "manage.py", "api_key", "create", "--name=load"),
                "--scopes=companies:write,events:read,events:write",
                "--requests-per-minute=1000000",
            ],
            cwd=ROOT,
            env=found.env,
            capture_output=True,
            text=True,
            check=True,
        )
        self.key = made.stdout.strip()

    def call(
        self, method: str, path: str, body: Any = None, key: str | None = None
    ) -> tuple[int, Any]:
        headers = {
            "Authorization": f"Bearer {self.key}",
            "Content-Type": "application/json",
        }
        if key:
            headers["Idempotency-Key"] = key
        sent = b"" if body is None else json.dumps(body).encode()
        status, answer = call(
            method, f"{self.crew.web}/api/v1/{path}", sent, headers, seconds=PATIENCE
        )
        return status, json.loads(answer)

    def post(self, path: str, body: Any, key: str | None = None) -> tuple[int, Any]:
        return self.call("POST", path, body, key)

    def get(self, path: str) -> Any:
        status, answer = self.call("GET", path)
        assert status == 200, answer
        return answer

    def company(self) -> str:
        """Take on a fresh company."""
        reference = f"company-{next(_numbers)}"
        status, answer = self.post("companies", COMPANY | {"reference": reference})
        assert status == 201, answer
        return reference

    def loan(self, company: str = "acme") -> str:
        """Agree a fresh loan."""
        reference = f"loan-{next(_numbers)}"
        status, answer = self.post("loans", loan(reference, company=company))
        assert status == 201, answer
        return reference

    def drawn(self, reference: str) -> str:
        """What has been drawn on a loan: each event that is there counts in it."""
        position = self.get(f"loans/{reference}")["position"]
        return str(position["nominated_account"])


def loan(reference: str, **change: str) -> dict[str, str]:
    return {
        "reference": reference,
        "company": "acme",
        "agreed_on": DAY,
        "invoice_number": f"INV-{reference}",
        "invoice_amount": "1000.00",
        "debtor_name": "Northgate Builders",
    } | change


def event(external_id: str, **change: str) -> dict[str, str]:
    return {
        "external_id": external_id,
        "kind": "drawdown",
        "amount": "10.00",
        "value_date": DAY,
    } | change


COMPANY = {
    "reference": "acme",
    "legal_name": "Acme Ltd",
    "currency": "GBP",
    "country": "GB",
}


@pytest.fixture(scope="module")
def service():
    with crew(chosen.store(), web_workers=WORKERS) as found:
        found.migrate()
        start(found)
        made = Service(found)
        status, answer = made.post("companies", COMPANY)
        assert status == 201, answer
        yield made


def start(found: Crew) -> None:
    found.start("web")
    wait_until("web", lambda: serves(f"{found.web}/healthz"), seconds=60)


def parallel(service: Service, calls: list[Any]) -> list[tuple[int, Any]]:
    """Make all calls at once; the answers in their order."""
    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(lambda one: service.post(*one), calls))


def one_answer(answers: list[tuple[int, Any]], status: int) -> Any:
    """The one body of all that succeeded; the others were told to come again."""
    found = Counter(code for code, _ in answers)
    assert set(found) <= {status, 409}, found
    for code, body in answers:
        assert code == status or body["code"] == "still_running"
    bodies = {json.dumps(body) for code, body in answers if code == status}
    assert len(bodies) == 1, bodies
    return json.loads(bodies.pop())


# --- Fifty at once ----------------------------------------------------------------


@pytest.mark.parametrize("key", ["events-1", *more(None)])
def test_fifty_equal_events_make_one(service, key):
    own = service.loan()
    same = (f"loans/{own}/events", event(f"{own}:1"), key)

    body = one_answer(parallel(service, [same] * PARALLEL), 201)

    assert body["external_id"] == f"{own}:1"
    assert service.drawn(own) == "10.00"
    assert service.post(*same) == (201, body)


@pytest.mark.parametrize("key", more("loans-1", None))
def test_fifty_equal_loans_make_one(service, key):
    same = ("loans", loan(f"loan-{next(_numbers)}"), key)

    body = one_answer(parallel(service, [same] * PARALLEL), 201)

    assert service.post(*same) == (201, body)


@pytest.mark.parametrize("key", more("companies-1", None))
def test_fifty_equal_companies_make_one(service, key):
    same = ("companies", COMPANY | {"reference": f"company-{next(_numbers)}"}, key)

    body = one_answer(parallel(service, [same] * PARALLEL), 201)

    assert service.post(*same) == (201, body)


@pytest.mark.parametrize("key", more("reversals-1", None))
def test_fifty_equal_reversals_make_one(service, key):
    own = service.loan()
    service.post(f"loans/{own}/events", event(f"{own}:1"))
    same = (f"loan-events/{own}:1/reverse", {"external_id": f"{own}:undo"}, key)

    body = one_answer(parallel(service, [same] * PARALLEL), 201)

    assert body["reverses"] == f"{own}:1"
    assert service.drawn(own) == "0.00"


def test_fifty_equal_batches_under_one_key_record_each_event_once(service):
    loans = [service.loan() for _ in range(3)]
    events = [event(f"{own}:{n}", loan=own) for n in range(3) for own in loans]
    same = ("loan-events/batch", {"events": events}, "batches-1")

    body = one_answer(parallel(service, [same] * PARALLEL), 200)

    assert {one["status"] for one in body["results"]} == {"recorded"}
    assert [service.drawn(own) for own in loans] == ["30.00"] * 3
    assert service.post(*same) == (200, body)


def test_batches_without_a_key_record_each_event_once(service):
    loans = [service.loan() for _ in range(3)]
    events = [event(f"{own}:{n}", loan=own) for n in range(3) for own in loans]
    same = ("loan-events/batch", {"events": events})

    answers = parallel(service, [same] * 10)

    results = [one for _, body in answers for one in body["results"]]
    statuses = Counter(one["status"] for one in results)
    assert set(statuses) <= {"recorded", "replayed", "refused", "not_attempted"}
    assert statuses["recorded"] == len(events)
    shown = {json.dumps(one["event"]) for one in results if one["event"]}
    assert len(shown) == len(events)
    assert [service.drawn(own) for own in loans] == ["30.00"] * 3


@pytest.mark.parametrize("on_one_loan", [True, False])
def test_of_mixed_contents_under_one_key_one_wins(service, on_one_loan):
    key = f"mixed-{next(_numbers)}"
    first = service.loan()
    second = first if on_one_loan else service.loan()
    calls = [
        (f"loans/{own}/events", event(f"{own}:{n}"), key)
        for n, own in ((1, first), (2, second))
    ]

    answers = parallel(service, calls * (PARALLEL // 2))

    refused = [body for code, body in answers if code == 422]
    assert {one["code"] for one in refused} == {"idempotency_key_reused"}
    body = one_answer([one for one in answers if one[0] != 422], 201)
    drawn = {own: service.drawn(own) for own in (first, second)}
    assert drawn.pop(body["loan"]) == "10.00"
    assert set(drawn.values()) <= {"0.00"}


def test_of_two_contents_under_one_external_id_one_wins(service):
    first, second = service.loan(), service.loan()
    name = f"{first}:shared"
    calls = [(f"loans/{own}/events", event(name)) for own in (first, second)]

    answers = parallel(service, calls * (PARALLEL // 2))

    refused = [body for code, body in answers if code == 422]
    assert {one["code"] for one in refused} == {"external_id_conflict"}
    one_answer([one for one in answers if one[0] != 422], 201)
    drawn = sorted(service.drawn(own) for own in (first, second))
    assert drawn == ["0.00", "10.00"]


# --- Killed -------------------------------------------------------------------------


def test_what_was_answered_survives_the_sigkill_of_everything(service):
    found = service.crew
    own = service.loan()
    for number in range(KILLS):
        same = (f"loans/{own}/events", event(f"{own}:{number}"))
        key = f"{own}:{number}" if number % 2 else None

        status, body = service.post(*same, key)
        found["web"].kill()

        assert status == 201, body
        if found.store.disruptions:
            found.store.disrupt("database restart")
        start(found)
        assert service.get(f"loan-events/{own}:{number}")["amount"] == "10.00"
        assert service.post(*same, key) == (201, body)
    assert service.drawn(own) == f"{KILLS * 10}.00"


def tell(service: Service, moment: str) -> None:
    (service.crew.deaths / moment).touch()


def post_in_vain(service: Service, *same: Any) -> None:
    with pytest.raises((OSError, HTTPException)):
        service.post(*same)


@pytest.mark.parametrize("key", ["unheard-1", *more(None)])
def test_what_was_committed_and_not_answered_is_answered_to_the_repeat(service, key):
    own = service.loan()
    same = (f"loans/{own}/events", event(f"{own}:1"), key)
    tell(service, BEFORE_API_ANSWER)

    post_in_vain(service, *same)
    status, body = service.post(*same)

    assert status == 201
    assert service.post(*same) == (201, body)
    assert service.drawn(own) == "10.00"


@pytest.mark.parametrize("key", ["half-1", *more(None)])
def test_what_was_killed_half_way_is_done_by_the_repeat(service, key):
    own = service.loan()
    same = (f"loans/{own}/events", event(f"{own}:1"), key)
    tell(service, f"write-{own}:1")

    post_in_vain(service, *same)
    assert service.drawn(own) == "0.00"
    status, body = service.post(*same)

    assert status == 201, body
    assert service.drawn(own) == "10.00"


def test_a_batch_that_was_killed_half_way_is_finished_by_the_repeat_in_seconds(service):
    own = service.loan()
    events = [event(f"{own}:{n}", loan=own) for n in range(10)]
    same = ("loan-events/batch", {"events": events}, f"{own}:batch")
    service.post("loan-events/batch", {"events": events[:4]})
    tell(service, f"write-{own}:7")

    post_in_vain(service, *same)
    killed_at = time.monotonic()
    # What is recorded together stands together, or not at all.
    assert service.drawn(own) == "40.00"
    status, body = service.post(*same)
    assert (status, body["code"]) == (409, "still_running")
    while status == 409:
        time.sleep(0.5)
        status, body = service.post(*same)

    assert time.monotonic() - killed_at < 10
    assert [one["status"] for one in body["results"]] == (
        ["replayed"] * 4 + ["recorded"] * 6
    )
    assert service.drawn(own) == "100.00"
    assert service.post(*same) == (200, body)


# --- Frozen -------------------------------------------------------------------------


@pytest.fixture
def frozen(service):
    """A loan whose row a frozen process holds, and what that process was sent."""
    if not service.crew.store.disruptions:
        pytest.skip("on SQLite a writer that is frozen holds up every other for long")
    own = service.loan(service.company())
    same = (f"loans/{own}/events", event(f"{own}:1"), f"{own}:frozen")
    tell(service, f"freeze-{own}:1")
    vain = Thread(target=post_in_vain, args=(service, *same))
    vain.start()
    mark = service.crew.deaths / FROZEN
    wait_until("it is frozen", mark.exists, seconds=20)
    yield own, same
    kill(int(mark.read_text()), signal.SIGKILL)
    mark.unlink()
    vain.join()
    assert service.post(*same)[0] == 201
    assert service.drawn(own) == "10.00"


def test_a_frozen_twin_that_holds_the_loan_is_a_409_and_no_hang(service, frozen):
    _, same = frozen
    other = service.loan()

    began = time.monotonic()
    status, body = service.post(*same)
    waited = time.monotonic() - began
    elsewhere, _ = service.post(f"loans/{other}/events", event(f"{other}:1"))

    assert (status, body["code"]) == (409, "still_running")
    assert body["retry"]["allowed"] is True
    assert waited < 13
    assert elsewhere == 201


def test_a_batch_does_not_wait_anew_for_each_loan_that_is_held(service, frozen):
    own, _ = frozen
    company = service.get(f"loans/{own}")["company"]
    held, free = [service.loan(company) for _ in range(12)], service.loan()
    events = [event(f"{one}:1", loan=one) for one in (own, *held, free)]

    status, body = service.post("loan-events/batch", {"events": events}, f"{own}:batch")

    assert status == 200
    statuses = [one["status"] for one in body["results"]]
    assert statuses == ["refused"] * 13 + ["recorded"]


def test_no_secret_is_in_any_log_of_all_this(service):
    secret = service.key.split("_", 2)[2]
    logs = list(service.crew.directory.glob("*.log"))

    assert logs
    assert not any(secret in log.read_text(errors="replace") for log in logs)
