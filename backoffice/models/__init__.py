"""What the back office itself keeps: who may call its API, and what was answered."""

from backoffice.models.api import ApiClient, ApiKey, Scope, StoredReply

__all__ = ["ApiClient", "ApiKey", "Scope", "StoredReply"]
