"""Codat for people and single checks, who can wait a little for a permit."""

import time

from xero_sync.codat.client import CodatClient
from xero_sync.codat.exceptions import CodatNoAnswer, CodatUnavailable
from xero_sync.writeback import backpressure, budget

# What a person may wait for Codat on one page, all calls together.
READ_SECONDS = 6.0


def paced_client() -> CodatClient:
    """Return a client whose calls draw on the budget that all processes share.

    Raises:
        CodatKeyMissing: CODAT_API_KEY is empty.
    """
    return CodatClient.from_settings(
        before_call=budget.charge, after_call=backpressure.note
    )


def page_client() -> CodatClient:
    """Return a client for one page or request: all its calls end within seconds.

    Raises:
        CodatKeyMissing: CODAT_API_KEY is empty.
    """
    return brief_client(seconds=READ_SECONDS)


def brief_client(*, seconds: float) -> CodatClient:
    """Return a client all of whose calls end within so many seconds.

    What is left of the time is what a call may take; then it fails as one that Codat
    did not answer, or that was not sent.

    Raises:
        CodatKeyMissing: CODAT_API_KEY is empty.
    """
    ends_at = time.monotonic() + seconds

    def before_call(method: str, path: str) -> None:
        left = ends_at - time.monotonic()
        if left <= 0:
            raise CodatUnavailable(
                "Codat answered too slowly to be asked everything.",
                method=method,
                path=path,
                was_sent=False,
            )
        budget.charge(method, path, patience=left)

    def after_call(outcome: object) -> None:
        # Where our own limit cut it short, it says nothing about the service.
        is_cut = isinstance(outcome, CodatNoAnswer) and time.monotonic() >= ends_at
        if not is_cut:
            backpressure.note(outcome)

    return CodatClient.from_settings(
        before_call=before_call, after_call=after_call, ends_at=ends_at
    )
