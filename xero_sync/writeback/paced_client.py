"""Codat for people and single checks, who can wait a little for a permit."""

import time

from xero_sync.codat.client import CodatClient
from xero_sync.codat.exceptions import XeroNotReady
from xero_sync.writeback import backpressure, budget

# What a page may spend at Codat, all its calls together.
SECONDS_OF_A_PAGE = 6.0


def paced_client() -> CodatClient:
    """Return a client whose calls draw on the budget that all processes share.

    Raises:
        CodatKeyMissing: CODAT_API_KEY is empty.
    """
    return CodatClient.from_settings(
        before_call=budget.charge, after_call=backpressure.note
    )


def hurried_client() -> CodatClient:
    """Return a paced client for the page of somebody who waits: six seconds in all.

    Raises:
        CodatKeyMissing: CODAT_API_KEY is empty.
    """
    return CodatClient.from_settings(
        before_call=budget.charge,
        after_call=backpressure.note,
        seconds_in_all=SECONDS_OF_A_PAGE,
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
