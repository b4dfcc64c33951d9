"""The queue of record: what must stand in Xero, what was sent, what came back."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from lending.db.ids import new_id
from lending.formats import instant
from xero_sync.models.choices import (
    BOOKINGS,
    CLOSED_STATES,
    Cause,
    Outcome,
    Reason,
    State,
    Step,
)
from xero_sync.models.state_sets import DISPENSABLE, NEEDS_A_DECISION

OPEN = ~Q(state__in=CLOSED_STATES)


class SyncRecordQuerySet(models.QuerySet["SyncRecord"]):
    """Filters that several places share."""

    def bookings(self) -> "SyncRecordQuerySet":
        """Return entries that change the books, as against statement lines."""
        return self.filter(step__in=BOOKINGS)

    def open(self) -> "SyncRecordQuerySet":
        """Return entries that are not settled for good."""
        return self.filter(OPEN)

    def needing_a_decision(self) -> "SyncRecordQuerySet":
        """Return entries that move, or may stand as they do, only by a person."""
        return self.filter(NEEDS_A_DECISION.q() | Q(is_alarmed=True))

    def unfinished(self) -> "SyncRecordQuerySet":
        """Return entries without which what they belong to is not done."""
        return self.open().exclude(DISPENSABLE.q())

    def missing_lines(self) -> "SyncRecordQuerySet":
        """Return the statement lines that are still to come into the bank feed."""
        return self.unfinished().filter(step=Step.STATEMENT_LINE)


class SyncRecord(models.Model):
    """One entry that must exist in Xero for one event and one step.

    `fence` grows with every change: who changes a record names the value they read, so
    that a worker which slept through its lease changes nothing.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    # Relations without an index of their own begin another index of the table.
    event = models.ForeignKey(
        "lending.LoanEvent",
        on_delete=models.PROTECT,
        related_name="sync_records",
        db_index=False,
    )
    step = models.CharField(_("entry"), max_length=20, choices=Step.choices)
    # Copies of what the event fixes for good, so that the queue needs no joins.
    company = models.ForeignKey(
        "lending.Company", on_delete=models.PROTECT, related_name="sync_records"
    )
    loan = models.ForeignKey(
        "lending.Loan", on_delete=models.PROTECT, related_name="sync_records"
    )
    sequence = models.PositiveIntegerField(_("sequence in the loan"))
    value_date = models.DateField(_("value date"))
    lender_effect = models.DecimalField(
        _("effect on the lender account"), max_digits=16, decimal_places=4
    )

    state = models.CharField(_("state"), max_length=20, choices=State.choices)
    reason = models.CharField(
        _("reason"), max_length=30, choices=Reason.choices, blank=True
    )
    state_since = models.DateTimeField(_("since"))
    fence = models.PositiveIntegerField(_("fence"), default=0)
    lease_until = models.DateTimeField(_("leased until"), null=True, blank=True)
    is_backfill = models.BooleanField(_("back-fill"), default=False)
    not_before = models.DateTimeField(_("not before"), null=True, blank=True)
    next_poll_at = models.DateTimeField(_("next look"), null=True, blank=True)
    polls = models.PositiveIntegerField(_("polls"), default=0)
    checked_at = models.DateTimeField(_("invoice checked"), null=True, blank=True)

    compensates = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        related_name="compensated_by",
        null=True,
        blank=True,
        db_index=False,
    )
    lender_account = models.ForeignKey(
        "xero_sync.LenderAccount",
        on_delete=models.PROTECT,
        related_name="sync_records",
        null=True,
        blank=True,
        db_index=False,
    )
    request = models.ForeignKey(
        "xero_sync.WriteRequest",
        on_delete=models.PROTECT,
        related_name="current_records",
        null=True,
        blank=True,
        db_index=False,
    )
    push_operation_key = models.UUIDField(_("push operation"), null=True, blank=True)
    xero_record_id = models.CharField(_("record in Xero"), max_length=64, blank=True)
    # What an operation made that may be ours; read before it is believed.
    candidate_id = models.CharField(
        _("candidate in Xero"), max_length=64, blank=True, editable=False
    )
    candidate_key = models.UUIDField(
        _("candidate at Codat"), null=True, blank=True, editable=False
    )
    failure = models.TextField(_("Codat's words"), blank=True)
    # Kept in step with its watched pushes, so that lists need no join.
    is_alarmed = models.BooleanField(_("may stand twice"), default=False)
    created_at = models.DateTimeField(_("planned"))

    objects = SyncRecordQuerySet.as_manager()

    class Meta:
        verbose_name = _("sync record")
        verbose_name_plural = _("sync records")
        constraints = [
            models.UniqueConstraint(
                fields=["event", "step"], name="xero_sync_syncrecord_one_per_step"
            ),
            models.UniqueConstraint(
                fields=["company", "step"],
                condition=Q(state=State.SENDING, step__in=BOOKINGS),
                name="xero_sync_syncrecord_one_sending_booking",
            ),
            models.CheckConstraint(
                condition=Q(state__in=State.values),
                name="xero_sync_syncrecord_known_state",
            ),
            models.CheckConstraint(
                condition=Q(step__in=Step.values),
                name="xero_sync_syncrecord_known_step",
            ),
        ]
        indexes = [
            models.Index(
                fields=["company", "step", "is_backfill", "event"],
                condition=Q(state=State.QUEUED),
                name="xero_sync_record_queued",
            ),
            models.Index(
                fields=["loan", "sequence"],
                condition=OPEN,
                name="xero_sync_record_open",
            ),
            models.Index(
                fields=["company", "step", "state"],
                condition=OPEN,
                name="xero_sync_record_lane",
            ),
            models.Index(
                fields=["next_poll_at"],
                condition=Q(state__in=[State.PENDING, State.UNKNOWN]),
                name="xero_sync_record_look",
            ),
            models.Index(
                fields=["lender_account", "value_date"],
                condition=Q(step=Step.STATEMENT_LINE),
                name="xero_sync_record_statement",
            ),
            models.Index(fields=["state", "reason"], name="xero_sync_record_state"),
            # Most entries have none of these most of the time.
            models.Index(
                fields=["company"],
                condition=Q(is_alarmed=True),
                name="xero_sync_record_alarmed",
            ),
            models.Index(
                fields=["compensates"],
                condition=Q(compensates__isnull=False),
                name="xero_sync_record_compensates",
            ),
            models.Index(
                fields=["request"],
                condition=Q(request__isnull=False),
                name="xero_sync_record_request",
            ),
            models.Index(
                fields=["push_operation_key"],
                condition=Q(push_operation_key__isnull=False),
                name="xero_sync_record_push",
            ),
        ]

    def __str__(self) -> str:
        """Name the event and the step."""
        return f"{self.event_id} {self.step}"


