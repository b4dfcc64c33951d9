"""What each step of a setup sends, and how it is looked for."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from lending.db.encryption import Unreadable, unseal
from xero_sync.codat.bank_feeds import feed_mapping_path, source_accounts_path
from xero_sync.codat.client import CodatClient
from xero_sync.codat.exceptions import MappingIncomplete
from xero_sync.codat.push import push_path
from xero_sync.models import AccountSetup, Connection, SetupStep, WriteRequest
from xero_sync.models.choices import FeedStatus
from xero_sync.models.setups import SetupKind, StepState, StopReason
from xero_sync.writeback import setup_matching

# Codat's data type of what is pushed: in its addresses and its push operations.
PUSHED = {
    SetupKind.PLAIN_ACCOUNT: "bankAccounts",
    SetupKind.EXPENSE_ACCOUNT: "accounts",
    SetupKind.SUPPLIER: "suppliers",
}
# What Codat refreshes and shows it as, where that is not read from Xero at once.
READ_AS = {
    SetupKind.PLAIN_ACCOUNT: "bankAccounts",
    SetupKind.EXPENSE_ACCOUNT: "chartOfAccounts",
    SetupKind.SUPPLIER: "suppliers",
}
FEED_DATA_TYPES = {
    SetupKind.OLD_SOURCE: "bankFeedAccounts",
    SetupKind.SOURCE_ACCOUNT: "bankFeedAccounts",
    SetupKind.FEED_MAPPING: "bankFeedMappings",
}


@dataclass(frozen=True)
class Found:
    """It is there."""

    record_id: str = ""
    name: str = ""


@dataclass(frozen=True)
class UnderWay:
    """It is being made."""


@dataclass(frozen=True)
class Absent:
    """It is not there, as far as was looked."""


@dataclass(frozen=True)
class Unclear:
    """Only a person can say."""

    reason: str
    words: str


Verdict = Found | UnderWay | Absent | Unclear


def data_type_of(step: SetupStep) -> str:
    """Return what a step's write request is filed under."""
    kind = SetupKind(step.kind)
    return PUSHED.get(kind) or FEED_DATA_TYPES[kind]


def path_of(step: SetupStep, connection: Connection) -> str:
    """Return the address that a step is sent to."""
    ids = (connection.codat_company_id, connection.codat_connection_id)
    if step.kind == SetupKind.OLD_SOURCE:
        return source_accounts_path(*ids, step.subject)
    if step.kind == SetupKind.SOURCE_ACCOUNT:
        return source_accounts_path(*ids)
    if step.kind == SetupKind.FEED_MAPPING:
        return feed_mapping_path(*ids)
    return push_path(*ids, PUSHED[SetupKind(step.kind)])


def wire_of(
    step: SetupStep, request: WriteRequest
) -> Callable[[CodatClient], Any] | None:
    """Return how a request is sent; None: as every push is."""
    if step.kind in PUSHED:
        return None
    return partial(
        _send_feed_write,
        method="DELETE" if step.kind == SetupKind.OLD_SOURCE else "POST",
        path=request.path,
        body=bytes(request.body),
        idempotency_key=request.idempotency_key,
    )


def _send_feed_write(client: CodatClient, **given: Any) -> Any:
    return client.send_feed_write(**given)


def read(step: SetupStep, connection: Connection) -> Callable[[CodatClient], Any]:
    """Return the call that reads what a step's record would be among."""
    ids = (connection.codat_company_id, connection.codat_connection_id)
    if step.kind in {SetupKind.SOURCE_ACCOUNT, SetupKind.OLD_SOURCE}:
        return lambda client: client.list_source_accounts(*ids)
    if step.kind == SetupKind.FEED_MAPPING:
        return lambda client: client.get_bank_feed_mapping(*ids)
    if step.kind == SetupKind.PLAIN_ACCOUNT:
        return lambda client: client.list_bank_accounts(*ids)
    if step.kind == SetupKind.EXPENSE_ACCOUNT:
        return lambda client: client.list_accounts(ids[0])
    return lambda client: client.list_suppliers(ids[0])


def judge(step: SetupStep, items: Sequence[Any]) -> Verdict:
    """Say what a list that was read shows of a step's record."""
    return _JUDGES[SetupKind(step.kind)](step, items)


def _old_source(step: SetupStep, items: Sequence[Any]) -> Verdict:
    is_there = step.subject in {one.id for one in items}
    return Absent() if is_there else Found(step.subject)


def _source(step: SetupStep, items: Sequence[Any]) -> Verdict:
    known = {one.id: one for one in items}
    there = known.get(step.subject)
    return Found(there.id, there.name) if there else Absent()


def _mapping(step: SetupStep, items: Sequence[Any]) -> Verdict:
    for one in items:
        if one.source_account_id != step.subject:
            continue
        if one.status == FeedStatus.CONNECTED and one.target_account_id:
            wanted = step.setup.lender_account.target_account_id
            if wanted not in {"", one.target_account_id}:
                words = "The bank feed is connected to another account in Xero."
                return Unclear(StopReason.REFUSED, words)
            return Found(one.target_account_id, one.source_account_name)
        if one.status == FeedStatus.PENDING:
            return Absent()
        if one.status == FeedStatus.DISCONNECTED:
            words = "The bank feed was disconnected."
            has_been_sent = step.state in {StepState.PENDING, StepState.REFUSED}
            return Unclear(StopReason.REFUSED, words) if has_been_sent else Absent()
        return UnderWay()
    return Unclear(StopReason.REFUSED, "Codat does not know the source account.")


def _plain(step: SetupStep, items: Sequence[Any]) -> Verdict:
    try:
        there = setup_matching.plain_account(
            accounts=items,
            body=json.loads(unseal(step.sealed_body)),
            was_sent=step.request is not None,
        )
    except MappingIncomplete as exc:
        return Unclear(StopReason.NAME_TAKEN, str(exc))
    except Unreadable as exc:
        return Unclear(StopReason.REFUSED, str(exc))
    if there is None:
        return Absent()
    if _is_used_otherwise(there.id, step.setup):
        words = f"{there.name} is used for something else here."
        return Unclear(StopReason.NAME_TAKEN, words)
    return Found(there.id, there.name)


def _is_used_otherwise(account_id: str, setup: AccountSetup) -> bool:
    others = setup.connection.lender_accounts.exclude(pk=setup.lender_account_id)
    return (
        account_id == setup.nominated_account_id
        or others.filter(target_account_id=account_id).exists()
    )


def _expense(step: SetupStep, items: Sequence[Any]) -> Verdict:
    try:
        there = setup_matching.expense_account(
            accounts=items, nominal_code=step.subject
        )
    except MappingIncomplete as exc:
        return Unclear(StopReason.CODE_TAKEN, str(exc))
    return Found(there.id, there.name) if there else Absent()


def _supplier(step: SetupStep, items: Sequence[Any]) -> Verdict:
    try:
        there = setup_matching.the_supplier(
            name=step.subject, suppliers=items, only_equal=step.only_equal
        )
    except MappingIncomplete as exc:
        return Unclear(StopReason.SEVERAL_FIT, str(exc))
    return Found(there.id, there.name) if there else Absent()


_JUDGES: dict[SetupKind, Callable[[SetupStep, Sequence[Any]], Verdict]] = {
    SetupKind.OLD_SOURCE: _old_source,
    SetupKind.SOURCE_ACCOUNT: _source,
    SetupKind.FEED_MAPPING: _mapping,
    SetupKind.PLAIN_ACCOUNT: _plain,
    SetupKind.EXPENSE_ACCOUNT: _expense,
    SetupKind.SUPPLIER: _supplier,
}
