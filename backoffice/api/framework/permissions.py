"""What a key may do: its scopes, and the companies it may see."""

from typing import Any

from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from backoffice.models import ApiKey

SAFE = {"HEAD": "GET"}


def require_scope(key: ApiKey, needed: str) -> None:
    """Ask for a scope that a field of the body needs beside the method's.

    Raises:
        PermissionDenied: the key does not have it; the words name it.
    """
    if needed not in key.scopes:
        raise PermissionDenied(_lacks(needed))


def _lacks(needed: str | None) -> str:
    return f"This needs the scope {needed}, which the key does not have."


class HasScope(BasePermission):
    """Asks for the scope that the view's `scopes` names for the method."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Tell whether the key has the scope; the refusal names the one it lacks."""
        scopes: dict[str, str] = getattr(view, "scopes", {})
        method = SAFE.get(str(request.method), str(request.method))
        needed = scopes.get(method)
        key: Any = request.auth
        if method == "OPTIONS" or not hasattr(view, method.lower()):
            # Nothing answers there but 405, or what is allowed.
            return True
        self.message = _lacks(needed)
        return needed in key.scopes
