"""One POST of one message; of the answer nothing is kept but its status.

The only module here that knows of `requests`. Redirects are not followed, and nothing
is read from the environment, no proxy either.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError, NewConnectionError

from backoffice.models.webhooks import AttemptError
from backoffice.webhooks import addresses, sockets
from backoffice.webhooks.exceptions import AddressRefused

TIMEOUT_SECONDS = 15.0
MOST_BYTES_READ = 65_536
AT_A_TIME = 8_192
ASK_TO_WAIT = (429, 503)
USER_AGENT = "invoice-finance-backoffice-webhooks/1"


@dataclass(frozen=True)
class Answer:
    """What came of an attempt: a status, or the reason why there is none."""

    status_code: int | None = None
    error: str = ""
    elapsed_ms: int = 0
    retry_after: float = 0.0

    @property
    def is_success(self) -> bool:
        """Whether the receiver has taken the message in."""
        return self.status_code is not None and 200 <= self.status_code < 300  # noqa: PLR2004


def post(
    *,
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    now: datetime,
    timeout: float = TIMEOUT_SECONDS,
) -> Answer:
    """Send a message and return what came of it, within the time-out altogether."""
    started = time.monotonic()
    status, error, retry_after = None, "", 0.0
    with sockets.Deadline(timeout) as deadline, _session(deadline) as session:
        try:
            addresses.check_url(url)
            with session.post(
                url,
                data=body,
                headers={
                    "User-Agent": USER_AGENT,
                    "Content-Type": "application/json",
                    "Accept": "*/*",
                    **headers,
                },
                timeout=timeout,
                allow_redirects=False,
                stream=True,
            ) as response:
                status = response.status_code
                retry_after = _retry_after(response, now)
                _read_a_little(response)
        except (AddressRefused, requests.RequestException, OSError, HTTPError) as exc:
            error = _error(exc, is_late=deadline.is_past)
    elapsed = round((time.monotonic() - started) * 1_000)
    return Answer(status, error, elapsed, retry_after)


class _Adapter(HTTPAdapter):
    def __init__(self, deadline: sockets.Deadline) -> None:
        self._deadline = deadline
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = sockets.pools(self._deadline)


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> None:  # noqa: ARG002
        """Do not even look where a redirect would lead."""
        return


def _session(deadline: sockets.Deadline) -> requests.Session:
    session = _Session()
    session.trust_env = False
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
    for scheme in ("https://", "http://"):
        session.mount(scheme, _Adapter(deadline))
    return session


def _read_a_little(response: requests.Response) -> None:
    """Let a polite receiver finish; what it says is of no interest."""
    read = 0
    try:
        while read < MOST_BYTES_READ:
            # Not unpacked: a small answer could grow without end.
            chunk = response.raw.read(AT_A_TIME, decode_content=False)
            if not chunk:
                break
            read += len(chunk)
    except (OSError, HTTPError, ValueError):
        # The status has come, and that is the answer.
        return


def _retry_after(response: requests.Response, now: datetime) -> float:
    text = response.headers.get("Retry-After", "").strip()
    if response.status_code not in ASK_TO_WAIT or not text:
        return 0.0
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return 0.0
    if until.tzinfo is None:
        return 0.0
    return max(0.0, (until - now).total_seconds())


def _error(exc: Exception, *, is_late: bool) -> AttemptError:
    # The text of an exception may quote what the other side has sent; a code cannot.
    cause = exc.args[0] if exc.args else None
    reason = getattr(cause, "reason", cause)
    match exc:
        case AddressRefused() | requests.exceptions.InvalidURL():
            return AttemptError.ADDRESS_REFUSED
        case _ if is_late:
            return AttemptError.TIMED_OUT
        case TimeoutError() | requests.Timeout():
            return AttemptError.TIMED_OUT
        case requests.exceptions.SSLError():
            return AttemptError.NOT_TRUSTED
        case requests.ConnectionError() if isinstance(reason, NewConnectionError):
            return AttemptError.NO_CONNECTION
    return AttemptError.BROKEN_OFF