class WriteRequest(models.Model):
    """One HTTP write to Codat, committed before its first byte goes out.

    Append-only. A request without an attempt is the evidence of a crash.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    # None of these relations is ever followed to the requests: an index of each would
    # only make every push write to another page.
    company = models.ForeignKey(
        "lending.Company",
        on_delete=models.PROTECT,
        related_name="write_requests",
        db_index=False,
    )
    connection = models.ForeignKey(
        "xero_sync.Connection",
        on_delete=models.PROTECT,
        related_name="write_requests",
        db_index=False,
    )
    mapping = models.ForeignKey(
        "xero_sync.AccountMapping",
        on_delete=models.PROTECT,
        related_name="write_requests",
        null=True,
        blank=True,
        db_index=False,
    )
    data_type = models.CharField(_("data type"), max_length=40)
    path = models.CharField(_("address"), max_length=500)
    body = models.BinaryField(_("body"))
    idempotency_key = models.UUIDField(_("Idempotency-Key"), unique=True)
    predecessor = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        related_name="successors",
        null=True,
        blank=True,
        db_index=False,
    )
    records = models.ManyToManyField(
        SyncRecord, related_name="requests", verbose_name=_("entries")
    )
    created_at = models.DateTimeField(_("intent committed"))

    class Meta:
        verbose_name = _("write request")
        verbose_name_plural = _("write requests")
        indexes = [
            models.Index(
                fields=["connection", "data_type", "created_at"],
                name="xero_sync_request_window",
            )
        ]

    def __str__(self) -> str:
        """Name the data type and the key."""
        return f"{self.data_type} {self.idempotency_key}"


class WriteAttempt(models.Model):
    """One HTTP exchange of a write request, answered or not. Append-only.

    What was answered is a row of its own, which retention may empty; its hash stays.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    request = models.ForeignKey(
        WriteRequest, on_delete=models.PROTECT, related_name="attempts"
    )
    started_at = models.DateTimeField(_("started"))
    finished_at = models.DateTimeField(_("finished"))
    elapsed_ms = models.PositiveIntegerField(_("milliseconds"), default=0)
    outcome = models.CharField(_("outcome"), max_length=20, choices=Outcome.choices)
    status_code = models.PositiveSmallIntegerField(
        _("HTTP status"), null=True, blank=True
    )
    correlation_id = models.CharField(_("correlation id"), max_length=100, blank=True)
    push_operation_key = models.UUIDField(_("push operation"), null=True, db_index=True)
    error = models.TextField(_("error"), blank=True)
    answer_sha256 = models.CharField(
        _("SHA-256 of the answer"), max_length=64, blank=True
    )

    class Meta:
        verbose_name = _("write attempt")
        verbose_name_plural = _("write attempts")

    def __str__(self) -> str:
        """Name the request, the time and the outcome."""
        return f"{self.request_id} {self.started_at:%H:%M:%S} {self.outcome}"

    @property
    def answer(self) -> str:
        """What was answered; nothing if there was no answer, or it was erased."""
        stored = getattr(self, "stored_answer", None)
        return stored.text if stored else ""


