"""A bank feed at the sandbox by the shortest way, for tests about something else."""

from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings

from xero_sync.codat.client import CodatClient


def open_feed(
    client: CodatClient,
    company: str | UUID,
    connection: str | UUID,
    currency: str,
    clock: Any,
) -> tuple[str, str]:
    """Make a source account with its feed; return its id and its account's in Xero."""
    source_id = f"lender-{uuid4()}"
    client.create_source_account(
        company,
        connection,
        {
            "id": source_id,
            "accountName": settings.LENDER_NAME[:30],
            "accountType": "checking",
            "accountNumber": "12345678",
            "sortCode": "123456",
            "currency": currency,
            "balance": Decimal(0),
        },
    )
    client.create_bank_feed_mapping(company, connection, source_account_id=source_id)
    clock.forward(1)
    for _ in range(2):
        # The account in Xero is made when it is asked for.
        (fed,) = client.get_bank_feed_mapping(company, connection)
    return source_id, fed.target_account_id
