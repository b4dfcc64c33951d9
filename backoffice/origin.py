"""Who sends a request, and from where: for the trail, the logs and the answers."""

from collections.abc import Callable
from ipaddress import ip_address
from uuid import uuid4

from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponseBase

from backoffice.api.framework.authentication import Caller
from lending.audit import origin
from lending.audit.origin import Origin

Handler = Callable[[HttpRequest], HttpResponseBase]


class OriginMiddleware:
    """Number each request, and say for all that it does who sent it."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request.request_id = str(uuid4())  # type: ignore[attr-defined]
        came = Origin(
            actor=lambda: actor_of(request),
            known=lambda: known_actor_of(request),
            request_id=request.request_id,  # type: ignore[attr-defined]
            address=address_of(request),
        )
        request.origin = came  # type: ignore[attr-defined]
        with origin.acting(came):
            return self.get_response(request)


def actor_of(request: HttpRequest) -> str:
    """Name who is signed in, or whose key the request came with; nobody is ""."""
    user = getattr(request, "user", None)
    if isinstance(user, Caller):
        return user.signature
    is_known = user is not None and user.is_authenticated
    return f"user:{user.get_username()}" if user and is_known else ""


def known_actor_of(request: HttpRequest) -> str:
    """Name them if that has been asked already: a line of a log asks no database."""
    user = getattr(request, "_cached_user", None) or request.__dict__.get("user")
    if isinstance(user, Caller):
        return user.signature
    return f"user:{user.get_username()}" if isinstance(user, User) else ""


def address_of(request: HttpRequest) -> str | None:
    """Return the address that a request came from, as far as it can be believed.

    Each proxy of ours adds to the end of a list whom it got the request from; what
    stands before may have been made up by the sender. Without `TRUSTED_PROXIES` there
    is one proxy, and all requests come from it.
    """
    peer = _address(request.META.get("REMOTE_ADDR", ""))
    if not settings.BEHIND_TLS_PROXY:
        return peer
    named = [
        one for one in request.headers.get("X-Forwarded-For", "").split(",") if one
    ]
    if not settings.TRUSTED_PROXIES:
        return _address(named[-1]) if named else peer
    # A socket of this machine has no address; a proxy here uses it.
    while named and (peer is None or _is_ours(peer)):
        peer = _address(named.pop())
        if peer is None:
            return None
    return peer


def _address(given: str) -> str | None:
    try:
        return str(ip_address(given.strip()))
    except ValueError:
        return None


def _is_ours(address: str) -> bool:
    return any(ip_address(address) in network for network in settings.TRUSTED_PROXIES)
