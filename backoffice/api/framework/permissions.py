"""What a key may do: its scopes, and the companies it may see."""

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

SAFE = {"HEAD": "GET"}


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
        self.message = f"This needs the scope {needed}, which the key does not have."
        return needed in key.scopes
