"""The bugs, each a few replacements: a file, what stands there, what stands instead."""

from __future__ import annotations

from dataclasses import dataclass

from tests.scenarios.setups import FIRST

Change = tuple[str, str, str]

ENGINE = "xero_sync/writeback/engine.py"
POOL = "xero_sync/writeback/pool.py"
CHOOSING = "xero_sync/writeback/choosing.py"
RESULTS = "xero_sync/writeback/results.py"
OUTCOMES = "xero_sync/writeback/outcomes.py"
UNKNOWN = "xero_sync/writeback/unknown.py"
POLLING = "xero_sync/writeback/polling.py"
FINAL_WORD = "xero_sync/writeback/final_word.py"
READBACK = "xero_sync/writeback/readback.py"
TRANSITIONS = "xero_sync/writeback/transitions.py"
BULK = "lending/db/bulk.py"
SWEEP = "xero_sync/writeback/sweep.py"
LINES = "xero_sync/writeback/lines.py"
HOLDS = "xero_sync/writeback/holds.py"
INBOX = "xero_sync/writeback/inbox.py"
DECIDING = "xero_sync/writeback/deciding.py"
ALARMS = "xero_sync/writeback/alarms.py"
REVERSALS = "xero_sync/writeback/reversals.py"
BACKPRESSURE = "xero_sync/writeback/backpressure.py"
SETTINGS = "backoffice/settings.py"
CHOICE = "xero_sync/accounts/choice.py"
LENDER = "xero_sync/accounts/lender_planning.py"
SETUPS = "xero_sync/writeback/setups.py"
SETUP_LOOKS = "xero_sync/writeback/setup_looks.py"


@dataclass(frozen=True)
class Bug:
    """A mistake that somebody might make one day."""

    name: str
    changes: tuple[Change, ...]
    # The first seed of the schedules that are to catch it.
    first: int = 1


def _bug(name: str, *changes: Change, first: int = 1) -> Bug:
    return Bug(name, changes, first)


