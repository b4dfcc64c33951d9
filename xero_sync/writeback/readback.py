"""Read at Codat what became of an entry: its push operation, or the data itself."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from xero_sync.codat.calls import PAGE_SIZE
from xero_sync.codat.client import CodatClient
from xero_sync.codat.exceptions import CodatError, CodatRejected
from xero_sync.codat.ledger import DirectCost, Payment, Transfer
from xero_sync.codat.push import PushOperation, PushStatus
from xero_sync.models import (
    LenderAccount,
    LoanInXero,
    SyncRecord,
    WatchedPush,
    WriteRequest,
)
from xero_sync.models.choices import STANDING_STATES, Cause, State, Step
from xero_sync.writeback import final_word, outcomes
from xero_sync.writeback.exchange import Exchange

# Codat's clock and ours may differ by this much.
CLOCK_SKEW = timedelta(minutes=2)

Found = Transfer | DirectCost | Payment


def operation_look(group: Sequence[SyncRecord], *, asked_at: datetime) -> Exchange:
    """Return the exchange that reads a push operation and stores its verdict.

    Codat can be asked whatever became of the connection: its operations are its own.
    """
    request, key = _sent(group)
    company_id = request.connection.codat_company_id

    def call(client: CodatClient) -> PushOperation:
        return client.get_push_operation(company_id, key)

    def done(outcome: PushOperation | CodatError, now: datetime) -> None:
        if isinstance(outcome, CodatRejected):
            # An answer as well: it knows of no such operation.
            final_word.take(group, None, asked_at=asked_at, now=now)
        elif isinstance(outcome, PushOperation):
            final_word.take(group, outcome, asked_at=asked_at, now=now)

    return Exchange(request.company_id, call, done)


def operations_look(
    groups: Sequence[Sequence[SyncRecord]], *, asked_at: datetime
) -> Exchange:
    """Return the exchange that reads many operations of a company from its list."""
    by_key = {_sent(group)[1]: group for group in groups}
    requests = [_sent(group)[0] for group in groups]
    since = min(request.created_at for request in requests) - CLOCK_SKEW
    company_id = requests[0].connection.codat_company_id

    def call(client: CodatClient) -> list[PushOperation]:
        return recent_operations(client, company_id, since)

    def done(outcome: list[PushOperation] | CodatError, now: datetime) -> None:
        if isinstance(outcome, CodatError):
            return
        listed = {operation.key: operation for operation in outcome}
        for key, group in by_key.items():
            final_word.take(group, listed.get(key), asked_at=asked_at, now=now)

    return Exchange(requests[0].company_id, call, done)


def recent_operations(
    client: CodatClient,
    company_id: UUID,
    since: datetime | None,
    *,
    whole: bool = False,
    page_size: int = PAGE_SIZE,
) -> list[PushOperation]:
    """Read a company's push operations since a moment; None: all there are.

    They come newest first, so reading ends at the first older one; `whole` reads all
    of them, for a proof that must not rest on their order.
    """
    found = []
    for operation in client.list_push_operations(company_id, page_size=page_size):
        made_at = operation.requested_on
        is_older = since and made_at and made_at < since
        if is_older and not whole:
            break
        if not is_older:
            found.append(operation)
    return found


def _sent(group: Sequence[SyncRecord]) -> tuple[WriteRequest, UUID]:
    request, key = group[0].request, group[0].push_operation_key
    if request is None or key is None:
        raise ValueError("Only an entry that was sent has a push operation.")
    return request, key


def search(
    record: SyncRecord, request: WriteRequest, *, asked_at: datetime
) -> Exchange:
    """Return the exchange that reads the entry's data type and judges what is there."""
    company_id = request.connection.codat_company_id
    connection_id = request.connection.codat_connection_id
    key = record.push_operation_key

    def call(client: CodatClient) -> list[Found] | PushOperation:
        if key is not None:
            # It timed out at Codat, which may know better by now.
            operation = client.get_push_operation(company_id, key)
            if operation.status != PushStatus.TIMED_OUT:
                return operation
        if record.step == Step.TRANSFER:
            return list(client.list_transfers(company_id, connection_id))
        if record.step == Step.DIRECT_COST:
            return list(client.list_direct_costs(company_id, connection_id))
        return list(client.list_payments(company_id))

    def done(outcome: list[Found] | PushOperation | CodatError, now: datetime) -> None:
        if isinstance(outcome, PushOperation):
            final_word.take([record], outcome, asked_at=asked_at, now=now)
        elif not isinstance(outcome, CodatError):
            judge(record, request, outcome, asked_at=asked_at, now=now)

    return Exchange(record.company_id, call, done)


