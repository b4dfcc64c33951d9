"""Writes: taken in at once, carried out at Xero some time later.

Codat's push pages: the answer is an HTTP 200 that says Pending; the outcome is told
by a webhook and by the push operation. `TimedOut` says nothing about whether the
record was written.
"""

from __future__ import annotations

from collections.abc import Callable

from xero_sync.sandbox import magic
from xero_sync.sandbox.faults import PUSH_KINDS, PlannedFault
from xero_sync.sandbox.posting import Posting, Refused
from xero_sync.sandbox.posting_costs import post_direct_cost
from xero_sync.sandbox.posting_payments import post_payment
from xero_sync.sandbox.posting_setup import (
    post_account,
    post_bank_account,
    post_supplier,
)
from xero_sync.sandbox.posting_statements import post_statement
from xero_sync.sandbox.posting_transfers import post_transfer
from xero_sync.sandbox.shape import issue
from xero_sync.sandbox.state import Connection, Push, World
from xero_sync.sandbox.wire import ApiError, Call, JsonObject, stamp

POSTERS: dict[str, Callable[[Posting], tuple[str, str]]] = {
    "transfers": post_transfer,
    "directCosts": post_direct_cost,
    "payments": post_payment,
    "suppliers": post_supplier,
    "chartOfAccounts": post_account,
    "bankAccounts": post_bank_account,
}
BODY_CODES = {"Pending": 202, "Success": 200, "Failed": 400, "TimedOut": 408}


def accept(
    world: World,
    call: Call,
    connection: Connection,
    data_type: str,
    source_account_id: str | None = None,
) -> Push:
    """Take a write in, and plan when it is carried out.

    Raises:
        ApiError: 400, the body is not a JSON object.
    """
    timeout = call.query.get("timeoutInMinutes")
    if timeout and not timeout.isdigit():
        raise ApiError(400, "timeoutInMinutes must be a whole number.")
    push = Push(
        company_id=connection.company_id,
        connection_id=connection.id,
        data_type=data_type,
        requested=world.now,
        body=call.json_object(),
        source_account_id=source_account_id,
        timeout_minutes=int(timeout) if timeout else None,
    )
    world.pushes[push.key] = push
    line = f"{call.method} {call.path}"
    found = [world.faults.take(kind, data_type, line) for kind in sorted(PUSH_KINDS)]
    found.append(magic.fault(world, call, data_type, PUSH_KINDS))
    _plan(world, push, {fault.kind: fault for fault in found if fault is not None})
    return push


def _plan(world: World, push: Push, faults: dict[str, PlannedFault]) -> None:
    seconds = world.settings.push_seconds
    if "push_slow" in faults:
        seconds = float(faults["push_slow"].get("seconds", 60))
    if push.timeout_minutes is not None:
        world.later(push.timeout_minutes * 60, lambda: time_out(world, push))

    def settle() -> None:
        if "push_fails" in faults:
            message = faults["push_fails"].get("message", "Xero refused the record.")
            fail(world, push, [issue(push.data_type, message)])
        elif "push_times_out" in faults:
            time_out(world, push)
        elif "push_times_out_but_written" in faults:
            time_out(world, push)
            fault = faults["push_times_out_but_written"]
            told = bool(fault.get("told", False))
            delay = float(fault.get("seconds", 0))
            world.later(delay, lambda: carry_out(world, push, is_told_late=told))
        else:
            named = "push_success_without_record_id" not in faults
            carry_out(world, push, names_record=named)

    if "webhook_before_reply" in faults:
        world.before_reply.append(settle)
    else:
        world.later(seconds, settle)


def carry_out(
    world: World,
    push: Push,
    *,
    names_record: bool = True,
    is_told_late: bool = False,
) -> None:
    """Book the record at Xero, or find out that it will not be booked."""
    connection = world.connections.get(push.connection_id)
    if connection is None or connection.status != "Linked":
        fail(world, push, [issue("Connection", "The connection is not linked.")])
        return
    organisation = world.organisation_of(connection)
    posting = Posting(
        organisation,
        push.body,
        world.now,
        push_operation_key=push.key,
        source_account_ids=frozenset(connection.feeds),
    )
    try:
        change_type, record_id = _post(world, posting, connection, push)
    except Refused as exc:
        fail(world, push, exc.errors, posting.warnings)
        return
    finally:
        world.violations += posting.violations
    if push.status != "Pending" and not is_told_late:
        return  # written after it had timed out: nobody is told
    push.error = None
    push.warnings = posting.warnings
    push.change_type = change_type
    push.record_id = record_id if names_record else None
    _complete(world, push, "Success")


def _post(
    world: World, posting: Posting, connection: Connection, push: Push
) -> tuple[str, str]:
    if push.source_account_id is None:
        return POSTERS[push.data_type](posting)
    return post_statement(
        posting,
        connection.feeds.get(push.source_account_id),
        push.source_account_id,
        accept_repeats=world.settings.accept_repeated_line_ids,
    )


def fail(
    world: World,
    push: Push,
    errors: list[JsonObject],
    warnings: list[JsonObject] | None = None,
) -> None:
    """End a push as Failed."""
    if push.status != "Pending":
        return
    push.errors, push.warnings = errors, warnings or []
    push.error = "; ".join(error["message"] for error in errors)
    _complete(world, push, "Failed")


def time_out(world: World, push: Push) -> None:
    """End a push as TimedOut."""
    if push.status == "Pending":
        push.error = "The operation timed out."
        _complete(world, push, "TimedOut")


def _complete(world: World, push: Push, status: str) -> None:
    push.status, push.completed = status, world.now
    outcome = "successful" if status == "Success" else "unsuccessful"
    payload: JsonObject = {
        "id": push.key,
        "type": "Create",
        "connectionId": push.connection_id,
        "requestedOnDate": stamp(push.requested),
        "completedOnDate": stamp(world.now),
        "status": status,
    }
    if push.record_id is not None:
        payload["record"] = {"id": push.record_id}
    company = world.companies.get(push.company_id)
    world.emit(f"{push.data_type}.write.{outcome}", payload, company)


def show(push: Push) -> JsonObject:
    """A push operation as Codat shows it: never with the record itself."""
    reference: JsonObject = {"dataType": push.change_type}
    if push.record_id is not None:
        reference["id"] = push.record_id
    shown: JsonObject = {
        "changes": None,
        "dataType": push.data_type,
        "companyId": push.company_id,
        "pushOperationKey": push.key,
        "dataConnectionKey": push.connection_id,
        "requestedOnUtc": stamp(push.requested),
        "status": push.status,
        "validation": {"errors": push.errors, "warnings": push.warnings},
        "statusCode": BODY_CODES[push.status],
    }
    if push.status == "Success":
        shown["changes"] = [{"type": "Created", "recordRef": reference}]
    if push.completed is not None:
        shown["completedOnUtc"] = stamp(push.completed)
    if push.timeout_minutes is not None:
        shown["timeoutInMinutes"] = push.timeout_minutes
    if push.error is not None:
        shown["errorMessage"] = push.error
    return shown
