"""Which scopes of the API a person may give away: those whose acts they may do."""

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser

from backoffice.models import KeyScope

NEEDS: dict[str, tuple[str, ...]] = {
    KeyScope.EVENTS_READ: (
        "lending.view_company",
        "lending.view_loan",
        "lending.view_loanevent",
        "xero_sync.view_syncrecord",
    ),
    KeyScope.EVENTS_WRITE: ("lending.add_loan", "lending.add_loanevent"),
    KeyScope.COMPANIES_WRITE: (
        "lending.add_company",
        "lending.change_company",
        "xero_sync.change_connection",
        "xero_sync.off_board_connection",
    ),
    KeyScope.MAPPINGS_WRITE: (
        "xero_sync.change_connection",
        "xero_sync.change_lenderaccount",
    ),
    KeyScope.SYNC_ACT: ("xero_sync.change_syncrecord",),
    KeyScope.WEBHOOKS_ADMIN: (
        "backoffice.add_webhookendpoint",
        "backoffice.change_webhookendpoint",
        "backoffice.delete_webhookendpoint",
    ),
}


def may_give(user: AbstractBaseUser | AnonymousUser) -> list[str]:
    """Return the scopes that a person may put into a key."""
    return [
        scope
        for scope in KeyScope.values
        if user.has_perms(NEEDS[scope])  # type: ignore[union-attr]
    ]
