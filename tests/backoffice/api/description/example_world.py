"""What the examples of the description speak of, and the real ids behind theirs."""

import json
import re
from datetime import date
from typing import Any
from uuid import UUID

from django.utils import timezone

from backoffice.webhooks.services import create_endpoint
from lending.models import Company
from tests.builders import make_company, make_event, make_loan
from xero_sync.bank_feeds import source_accounts
from xero_sync.borrowers import links
from xero_sync.codat.client import CodatClient
from xero_sync.connections import adopting
from xero_sync.models import Connection, LenderAccount, SyncRecord

DOCUMENTED = "5d1e0c84-0b6f-4f5e-9c3a-1a2b3c4d5e0{}"
ID = "019c8f5e-6c1a-7d3b-9a41-2f6f0d6c1e55"
# What differs from one run to the next, and what is shown instead.
SHOWN = {
    r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}": ID,
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[.\d]*(\+00:00|Z)": "2026-03-31T09:00:00+00:00",
    r"cursor=[\w%-]+": "cursor=WyJhZnRlciJd",
    r"http://testserver/c/[\w-]{43}/": "https://back.office.example/c/shown-once/",
    r"whsec_[\w+/=]+": "whsec_c2hvd24gb25jZSBvbmx5IGluIHRoaXMgYW5zd2Vy",
    r'"fingerprint": "[0-9a-f]{64}"': f'"fingerprint": "{"4e7a90c1" * 8}"',
    r"msg_[0-9a-f]{32}": "msg_019c8f5e6c1a7d3b9a412f6f0d6c1e55",
    r'"ends_in": "[^"]+"': '"ends_in": "5c3d"',
    r'"elapsed_ms": \d+': '"elapsed_ms": 120',
}


def make_world(codat: Any) -> dict[str, str]:
    """Make it; answer the real id for each documented one."""
    acme = make_company(reference="acme")
    drawn = make_loan(reference="loan-1", company=acme, invoice_number="INV-1")
    make_loan(reference="loan-2", company=acme, invoice_number="INV-2")
    make_event(loan=drawn, external_id="loan-1:drawdown", recorded_by="api:loan-system")
    connection = codat.ready()
    harbour = connection.company
    endpoint, _ = create_endpoint(
        url="https://hooks.example.com/ledger",
        created_by="api:loan-system",
        now=timezone.now(),
    )
    source = LenderAccount.objects.get(connection=connection)
    real = [
        connection.pk,
        entry_in(harbour, "loan-8", "failed", "refused_by_xero"),
        entry_in(harbour, "loan-9", "unknown", "needs_person"),
        endpoint.pk,
        codat.account_id("Business Current Account"),
        codat.account_id("Bank Fees"),
        connected(codat, "quayside").pk,
        source.source_account_id.removeprefix(source_accounts.OUR_IDS),
        with_a_held_loan(connected(codat, "pierside")).pk,
        links.hand_out(company=harbour, by="api:loan-system", now=timezone.now())[0].pk,
        connection.setups.get().pk,
    ]
    return {
        DOCUMENTED.format(f"{number:x}"): str(one)
        for number, one in enumerate(real, start=1)
    }


def connected(codat: Any, reference: str) -> Connection:
    """A connection through which nothing was written yet."""
    remote = codat.sandbox.add_company(reference)
    codat.sandbox.add_connection(remote.id)
    with CodatClient.from_settings() as client:
        return adopting.import_codat_company(
            company=make_company(reference=reference),
            codat_company_id=UUID(remote.id),
            codat_connection_id=None,
            client=client,
            now=timezone.now(),
        )


def with_a_held_loan(connection: Connection) -> Connection:
    """Record a drawdown while write-back is off."""
    loan = make_loan(
        reference="loan-7",
        company=connection.company,
        invoice_number="loan-7",
        agreed_on=date(2026, 3, 2),
    )
    make_event(loan=loan, external_id="loan-7:drawdown")
    return connection


def entry_in(company: Company, loan: str, state: str, reason: str) -> Any:
    """The id of an entry that came to this."""
    made = make_loan(
        reference=loan, company=company, invoice_number=loan, agreed_on=date(2026, 3, 2)
    )
    event = make_event(loan=made, external_id=f"{loan}:drawdown")
    entries = SyncRecord.objects.filter(event=event, step="transfer")
    entries.update(state=state, reason=reason)
    return entries.get().pk


def really(content: Any, real: dict[str, str]) -> Any:
    """Put the real ids in the place of the documented ones."""
    text = json.dumps(content)
    for documented, one in real.items():
        text = text.replace(documented, one)
    return json.loads(text)


def as_documented(content: Any) -> Any:
    """Put what is shown in the place of what differs."""
    text = json.dumps(content).replace(timezone.now().date().isoformat(), "2026-03-31")
    for pattern, shown in SHOWN.items():
        text = re.sub(pattern, shown, text)
    return json.loads(text)
