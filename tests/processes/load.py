"""The load: events, recorded as the lender's services do: repeated until answered."""

import base64
import hashlib
import hmac
import json
import random
import time
from datetime import UTC, datetime, timedelta
from http.client import HTTPException
from threading import Event, Thread

from tests.processes.crew import SECRET, call

LIFE = (
    ("drawdown", "800"),
    ("invoice_payment", "600"),
    ("fee", "50"),
    ("invoice_payment", "400"),
    ("residual_release", "150"),
)
PATIENCE_SECONDS = 120


class Load:
    """A thread for each borrower, living its loans one event after the other."""

    def __init__(
        self, web: str, loans: list[list[str]], *, seed: int, pause: float
    ) -> None:
        self.events: list[str] = []
        self.webhooks: list[str] = []
        self.repeats = 0
        self.problems: list[str] = []
        self._web = web
        self._pause = pause
        self._yesterday = f"{datetime.now(UTC).date() - timedelta(days=1)}"
        self._stopped = Event()
        self._threads = [
            Thread(target=self._live, args=(own, random.Random(seed + number)))
            for number, own in enumerate(loans)
        ]

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End each thread after the loan it is at."""
        self._stopped.set()
        for thread in self._threads:
            thread.join()

    @property
    def is_over(self) -> bool:
        """Whether all loans have been lived."""
        return not any(thread.is_alive() for thread in self._threads)

    def repeat(self, events: list[str]) -> None:
        """Record again what was answered once, as after a restored backup."""
        for external_id in events:
            loan, _, number = external_id.rpartition("-")
            self._record(loan, int(number), *LIFE[int(number)])

    def _live(self, loans: list[str], dice: random.Random) -> None:
        try:
            for loan in loans:
                if self._stopped.is_set():
                    return
                for number, (kind, amount) in enumerate(LIFE):
                    self._record(loan, number, kind, amount)
                    # Not at all once the killing is over.
                    self._stopped.wait(dice.uniform(0.3, 1.7) * self._pause)
                self._send_webhook(loan)
        except TimeoutError as exc:
            self.problems.append(str(exc))

    def _record(self, loan: str, number: int, kind: str, amount: str) -> None:
        external_id = f"{loan}-{number}"
        body = {
            "loan": loan,
            "kind": kind,
            "amount": amount,
            "value_date": self._yesterday,
            "external_id": external_id,
        }
        self._insist("/load/events", json.dumps(body).encode(), dict)
        self.events.append(external_id)

    def _send_webhook(self, name: str) -> None:
        """A message that means nothing to us, and must not be lost either."""
        body = json.dumps({"eventType": "load.test", "payload": {"of": name}}).encode()
        self._insist("/webhooks/codat/", body, lambda: signed(f"msg-{name}", body))
        self.webhooks.append(f"msg-{name}")

    def _insist(self, path: str, body: bytes, headers: object) -> None:
        """Call until an answer comes, as every client of an unreliable server must."""
        gives_up_at = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                status, words = call("POST", self._web + path, body, headers())  # type: ignore[operator]
                if 200 <= status < 300:
                    return
            except (OSError, HTTPException) as exc:
                status, words = 0, str(exc).encode()
            if time.monotonic() > gives_up_at:
                raise TimeoutError(f"{path}: {status} {words[-2000:]!r}")
            self.repeats += 1
            time.sleep(0.2)


def signed(webhook_id: str, body: bytes) -> dict[str, str]:
    """The headers of a message, as Standard Webhooks describe them."""
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    moment = str(int(time.time()))
    content = f"{webhook_id}.{moment}.".encode() + body
    digest = hmac.new(key, content, hashlib.sha256).digest()
    return {
        "Content-Type": "application/json",
        "webhook-id": webhook_id,
        "webhook-timestamp": moment,
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }
