"""The first screen of the sandbox for callers, all of it there to be copied."""

import shlex
from collections.abc import Iterator

from backoffice.demo import callers
from backoffice.demo.borrower import Login, today_of
from backoffice.demo.environment import Places
from backoffice.demo.report import table
from lending import formats
from xero_sync.models import Connection, SyncRecord
from xero_sync.runtime.clock import database_now
from xero_sync.sandbox import magic

# What a caller sees of each outcome, by the name it has in the sandbox.
SEEN = {
    "slow": f"pending for {magic.PENDING_SECONDS} seconds",
    "disconnected": (
        f"held, not_linked; linked again after {magic.UNLINKED_SECONDS} seconds"
    ),
    "unknown, for a person": "unknown; needs_person after some 12 seconds: absent",
    "refused": "failed, refused_by_xero: retry",
    "rate limited": f"queued for {magic.RETRY_AFTER_SECONDS} seconds, as Codat asks",
    "unknown, then found": "unknown for some 8 seconds, then found by looking",
}


def screen(places: Places, key: str, login: Login) -> Iterator[str]:
    """Say where everything is, how to begin, and what the amounts do."""
    base = f"{places.web_url}/api/v1"
    loan = callers.loan()
    borrower = f"{loan.company.reference}, accounts chosen, write-back on"
    amount = formats.money(loan.invoice_amount, loan.company.currency)
    agreed = f"{loan.reference}, an invoice of {amount}"
    yield ""
    yield f"Base address  {base}"
    yield f"API key       {key}"
    yield f"Docs          {base}/docs/"
    yield f"Company       {borrower}"
    yield f"Loan          {agreed}, agreed on {formats.day(loan.agreed_on)}"
    yield f"Back office   {places.web_url}/admin/   {login.name} / {login.password}"
    yield f"Xero's books  {_books(places)}"
    undecided = SyncRecord.objects.needing_a_decision().count()
    if undecided:
        yield f"Undecided     {undecided} since the last run; others may wait behind"
    yield ""
    yield from _commands(base, key)
    yield from magic_table()
    yield ""
    yield f"Logs are in {places.logs}."
    yield "Stop with Ctrl-C. Started again it goes on from here; --fresh starts anew."


def _commands(base: str, key: str) -> Iterator[str]:
    now = database_now()
    external_id = f"first-{now:%Y%m%d-%H%M%S}"
    event = (
        f'{{"external_id": "{external_id}", "kind": "drawdown", "amount": "800.00", '
        f'"value_date": "{today_of(callers.loan().company)}"}}'
    )
    yield "Record an event:"
    yield from _curl(f"{base}/loans/{callers.LOAN}/events", key, event)
    yield "Ask where it is:"
    yield from _curl(f"{base}/loan-events/{external_id}", key)
    yield "Send a refused entry again; ID is its id in the answer above. For one that"
    yield "needs a person, and is not in Xero, end the address with absent, not retry:"
    yield from _curl(f"{base}/sync-records/ID/retry", key, '{"reason": "Mended."}')


def _curl(url: str, key: str, body: str = "") -> Iterator[str]:
    words = [f"curl -sS {url}", f"-H {shlex.quote(f'Authorization: Bearer {key}')}"]
    if body:
        words += ["-H 'Content-Type: application/json'", f"-d {shlex.quote(body)}"]
    yield ""
    yield "  " + " \\\n    ".join(words)
    yield ""


def magic_table() -> Iterator[str]:
    """List the amounts that force an outcome, and what a caller sees of it."""
    yield "Some amounts force an outcome, on an event of any kind. They read 7, then"
    yield "the HTTP status that says the same, and 77 pence:"
    yield ""
    rows = [
        (str(value.amount), value.outcome, SEEN[value.outcome])
        for value in magic.VALUES
    ]
    yield from table(("amount", "outcome", "its entry is"), rows, right={0})
    yield ""
    yield "Each acts once for an entry: sent again, it is written. Until then the later"
    yield "entries of its loan wait; while it is unknown, also the company's others of"
    yield "its type; while Xero is disconnected, all of the company's."


def _books(places: Places) -> str:
    connection = Connection.objects.live().get(company=callers.loan().company_id)
    return f"{places.sandbox_url}/_sandbox/books/{connection.codat_connection_id}"
