"""An entry in words for a person who has to look for it in Xero."""

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from lending import formats
from xero_sync.models import AccountMapping, SyncRecord
from xero_sync.models.choices import Step


def describe(record: SyncRecord) -> Iterator[str]:
    """Say what the entry is, where it stands, and what it looks like in Xero."""
    event = record.event
    yield f"{record.get_step_display()} of {event.external_id} on {record.loan}"
    yield f"  state         {state_of(record)}"
    if record.failure:
        yield f"  Codat says    {record.failure}"
    yield "What to look for in Xero:"
    for label, value in looked_for(record):
        yield f"  {label:<13} {value}"


def looked_for(record: SyncRecord) -> Iterator[tuple[str, str]]:
    """Name what tells the entry apart in Xero, each with its value."""
    event = record.event
    yield "amount", formats.money(event.amount, record.loan.company.currency)
    yield "date", formats.day(record.value_date)
    yield from _accounts(record)
    if record.step == Step.STATEMENT_LINE:
        yield "line id", str(record.pk)
    if record.step != Step.TRANSFER:
        yield "reference", event.external_id
    if record.push_operation_key:
        yield "at Codat", f"push operation {record.push_operation_key}"


def state_of(record: SyncRecord) -> str:
    """Name the state and its reason."""
    reason = record.get_reason_display() if record.reason else ""
    return f"{record.get_state_display()}: {reason}" if reason else _state(record)


def _state(record: SyncRecord) -> str:
    return str(record.get_state_display())


def _accounts(record: SyncRecord) -> list[tuple[str, str]]:
    chosen = _mapping_of(record)
    account = record.lender_account or (chosen and chosen.lender_account)
    lender = _named(account.name, account.target_account_id) if account else "not known"
    if chosen is None:
        return [("lender account", lender)]
    nominated = _named(chosen.nominated_account_name, chosen.nominated_account_id)
    outward = record.lender_effect < 0
    match record.step:
        case Step.TRANSFER:
            ends = (lender, nominated) if outward else (nominated, lender)
            return [("from", ends[0]), ("to", ends[1])]
        case Step.DIRECT_COST:
            expense = _named(chosen.expense_account_name, chosen.expense_account_id)
            supplier = _named(chosen.supplier_name, chosen.supplier_id)
            kind = "spend money" if outward else "receive money"
            return [(kind, lender), ("line on", expense), ("contact", supplier)]
        case Step.PAYMENT:
            where = lender if record.lender_effect else nominated
            return [("invoice", record.loan.invoice_number), ("paid into", where)]
        case _:
            return [("statement of", lender), ("direction", "−" if outward else "+")]


def _mapping_of(record: SyncRecord) -> AccountMapping | None:
    """Return the accounts that were sent, or those that would be sent now."""
    if record.request is not None and record.request.mapping is not None:
        return record.request.mapping
    chosen = AccountMapping.objects.filter(connection__company=record.company_id)
    return chosen.select_related("lender_account").order_by("created_at").last()


def _named(name: str, number: str) -> str:
    return f"{name} ({number})" if number else name


def timeline(record: SyncRecord) -> Iterator[str]:
    """Tell what happened to the entry, in the company's own time."""
    zone = ZoneInfo(record.loan.company.time_zone)
    for change in record.changes.order_by("at", "pk"):
        reason = f" ({change.get_reason_display()})" if change.reason else ""
        parts = [f"{change.get_to_state_display()}{reason}", change.get_cause_display()]
        parts += [one for one in (change.actor, change.note) if one]
        yield f"  {formats.instant(change.at, zone)}  {' · '.join(map(str, parts))}"
