"""Codat for people and single checks, who can wait a little for a permit."""

import time

from xero_sync.codat.client import CodatClient
from xero_sync.codat.exceptions import XeroNotReady
from xero_sync.writeback import backpressure, budget


def paced_client() -> CodatClient:
    """Return a client whose calls draw on the budget that all processes share.

    Raises:
        CodatKeyMissing: CODAT_API_KEY is empty.
    """
    return CodatClient.from_settings(
        before_call=budget.charge, after_call=backpressure.note
    )


class Deadline:
    """Waits as `time.sleep` does, until its seconds are used up."""

    def __init__(self, seconds: float) -> None:
        self._ends_at = time.monotonic() + seconds

    def __call__(self, seconds: float) -> None:
        """Wait.

        Raises:
            XeroNotReady: that would be too long.
        """
        if time.monotonic() + seconds > self._ends_at:
            raise XeroNotReady
        time.sleep(seconds)
