"""A service that calls the API, with a key of its own."""

import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from backoffice.api_keys.services import create_key
from backoffice.models import ApiKey, KeyScope
from tests.backoffice.api.description.committed import check_described


@dataclass
class Service:
    """Sends what it is told, as JSON, with its key."""

    key: ApiKey
    secret: str
    client: Client = field(
        default_factory=lambda: Client(raise_request_exception=False)
    )

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        raw: bytes | None = None,
        **headers: str,
    ) -> Any:
        data = raw if raw is not None else b"" if body is None else json.dumps(body)
        sent = {"Authorization": f"Bearer {self.secret}"} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        answer = self.client.generic(
            method, f"/api/v1/{path}", data, "application/json", headers=sent
        )
        # Each answer that any test gets is held against the description.
        check_described(method, path, answer)
        return answer

    def get(self, path: str, **headers: str) -> Any:
        return self.call("GET", path, **headers)

    def post(self, path: str, body: Any, **headers: str) -> Any:
        return self.call("POST", path, body, **headers)

    def put(self, path: str, body: Any, **headers: str) -> Any:
        return self.call("PUT", path, body, **headers)


def make_service(**options: Any) -> Service:
    """Return a service with a fresh key; it may do everything unless told otherwise."""
    now = timezone.now()
    key, secret = create_key(
        **{
            "client_name": "loan-system",
            "scopes": KeyScope.values,
            "now": now,
            "created_by": "user:anna",
        }
        | options
    )
    return Service(key, secret)


@pytest.fixture
def service(db: None) -> Service:
    return make_service()
