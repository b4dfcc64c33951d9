"""What an engineer needs who tests their service against the API: a place to try."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from backoffice.api_keys import services as api_keys
from backoffice.demo.borrower import Borrower, agree_loan, take_on, today_of
from backoffice.demo.environment import Places, remove_database
from backoffice.demo.sandbox import Sandbox
from backoffice.models import KeyScope
from lending.models import Loan
from xero_sync.codat.client import CodatClient
from xero_sync.models import Heartbeat
from xero_sync.runtime.clock import database_now
from xero_sync.webhooks import registration

BORROWER = Borrower("SANDBOX-GBP", "Sandbox Bakery Ltd", "00801851")
LOAN = "SANDBOX-1"
# Every magic amount can be paid on it, with any day of the last month.
INVOICE_AMOUNT = Decimal(100_000)
AGREED_BEFORE = timedelta(days=31)
CLIENT = "sandbox"

# The engine's times, as short as the sandbox's. An absence is proven only well after
# what was lost would have landed.
ENVIRONMENT = {
    # Signs what one run leaves for the next; nothing here needs to be kept secret.
    "DJANGO_SECRET_KEY": "api-sandbox: for the loopback, with made-up borrowers only",
    # The caller's own address for our webhooks is on this machine, too.
    "WEBHOOK_ALLOW_PRIVATE": "true",
    "CODAT_CONNECT_TIMEOUT": "2",
    "CODAT_READ_TIMEOUT": "10",
    "WRITEBACK_LEASE_SECONDS": "20",
    "WRITEBACK_RETRY_BASE_SECONDS": "1",
    "WRITEBACK_RETRY_CAP_SECONDS": "5",
    "WRITEBACK_POLL_SECONDS": "1",
    "WRITEBACK_POLL_CAP_SECONDS": "2",
    "WRITEBACK_KEY_SECONDS": "0.5",
    "WRITEBACK_SETTLE_SECONDS": "20",
    "WRITEBACK_TIMED_OUT_SECONDS": "10",
    "WRITEBACK_BREAKER_SECONDS": "1",
    "WRITEBACK_BREAKER_CAP_SECONDS": "5",
    # Nobody's quota is spent here.
    "WRITEBACK_REQUESTS_PER_MINUTE": "60000",
    "WRITEBACK_ORGANISATION_PER_MINUTE": "6000",
}


@dataclass(frozen=True)
class Kept:
    """The files that are kept from one run to the next; all of them, or none."""

    places: Places

    @property
    def key(self) -> Path:
        """The text of the API key, which the database does not have."""
        return self.places.directory / f"{self.places.name}.key"

    @property
    def books(self) -> Path:
        """What the stand-in for Codat remembers."""
        return self.places.directory / f"{self.places.name}.codat"

    @property
    def is_complete(self) -> bool:
        """Whether an earlier run was prepared to its end."""
        # The key is written last.
        files = (self.places.database, self.books, self.key)
        return all(file.exists() for file in files)

    def remove(self) -> None:
        """Start from nothing."""
        self.key.unlink(missing_ok=True)
        self.books.unlink(missing_ok=True)
        remove_database(self.places)


def free_what_was_held() -> None:
    """Free what the last run held when it was stopped: nobody else works here."""
    Heartbeat.objects.all().delete()


def prepare(kept: Kept, sandbox: Sandbox) -> str:
    """Make a borrower, a loan and a key, or take those of the last run.

    Returns:
        The text of the key.
    """
    with CodatClient.from_settings() as client:
        if kept.is_complete:
            # The address may be another one than in the last run.
            registration.register(client=client)
            return kept.key.read_text().strip()
        connection = take_on(BORROWER, sandbox, client)
    agree_loan(
        connection,
        sandbox,
        reference=LOAN,
        invoice_number="INV-SANDBOX-1",
        invoice_amount=INVOICE_AMOUNT,
        agreed_on=today_of(connection.company) - AGREED_BEFORE,
    )
    _, text = api_keys.create_key(
        client_name=CLIENT,
        name="all scopes",
        scopes=KeyScope.values,
        now=database_now(),
    )
    kept.key.touch(mode=0o600)
    kept.key.write_text(f"{text}\n")
    return text


def loan() -> Loan:
    """Return the loan that is there to try."""
    return Loan.objects.select_related("company").get(reference=LOAN)
