"""Who calls: `Authorization: Bearer <key>`."""

from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from backoffice.api_keys import services as api_keys
from backoffice.models import ApiClient, ApiKey

SCHEME = "bearer"


class Caller:
    """The client behind a request, as Django's permission checks want a user to be."""

    is_authenticated = True
    is_active = True
    is_anonymous = False

    def __init__(self, key: ApiKey) -> None:
        self.key = key
        self.pk = key.pk

    @property
    def client(self) -> ApiClient:
        """The client, whichever of its keys was used."""
        return self.key.client

    @property
    def author(self) -> str:
        """How what this client does is signed in our records."""
        return f"api:{self.client.name}"

    @property
    def signature(self) -> str:
        """The same with the key that was used, for the trail."""
        return f"{self.author}/{self.key.prefix}"

    def may_see(self, company_id: int) -> bool:
        """Whether the key's companies include this one."""
        return (
            self.key.all_companies or self.key.companies.filter(pk=company_id).exists()
        )


class BearerKey(BaseAuthentication):
    """Checks the key of a request."""

    def authenticate(self, request: Request) -> tuple[Caller, ApiKey]:
        """Return who calls.

        Raises:
            AuthenticationFailed: there is no key, or it is not, or no longer, valid.
        """
        scheme, _, text = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != SCHEME or not text:
            raise AuthenticationFailed("Send your key: Authorization: Bearer <key>.")
        key = api_keys.authenticate(text=text.strip(), now=timezone.now())
        if key is None:
            raise AuthenticationFailed("This key is unknown, expired or revoked.")
        return Caller(key), key

    def authenticate_header(self, request: Request) -> str:  # noqa: ARG002
        """Name the scheme, which makes the answer a 401."""
        return 'Bearer realm="api"'
