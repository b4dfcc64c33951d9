"""What of a borrower's choice is gone in their Xero, and what follows from it.

Both looks come here: the daily check's, and the one that is made before a write.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from xero_sync.codat.accounts import Account, BankAccount, Supplier, TaxRate
from xero_sync.codat.client import CodatClient
from xero_sync.codat.exceptions import CodatAccessDenied, CodatRejected
from xero_sync.models import AccountMapping, Connection
from xero_sync.models.choices import Question
from xero_sync.writeback import readiness, reconsider
from xero_sync.writeback.setup_matching import carries_fees, is_usable
from xero_sync.writeback.transitions import lock_connection

TAX_RATES = "taxRates"
# What has to be read afresh before anything chosen is called gone.
DATA_TYPES = ("bankAccounts", "chartOfAccounts", "suppliers", TAX_RATES)
# What of a connection follows from a look, or from another choice.
FIELDS = (
    "unusable_account",
    "unusable_choices",
    "choice_looked_at",
    "choice_look_begun_at",
    "choice_look_due_at",
)

Gone = list[tuple[Question, str]]


@dataclass(frozen=True)
class Seen:
    """What Codat has of the things that a choice names."""

    records: tuple[BankAccount | Account | Supplier, ...]
    # All of them; none where a lender may not read them.
    tax_rates: tuple[TaxRate, ...]


def read(
    *, connection: Connection, mapping: AccountMapping, client: CodatClient
) -> Seen:
    """Read what a choice names, in one call for each of `DATA_TYPES`.

    Codat answers from its cache: it shows Xero as it was when each was last refreshed.

    Raises:
        CodatError: Codat did not answer, or has not read these data yet (409).
    """
    company_id = connection.codat_company_id
    banks = (mapping.lender_target_account_id, mapping.nominated_account_id)
    return Seen(
        records=(
            *client.list_bank_accounts(
                company_id, connection.codat_connection_id, query=_named(*banks)
            ),
            # A bank account has the same id in the chart (Codat's Xero example).
            *client.list_accounts(
                company_id, query=_named(*banks, mapping.expense_account_id)
            ),
            *client.list_suppliers(company_id, query=_named(mapping.supplier_id)),
        ),
        tax_rates=tuple(tax_rates(connection=connection, client=client)),
    )


def _named(*ids: str) -> str:
    return "||".join(f"id={one}" for one in ids)


def tax_rates(*, connection: Connection, client: CodatClient) -> list[TaxRate]:
    """Return all tax rates, or none where a lender may not read them.

    Raises:
        CodatError: Codat did not answer.
    """
    try:
        return client.list_tax_rates(connection.codat_company_id)
    except (CodatAccessDenied, CodatRejected):
        # Whether a lender may read them is not stated.
        return []


def gone(mapping: AccountMapping, seen: Seen) -> Gone:
    """Return what was chosen and cannot be used any more, each with its name."""
    usable = {one.id for one in seen.records if is_usable(one)}
    chosen = [
        (
            Question.LENDER,
            mapping.lender_account.name,
            mapping.lender_target_account_id,
        ),
        (Question.BANK, mapping.nominated_account_name, mapping.nominated_account_id),
        (Question.FEE, mapping.expense_account_name, mapping.expense_account_id),
        (Question.SUPPLIER, mapping.supplier_name, mapping.supplier_id),
    ]
    lost = [(question, name) for question, name, id_ in chosen if id_ not in usable]
    rates = {one.id: one for one in seen.tax_rates}
    rate = rates.get(mapping.tax_rate_id)
    if rates and (rate is None or not carries_fees(rate)):
        # Of one that is gone only the per cent is known.
        percent = f"{mapping.tax_percent.normalize():f}%"
        lost.append((Question.TAX, rate.name if rate else percent))
    return lost


@transaction.atomic
def note(
    *, connection: Connection, mapping: AccountMapping, found: Gone, now: datetime
) -> str:
    """Store what a look at a choice found; hold the entries, or let them go on.

    What Xero refused since the look before goes again with another choice, as far as
    that was the cause; what is wrong with an entry itself is refused once more.

    Returns:
        What is no longer usable, in words, or "".
    """
    row = lock_connection(connection, now=now)
    latest = readiness.latest_mapping(row)
    if latest is None or latest.pk != mapping.pk:
        # Chosen anew meanwhile, which may have mended it.
        return row.unusable_account
    is_new = set(found) - {(one.question, one.name) for one in row.lost_choices}
    looked_at = row.choice_looked_at
    row.note_lost(found, now=now)
    row.forget_look()
    row.choice_looked_at = now
    row.save(update_fields=[*FIELDS])
    if is_new:
        reconsider.refused(
            company_id=row.company_id,
            since=looked_at,
            now=now,
            note="something that was chosen is gone",
        )
        reconsider.queued(company_id=row.company_id, now=now)
    reconsider.company(company_id=row.company_id, now=now)
    return row.unusable_account
