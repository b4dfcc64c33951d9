"""The one door to Codat's HTTP API (https://api.codat.io, or a local sandbox).

The key goes out as `Authorization: Basic base64(key)`, with no user and no colon. Each
operation is one HTTP exchange with a connect and a read time-out: nothing is repeated,
no redirect is followed, no cookie is kept. A failure is a CodatError whose class says
what may be done next; a failed connection is told apart from a lost answer by where it
broke, so a request that may have left this machine never counts as unsent.
"""

import base64
import logging
import os
import time
from collections.abc import Callable, Mapping
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Self
from urllib.parse import urlsplit
from uuid import UUID

import requests
from django.conf import settings
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError

from xero_sync.codat import sockets, verdicts
from xero_sync.codat.accounts import AccountOperations
from xero_sync.codat.bank_feeds import BankFeedOperations
from xero_sync.codat.companies import CompanyOperations
from xero_sync.codat.consumers import WebhookConsumerOperations
from xero_sync.codat.exceptions import (
    CodatError,
    CodatKeyMissing,
    CodatNoAnswer,
    CodatOutcomeUnknown,
    CodatUnavailable,
)
from xero_sync.codat.ledger import LedgerOperations
from xero_sync.codat.pulls import PullOperations
from xero_sync.codat.push import PushOperation as PushOperation
from xero_sync.codat.push import PushOperations
from xero_sync.codat.push import PushStatus as PushStatus
from xero_sync.codat.push import push_path as push_path
from xero_sync.codat.reply import EVIDENCE_CHARACTERS
from xero_sync.codat.reply import RateLimit as RateLimit
from xero_sync.codat.reply import ReplyMeta as ReplyMeta
from xero_sync.codat.values import UNREADABLE, parse_json, storable
from xero_sync.codat.verdicts import Answer
from xero_sync.codat.write_models import WriteModelOperations

USER_AGENT = "invoice-finance-writeback/1.0"
HIDDEN = "[hidden]"
SHORTEST_HIDDEN = 6

# Raised before the first byte leaves; a ProxyError means the proxy was not reached.
_NEVER_SENT = (
    requests.ConnectTimeout,
    requests.exceptions.ProxyError,
    requests.exceptions.InvalidURL,
    requests.exceptions.InvalidSchema,
    requests.exceptions.MissingSchema,
)

logger = logging.getLogger(__name__)


class CodatClient(
    CompanyOperations,
    AccountOperations,
    LedgerOperations,
    PullOperations,
    PushOperations,
    WriteModelOperations,
    BankFeedOperations,
    WebhookConsumerOperations,
):
    """Codat's operations that the product uses; safe to share between threads.

    `before_call` is told the method and the path of each exchange before it starts, and
    may raise to keep it from happening; `after_call` is told how each one went: its
    answer, or the `CodatError` that it ended with. None waits for an answer beyond
    `ends_at`, by the monotonic clock.
    """

    def __init__(
        self,
        *,
        base_url: str,
        api_key: str,
        connect_timeout: float = 5.0,
        read_timeout: float = 30.0,
        session: requests.Session | None = None,
        pool_size: int = 16,
        before_call: Callable[[str, str], None] | None = None,
        after_call: Callable[[object], None] | None = None,
        ends_at: float | None = None,
    ) -> None:
        if not api_key:
            raise CodatKeyMissing(field="CODAT_API_KEY")
        self._base_url = _checked(base_url)
        self._auth = _KeyAuth(api_key)
        self._timeout = (connect_timeout, read_timeout)
        self._ends_at = ends_at
        self._session = session or _new_session(self._base_url, pool_size)
        self._before_call = before_call
        self._after_call = after_call

    @classmethod
    def from_settings(
        cls,
        *,
        pool_size: int = 16,
        before_call: Callable[[str, str], None] | None = None,
        after_call: Callable[[object], None] | None = None,
        ends_at: float | None = None,
    ) -> Self:
        """Return a client for the configured Codat.

        Raises:
            CodatKeyMissing: CODAT_API_KEY is empty.
        """
        return cls(
            base_url=settings.CODAT_BASE_URL,
            api_key=settings.CODAT_API_KEY,
            connect_timeout=settings.CODAT_CONNECT_TIMEOUT,
            read_timeout=settings.CODAT_READ_TIMEOUT,
            pool_size=pool_size,
            before_call=before_call,
            after_call=after_call,
            ends_at=ends_at,
        )

    def __repr__(self) -> str:
        return f"<CodatClient {urlsplit(self._base_url).hostname}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc_info: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the kept connections."""
        self._session.close()

    def _call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: bytes | None = None,
        idempotency_key: UUID | None = None,
    ) -> Answer:
        if not path.startswith("/"):
            raise ValueError("a path starts with a slash")
        if self._before_call is not None:
            self._before_call(method, path)
        try:
            answer = self._exchange(method, path, params, body, idempotency_key)
        except CodatError as exc:
            self._tell(exc)
            raise
        self._tell(answer)
        return answer

    def _tell(self, outcome: object) -> None:
        if self._after_call is not None:
            self._after_call(outcome)

    def _exchange(
        self,
        method: str,
        path: str,
        params: Mapping[str, str] | None,
        body: bytes | None,
        idempotency_key: UUID | None,
    ) -> Answer:
        started = time.monotonic()
        try:
            response = self._send(
                self._prepared(method, path, params, body, idempotency_key)
            )
        except (requests.RequestException, HTTPError) as exc:
            raise _lost(exc, method, path) from exc
        elapsed_ms = round((time.monotonic() - started) * 1000)
        return self._answer(method, path, response, elapsed_ms)

    def _prepared(
        self,
        method: str,
        path: str,
        params: Mapping[str, str] | None,
        body: bytes | None,
        idempotency_key: UUID | None,
    ) -> requests.PreparedRequest:
        """Return a request that holds nothing but what is ours."""
        request = requests.PreparedRequest()
        request.prepare_method(method)
        request.prepare_url(f"{self._base_url}{path}", params)
        request.prepare_headers(_headers(body, idempotency_key))
        request.prepare_body(body, None)
        request.prepare_auth(self._auth)
        return request

    def _send(self, request: requests.PreparedRequest) -> requests.Response:
        """Make one exchange, read to its end.

        The session only says how. What its own `send` adds costs time with every write
        and is nothing that we want: redirects, cookies, hooks.
        """
        session = self._session
        response = session.get_adapter(url=str(request.url)).send(
            request,
            timeout=self._time_left(),
            verify=True if session.verify is None else session.verify,
            cert=session.cert,
            proxies=session.proxies,
        )
        # Whatever breaks while it is read must show here.
        response.content  # noqa: B018
        return response

    def _time_left(self) -> tuple[float, float]:
        connect, read = self._timeout
        if self._ends_at is None:
            return connect, read
        # Who has none left is kept from asking by `before_call`.
        left = max(0.05, self._ends_at - time.monotonic())
        return min(connect, left), min(read, left)

    def _answer(
        self, method: str, path: str, response: requests.Response, elapsed_ms: int
    ) -> Answer:
        written = response.content.decode("utf-8-sig", "replace")
        shown = self._auth.hide(written)
        # What an error says is kept and shown, so the key must not be in it.
        succeeded = response.status_code in verdicts.SUCCESSES
        data = parse_json(written if succeeded else shown)
        meta = ReplyMeta(
            status_code=response.status_code,
            correlation_id=self._auth.hide(
                verdicts.correlation_id(response.headers, data)
            ),
            elapsed_ms=elapsed_ms,
            rate_limit=verdicts.rate_limit(response.headers),
            body_text=storable(shown[:EVIDENCE_CHARACTERS]),
        )
        logger.debug("%s %s: %s", method, path, meta)
        answer = Answer(method, path, response.headers, meta, data)
        if not succeeded:
            raise verdicts.error_of(answer)
        if data is UNREADABLE:
            raise verdicts.unreadable(answer, "The answer is not JSON.")
        return answer


