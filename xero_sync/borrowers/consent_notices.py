"""Who has to consent again is asked by mail, once for each change of the scopes."""

from datetime import datetime

from xero_sync.borrowers import notices
from xero_sync.models.borrowers import NoticeKind
from xero_sync.xero_app import scopes


def tell(*, now: datetime) -> int:
    """Owe the mails; return how many borrowers have to consent again.

    A token keeps the scopes that it was given, so that only they can mend it.
    """
    waiting = scopes.waiting_for_consent()
    latest = scopes.changes()[:1]
    for connection, _missing in waiting:
        notices.tell(
            company=connection.company,
            kind=NoticeKind.CONSENT_AGAIN,
            subject=f"scopes of {latest[0].pk}, connection {connection.pk}",
            now=now,
        )
    return len(waiting)