class AttemptAnswer(models.Model):
    """The text that an exchange was answered with.

    Append-only, but for `backoffice/retention.py`, which empties it once.
    """

    attempt = models.OneToOneField(
        WriteAttempt,
        on_delete=models.PROTECT,
        primary_key=True,
        related_name="stored_answer",
    )
    text = models.TextField(_("answer"), blank=True)
    erased_at = models.DateTimeField(_("erased"), null=True, blank=True)

    class Meta:
        verbose_name = _("answer")
        verbose_name_plural = _("answers")
        default_permissions = ()

    def __str__(self) -> str:
        """Name the exchange."""
        return f"answer to {self.attempt_id}"


class RecordChange(models.Model):
    """One line of a sync record's timeline. Append-only."""

    record = models.ForeignKey(
        SyncRecord, on_delete=models.PROTECT, related_name="changes", db_index=False
    )
    at = models.DateTimeField(_("at"))
    from_state = models.CharField(
        _("from"), max_length=20, choices=State.choices, blank=True
    )
    to_state = models.CharField(_("to"), max_length=20, choices=State.choices)
    reason = models.CharField(
        _("reason"), max_length=30, choices=Reason.choices, blank=True
    )
    cause = models.CharField(_("cause"), max_length=20, choices=Cause.choices)
    actor = models.CharField(_("who"), max_length=150, blank=True)
    note = models.TextField(_("note"), blank=True)
    push_operation_key = models.UUIDField(_("push operation"), null=True)

    class Meta:
        verbose_name = _("change")
        verbose_name_plural = _("changes")
        indexes = [
            models.Index(fields=["record", "at"], name="xero_sync_change_timeline"),
            models.Index(
                fields=["push_operation_key"],
                condition=Q(push_operation_key__isnull=False),
                name="xero_sync_change_push",
            ),
        ]

    def __str__(self) -> str:
        """Name the record, the time and the state reached."""
        return f"{self.record_id} {instant(self.at)} {self.to_state}"
