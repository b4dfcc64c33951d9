"""How a setup and its steps change state: compare-and-set, and on the trail.

Whoever moves a step holds its connection's row, so nobody waits in a circle.
"""

from datetime import datetime
from typing import Any

from django.db.models import F

from lending.audit import trail
from xero_sync.codat.exceptions import OtherVersion
from xero_sync.models import AccountSetup, Connection, SetupStep
from xero_sync.models.choices import ConnectionStatus, FeedStatus
from xero_sync.models.setups import SetupKind, SetupState, StepState, StopReason
from xero_sync.runtime import task_queue
from xero_sync.writeback import feed_states, mappings


def move(step: SetupStep, *, to: str, now: datetime, **values: Any) -> bool:
    """Move a step on, unless somebody else has changed it since it was read.

    Returns:
        Whether it was moved. False means that the caller's knowledge is out of date.
    """
    values = {"state": to, "state_since": now, "polls": 0, **values}
    changed = SetupStep.objects.filter(pk=step.pk, fence=step.fence).update(
        fence=F("fence") + 1, **values
    )
    if changed:
        step.fence += 1
        for name, value in values.items():
            setattr(step, name, value)
    return bool(changed)


def put_off(step: SetupStep, *, to: datetime, **values: Any) -> None:
    """Look at a step again at a moment, unless it has moved or its run has stopped."""
    SetupStep.objects.filter(
        pk=step.pk, fence=step.fence, setup__state=SetupState.RUNNING
    ).update(due_at=to, **values)


def done(
    step: SetupStep, *, now: datetime, record_id: str = "", record_name: str = ""
) -> None:
    """Store that what a step makes is there, and let the next one begin."""
    is_moved = move(
        step,
        to=StepState.DONE,
        now=now,
        due_at=None,
        record_id=record_id,
        record_name=record_name[:255],
        words="",
    )
    if is_moved:
        _take_effect(step, now)
        advance(step.setup, now=now)


def _take_effect(step: SetupStep, now: datetime) -> None:
    setup = step.setup
    if step.kind == SetupKind.SOURCE_ACCOUNT:
        made = {"field": "source_account_id", "after": step.subject}
        feed_states.note(
            setup.lender_account, "feed.created", by=setup.chosen_by, at=now, **made
        )
    elif step.kind == SetupKind.OLD_SOURCE:
        old = setup.connection.lender_accounts.get(source_account_id=step.subject)
        feed_states.store(old, status=FeedStatus.CLOSED, now=now, by=setup.chosen_by)
    elif step.kind == SetupKind.PLAIN_ACCOUNT:
        account = setup.lender_account
        account.target_account_id = step.record_id
        account.name = step.record_name or account.name
        account.save(update_fields=["target_account_id", "name"])
        made = {"field": "target_account_id", "after": step.record_id}
        feed_states.note(
            account, "lender_account.made", by=setup.chosen_by, at=now, **made
        )


def advance(setup: AccountSetup, *, now: datetime) -> None:
    """Begin the next step of a run that is under way, or store the choice."""
    row = AccountSetup.objects.select_related("connection").get(pk=setup.pk)
    if row.state != SetupState.RUNNING:
        return
    following = row.steps.exclude(state=StepState.DONE).order_by("number").first()
    if following is None:
        _finish(row, now)
    else:
        row.steps.filter(pk=following.pk).update(due_at=now)
        task_queue.nudge_drain()


def _finish(setup: AccountSetup, now: datetime) -> None:
    if blocked := blocker(setup):
        stop(setup, reason=blocked, now=now)
        return
    made = {step.kind: (step.record_id, step.record_name) for step in setup.steps.all()}
    expense = made.get(SetupKind.EXPENSE_ACCOUNT)
    supplier = made.get(SetupKind.SUPPLIER)
    expense_id, expense_name = expense or (
        setup.expense_account_id,
        setup.expense_account_name,
    )
    supplier_id, supplier_name = supplier or (setup.supplier_id, setup.supplier_name)
    setup.lender_account.refresh_from_db()
    try:
        mapping = mappings.store(
            connection=setup.connection,
            expected_version=setup.base_version,
            lender_account=setup.lender_account,
            nominated_account_id=setup.nominated_account_id,
            nominated_account_name=setup.nominated_account_name,
            expense_account_id=expense_id,
            expense_account_name=expense_name,
            supplier_id=supplier_id,
            supplier_name=supplier_name,
            tax_rate_id=setup.tax_rate_id,
            tax_percent=setup.tax_percent,
            chosen_by=setup.chosen_by,
            created_at=now,
        )
    except OtherVersion as exc:
        stop(setup, reason=StopReason.OTHER_VERSION, words=str(exc), now=now)
        return
    AccountSetup.objects.filter(pk=setup.pk).update(
        state=SetupState.DONE, state_since=now, mapping=mapping
    )
    trail.record(
        "setup.finished",
        setup,
        at=now,
        company_id=setup.connection.company_id,
        after={"version": mapping.version},
    )


def blocker(setup: AccountSetup) -> str:
    """Return why nothing may be made for a run now, or ""."""
    connection = Connection.objects.get(pk=setup.connection_id)
    if connection.deleted_at or connection.status != ConnectionStatus.LINKED:
        return StopReason.NOT_LINKED
    if connection.access_problem:
        return StopReason.ACCESS_DENIED
    # What was chosen in one organisation is never made in another.
    if connection.organisation_changed or setup.lender_account.void_since:
        return StopReason.ORGANISATION_CHANGED
    return ""


def stop(setup: AccountSetup, *, reason: str, now: datetime, words: str = "") -> None:
    """Let a run wait for a person; what is under way at Codat is not forgotten."""
    running = AccountSetup.objects.filter(pk=setup.pk, state=SetupState.RUNNING)
    if not running.update(
        state=SetupState.STOPPED, state_since=now, reason=reason, words=words
    ):
        return
    SetupStep.objects.filter(setup=setup.pk).update(due_at=None)
    trail.record(
        "setup.stopped",
        setup,
        at=now,
        company_id=setup.connection.company_id,
        after={"stopped_for": StopReason(reason).value, "words": words},
    )