@transaction.atomic
def judge(
    record: SyncRecord,
    request: WriteRequest,
    found: Sequence[Found],
    *,
    asked_at: datetime,
    now: datetime,
) -> None:
    """Adopt the one that can only be ours; send anew only if none can be.

    What timed out at Codat may come at any time: it is never sent anew.
    """
    alike = [
        one for one in found if not one.is_deleted and _is_alike(record, request, one)
    ]
    own = SyncRecord.objects.filter(xero_record_id__in=[one.id for one in alike])
    # What a push made that another entry has left behind is a person's to judge.
    others = WatchedPush.objects.filter(is_ours=True, status=PushStatus.SUCCESS)
    left = others.exclude(record=record).values_list("xero_record_id", flat=True)
    taken = {*own.values_list("xero_record_id", flat=True), *left}
    candidates = [one for one in alike if one.id not in taken]
    if record.candidate_key is not None:
        _confirm(record, candidates, now)
    elif len(candidates) == 1 and not _has_look_alikes(record):
        outcomes.written(
            record, cause=Cause.LOOK, now=now, xero_record_id=candidates[0].id
        )
    elif candidates:
        note = "several entries could be it"
        final_word.leave_to_person([record], now=now, note=note)
    elif record.push_operation_key is None:
        outcomes.send_anew([record], now=now, note="a refresh shows no such entry")
    elif final_word.is_overdue(record, asked_at=asked_at):
        note = "timed out at Codat, and a refresh shows no such entry"
        final_word.leave_to_person([record], now=now, note=note)


def _confirm(record: SyncRecord, found: Sequence[Found], now: datetime) -> None:
    """Believe an operation that may be ours if what it made is what we sent."""
    ids = {one.id for one in found}
    wanted = record.candidate_id or (ids.pop() if len(ids) == 1 else "")
    if wanted and wanted in {one.id for one in found}:
        outcomes.written(
            record,
            cause=Cause.LOOK,
            now=now,
            xero_record_id=wanted,
            push_operation_key=record.candidate_key,
        )
    else:
        note = "a push that may be somebody else's succeeded"
        outcomes.ask_person([record], now=now, note=note)


def _is_alike(record: SyncRecord, request: WriteRequest, one: Found) -> bool:
    if one.date != record.value_date:
        return False
    amount = record.event.amount
    if isinstance(one, DirectCost):
        return one.reference == record.event.external_id
    lender, nominated = _accounts(record, request)
    if isinstance(one, Payment):
        account = lender if record.lender_effect else nominated
        in_xero = LoanInXero.objects.filter(loan=record.loan_id).first()
        invoice_id = in_xero.invoice_id if in_xero else ""
        return (
            one.total_amount == amount
            and one.account_id == account
            and invoice_id in {link.id for link in one.links}
        )
    outward = (lender, nominated)
    ends = outward if record.lender_effect < 0 else outward[::-1]
    return one.amount == amount and (one.from_account_id, one.to_account_id) == ends


def _accounts(record: SyncRecord, request: WriteRequest) -> tuple[str, str]:
    account: LenderAccount | None = record.lender_account
    mapping = request.mapping
    return (
        account.target_account_id if account else "",
        mapping.nominated_account_id if mapping else "",
    )


def _has_look_alikes(record: SyncRecord) -> bool:
    """Tell whether another entry of ours could be the one that was found.

    It could be one that is under way, or that stands without a known id. A fee carries
    its event's id, and a payment its invoice, so these cannot be taken for another's.
    """
    if record.step == Step.DIRECT_COST:
        return False
    others = SyncRecord.objects.exclude(pk=record.pk)
    if record.step == Step.PAYMENT:
        others = others.filter(loan=record.loan_id)
    return others.filter(
        Q(state__in=(State.PENDING, State.UNKNOWN))
        | Q(state__in=STANDING_STATES, xero_record_id=""),
        company=record.company_id,
        step=record.step,
        value_date=record.value_date,
        lender_effect=record.lender_effect,
        event__amount=record.event.amount,
    ).exists()