BUGS = {
    bug.name: bug
    for bug in (
        _bug(
            "intent-not-committed-first",
            (
                ENGINE,
                "            started = 0 if is_over else _start(pool, moment, mark)\n",
                (
                    "            from django.db import transaction\n"
                    "            with transaction.atomic():\n"
                    "                started = 0 if is_over else (\n"
                    "                    _start(pool, moment, mark))\n"
                ),
            ),
        ),
        _bug(
            "new-key-after-5xx",
            (
                UNKNOWN,
                "        return _timed_out(group, request, now)\n",
                (
                    "        return _timed_out(group, request, now)\n"
                    "    if first.reason == Reason.NO_VERDICT:\n"
                    "        outcomes.send_anew(group, now=now, note='')\n"
                    "        return None\n"
                ),
            ),
        ),
        _bug(
            "new-key-after-a-lost-reply",
            (
                UNKNOWN,
                "        return _timed_out(group, request, now)\n",
                (
                    "        return _timed_out(group, request, now)\n"
                    "    if first.reason == Reason.NO_ANSWER:\n"
                    "        outcomes.send_anew(group, now=now, note='')\n"
                    "        return None\n"
                ),
            ),
        ),
        _bug(
            "fence-ignored",
            (
                TRANSITIONS,
                "filter(pk=record.pk, fence=record.fence).update(",
                "filter(pk=record.pk).update(",
            ),
        ),
        _bug(
            "fence-ignored-for-many",
            (
                BULK,
                "if values.get(row[key]) == row[name]]",
                "if row[key] in values]",
            ),
        ),
        _bug(
            "order-of-bookings-ignored",
            (CHOOSING, "        ~Exists(earlier),\n", ""),
        ),
        _bug(
            "settle-time-too-short",
            (
                SETTINGS,
                '"WRITEBACK_SETTLE_SECONDS", default=5_400',
                '"WRITEBACK_SETTLE_SECONDS", default=60',
            ),
        ),
        _bug(
            "key-trusted-too-long",
            (
                SETTINGS,
                '"WRITEBACK_KEY_SECONDS", default=4_800',
                '"WRITEBACK_KEY_SECONDS", default=9_000',
            ),
        ),
        _bug(
            "webhook-trusted-without-a-look",
            (
                INBOX,
                "    # A key that we do not know yet is looked at",
                (
                    '    if message.event_type.endswith(".write.successful"):\n'
                    "        from xero_sync.writeback import outcomes\n"
                    "        for record in under_way:\n"
                    "            outcomes.written(record, cause='look', now=now,\n"
                    "                             xero_record_id='told')\n"
                    "    # A key that we do not know yet is looked at"
                ),
            ),
        ),
        _bug(
            "expired-lease-sent-anew",
            (
                SWEEP,
                (
                    "            to=State.UNKNOWN,\n"
                    "            reason=Reason.LEASE_EXPIRED,\n"
                    "            cause=Cause.LEASE,\n"
                    "            now=now,\n"
                ),
                (
                    "            to=State.QUEUED,\n"
                    "            cause=Cause.LEASE,\n"
                    "            now=now,\n"
                    "            request=None,\n"
                ),
            ),
        ),
        _bug(
            "leases-never-expire",
            (SWEEP, "lease_until__lt=now)", "lease_until__lt=now, fence=-1)"),
        ),
        _bug(
            "sent-beside-an-unknown-one",
            (
                CHOOSING,
                "state__in=(State.SENDING, State.UNKNOWN)",
                "state__in=(State.SENDING,)",
            ),
        ),
        _bug(
            "timed-out-taken-for-failed",
            (
                OUTCOMES,
                "elif operation.status == PushStatus.FAILED:",
                "elif operation.status in (PushStatus.FAILED, PushStatus.TIMED_OUT):",
            ),
        ),
        _bug(
            "timed-out-sent-anew",
            (READBACK, "elif record.push_operation_key is None:", "elif True:"),
        ),
        _bug(
            "lines-overtake-what-is-under-way",
            (
                LINES,
                "state__in=(*UNDER_WAY_STATES, State.FAILED)",
                "state__in=(State.SENDING,)",
            ),
        ),
        _bug(
            "balance-without-what-stands",
            (
                LINES,
                "return account.opening_balance + (total or Decimal(0))",
                "return account.opening_balance",
            ),
        ),
        _bug(
            "retry-after-ignored",
            (
                BACKPRESSURE,
                "budget.block(until=now + timedelta(seconds=wait))",
                "budget.block(until=now)",
            ),
        ),
        _bug(
            "goes-on-after-429",
            (
                POOL,
                "if (left := self._quiet_until - time.monotonic()) > 0:",
                "if (left := 0.0) > 0:",
            ),
        ),
        _bug(
            "sent-long-after-the-claim",
            (POOL, "if time.monotonic() - mark > _patience():", "if False:"),
        ),
        _bug(
            "unreachable-taken-for-never-sent",
            (
                RESULTS,
                "    if not claim.certain:\n        # This one was not taken in, but",
                "    if False:\n        # This one was not taken in, but",
            ),
        ),
        _bug(
            "refusal-of-a-repeat-believed",
            (
                RESULTS,
                (
                    "    if not claim.certain:\n"
                    "        _unknown(record, Reason.NO_VERDICT, now, "
                    "backoff(_sends(claim)), str(error))\n"
                    "        return\n"
                    "    outcomes.failed("
                ),
                "    outcomes.failed(",
            ),
        ),
        _bug(
            "line-before-its-booking",
            (
                HOLDS,
                "if booking is None or booking.state not in STANDING_STATES:",
                "if False:",
            ),
        ),
        _bug(
            "planned-after-the-commit",
            (
                "xero_sync/receivers.py",
                "    planner.plan(events=events, now=database_now())",
                (
                    "    from django.db import transaction\n"
                    "    transaction.on_commit(\n"
                    "        lambda: planner.plan(events=events, now=database_now()))"
                ),
            ),
        ),
        _bug(
            "pending-waits-for-its-webhook",
            (
                OUTCOMES,
                '"next_poll_at": now if operation.key in told else later,',
                '"next_poll_at": now if operation.key in told else None,',
            ),
        ),
        _bug(
            "reversal-of-nothing-sent",
            (
                REVERSALS,
                "    if booking.state == State.CANCELLED:\n",
                "    if booking.state == State.FAILED:\n",
            ),
        ),
        _bug(
            "refused-key-used-again",
            (
                OUTCOMES,
                (
                    "        # What was refused is never sent again under its key.\n"
                    "        request=None,\n"
                ),
                "",
            ),
        ),
        _bug(
            "somebody-elses-operation-adopted",
            (
                UNKNOWN,
                "[operation for operation in alike if operation.key in free]",
                "alike[:1]",
            ),
        ),
        _bug(
            "absence-believed-at-once",
            (
                UNKNOWN,
                "    elif is_early:\n",
                "    elif is_early and first.step != Step.STATEMENT_LINE:\n",
            ),
        ),
        _bug(
            "age-judged-before-a-look",
            (
                POLLING,
                "    if len(whole) > 1:\n",
                (
                    "    old = [one for one in whole\n"
                    "           if final_word.is_overdue(one[0], asked_at=now)]\n"
                    "    for one in old:\n"
                    "        final_word.leave_to_person(one, now=now, note='too old')\n"
                    "    whole = [one for one in whole if one not in old]\n"
                    "    if not whole:\n"
                    "        return None\n"
                    "    if len(whole) > 1:\n"
                ),
            ),
        ),
        _bug(
            "what-a-person-was-asked-about-is-not-watched",
            (
                FINAL_WORD,
                "WATCHED_EVERY = timedelta(hours=6)",
                "WATCHED_EVERY = timedelta(days=60)",
            ),
        ),
        _bug(
            "answer-taken-without-a-look",
            (
                DECIDING,
                "    seen = before_deciding.look(record, client=client, now=now)\n",
                "    seen = Seen(record.fence)\n",
            ),
        ),
        _bug(
            "late-success-kept-silent",
            (
                ALARMS,
                "            _raise(record, watched, now)\n",
                "            pass\n",
            ),
        ),
        _bug(
            "no-key-on-the-wire",
            (
                "xero_sync/codat/client.py",
                "if idempotency_key is not None:",
                "if False:",
            ),
        ),
        _bug(
            "body-made-anew",
            (
                POOL,
                "            body=bytes(request.body),\n",
                (
                    "            body=bytes(request.body).replace(b'\":', b'\": ')\n"
                    "            if not work.certain else bytes(request.body),\n"
                ),
            ),
        ),
        _bug(
            "no-look-after-a-start",
            (
                "xero_sync/writeback/push_looks.py",
                "    return connection.pushes_seen_by == here or ",
                "    return True or ",
            ),
        ),
        _bug(
            "setup-key-lost-on-the-wire",
            (
                "xero_sync/codat/bank_feeds.py",
                "(method, path, body=body, idempotency_key=idempotency_key)",
                "(method, path, body=body)",
            ),
            first=FIRST,
        ),
        _bug(
            "setup-sent-anew-after-an-unknown",
            (
                SETUPS,
                "(is_certain and not _was_kept_back(request, now))",
                "not _was_kept_back(request, now)",
            ),
            first=FIRST,
        ),
        _bug(
            "second-tab-makes-a-second-run",
            (
                CHOICE,
                (
                    "        if under_way := _under_way(row, frozen):\n"
                    "            return under_way\n"
                    "        if leases"
                ),
                (
                    "        row.setups.filter(state=SetupState.RUNNING).update(\n"
                    "            state=SetupState.GIVEN_UP)\n"
                    "        if leases"
                ),
            ),
            first=FIRST,
        ),
        _bug(
            "setup-of-a-dead-sender-sent-anew",
            (
                SETUPS,
                "move(step, to=StepState.UNKNOWN, now=now, due_at=now)",
                "move(step, to=StepState.READY, now=now, due_at=now)",
            ),
            first=FIRST,
        ),
        _bug(
            "setup-absence-believed-at-once",
            (SETUP_LOOKS, "    elif asked_at >= settled:\n", "    elif True:\n"),
            first=FIRST,
        ),
        _bug(
            "feed-brings-a-second-account",
            (
                LENDER,
                "        if plain := plain_accounts.to_be_joined(self._connection):\n",
                "        if plain := None:\n",
            ),
            first=FIRST,
        ),
    )
}