class _KeyAuth(requests.auth.AuthBase):
    """Puts the key on a request, keeping it out of every frame and every repr."""

    def __init__(self, api_key: str) -> None:
        self._key = api_key
        self._token = base64.b64encode(api_key.encode()).decode()

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Basic {self._token}"
        return request

    def hide(self, text: str) -> str:
        """Remove the key and its encoded form from a text that came from outside."""
        for secret in (self._token, self._key):
            if len(secret) >= SHORTEST_HIDDEN:
                text = text.replace(secret, HIDDEN)
        return text


def _new_session(base_url: str, pool_size: int) -> requests.Session:
    """Return a session with the environment's proxies and certificates, read once."""
    session = requests.Session()
    session.trust_env = False
    session.proxies.update(requests.utils.get_environ_proxies(base_url, no_proxy=None))
    bundle = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE")
    session.verify = bundle or True
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
    for scheme in ("https://", "http://"):
        session.mount(scheme, _Adapter(pool_maxsize=pool_size, max_retries=0))
    return session


class _Adapter(HTTPAdapter):
    """An adapter that knows whether a connection ever stood."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = sockets.POOLS

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = sockets.POOLS
        return manager


def _headers(body: bytes | None, idempotency_key: UUID | None) -> dict[str, str]:
    headers = {"Accept": "application/json", "User-Agent": USER_AGENT}
    if body is not None:
        headers["Content-Type"] = "application/json"
    if idempotency_key is not None:
        headers["Idempotency-Key"] = str(idempotency_key)
    return headers


def _lost(exc: Exception, method: str, path: str) -> CodatError:
    """Return the error for an exchange that broke, by where it broke."""
    facts: dict[str, Any] = {
        "method": method,
        "path": path,
        "detail": type(exc).__name__,
    }
    if isinstance(exc, _NEVER_SENT) or sockets.never_connected(exc):
        return CodatUnavailable("Codat could not be reached.", **facts)
    if isinstance(exc, requests.exceptions.ContentDecodingError):
        return CodatOutcomeUnknown("Codat's answer could not be unpacked.", **facts)
    return CodatNoAnswer("Codat's answer did not arrive.", **facts)


def _checked(base_url: str) -> str:
    address = urlsplit(base_url)
    if address.scheme not in {"https", "http"} or not address.hostname:
        raise ValueError("CODAT_BASE_URL must be an http or https address")
    if address.username or address.query or address.fragment:
        raise ValueError("CODAT_BASE_URL must be an address without extras")
    return base_url.rstrip("/")
