"""What a mail of each kind may be about."""

from lending.models import AuditEntry
from lending.services import update_company
from xero_sync.borrowers import account_matters, links
from xero_sync.models import BorrowerLink, Connection
from xero_sync.models.borrowers import NoticeKind
from xero_sync.runtime.clock import database_now

# What an accountant may have done, as `sittings.acted` is told of it.
ACTS = ("connected", "accounts", "feed")


def accountants_link(connection: Connection) -> BorrowerLink:
    """A link that is owed to the borrower's accountant."""
    return links.owe(
        company=connection.company,
        sent_to="books@ledgers.example",
        made_by="test",
        now=database_now(),
    )


def causes_of(kind: str, connection: Connection) -> list[str]:
    """The subjects of mails of a kind, with the rows that they name."""
    match kind:
        case NoticeKind.ACCOUNTANT_LINK:
            return [str(accountants_link(connection).pk)]
        case NoticeKind.ACCOUNTANT_ACTED:
            link = accountants_link(connection)
            return [f"{one} 2026-11-30 {link.pk}" for one in ACTS]
        case NoticeKind.ACCOUNTS_CHOSEN:
            return [str(connection.mappings.latest("version").pk)]
        case NoticeKind.POSTING_ON | NoticeKind.POSTING_OFF:
            switch = connection.switches.create(
                on=kind == NoticeKind.POSTING_ON,
                switched_by="test",
                switched_at=database_now(),
            )
            return [str(switch.pk)]
        case NoticeKind.ADDRESS_CHANGED:
            was = connection.company.contact_email
            update_company(company=connection.company, contact_email="new@acme.example")
            entries = AuditEntry.objects.about(connection.company)
            entry = next(one for one in entries if one.before.get("contact_email"))
            assert entry.before["contact_email"] == was
            return [str(entry.pk)]
        case NoticeKind.CHOICE_LOST:
            return [one.cause for one in account_matters.lost(connection.company)]
        case _:
            return ["a cause"]
