"""Setups: what has to be made at Codat and in Xero for a choice of accounts."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from lending.db.ids import new_id
from lending.formats import instant


class SetupState(models.TextChoices):
    """Where a run stands."""

    RUNNING = "running", _("Under way")
    DONE = "done", _("Done")
    STOPPED = "stopped", _("Stopped; a person must look")
    GIVEN_UP = "given_up", _("Given up for another choice")


class StopReason(models.TextChoices):
    """Why a run waits for a person."""

    REFUSED = "refused", _("Codat or Xero refused it")
    FEEDS_REFUSED = "feeds_refused", _("Xero takes no bank feeds here")
    ACCESS_DENIED = "access_denied", _("Codat refuses our key or plan")
    NOT_LINKED = "not_linked", _("The connection to Xero is not linked")
    ORGANISATION_CHANGED = "organisation_changed", _("Another Xero organisation")
    OTHER_VERSION = "other_version", _("The accounts were chosen anew meanwhile")
    SEVERAL_FIT = "several_fit", _("Several records in Xero could be it")
    CODE_TAKEN = "code_taken", _("The code belongs to another account")
    NAME_TAKEN = "name_taken", _("The name belongs to another account")
    NO_FINAL_WORD = "no_final_word", _("Xero has not answered within a day")


class SetupKind(models.TextChoices):
    """The kinds of step, in the order in which a run takes them."""

    OLD_SOURCE = "old_source", _("Source account of other numbers, given up")
    SOURCE_ACCOUNT = "source_account", _("Source account of the bank feed")
    FEED_MAPPING = "feed_mapping", _("Lender account in Xero, with its bank feed")
    PLAIN_ACCOUNT = "plain_account", _("Lender account in Xero, without a bank feed")
    EXPENSE_ACCOUNT = "expense_account", _("Expense account")
    SUPPLIER = "supplier", _("Supplier")


class StepState(models.TextChoices):
    """Where a step stands."""

    WAITING = "waiting", _("To be looked for first")
    READY = "ready", _("Not there; to be sent")
    SENDING = "sending", _("Sending")
    PENDING = "pending", _("Sent, waiting for Xero")
    UNKNOWN = "unknown", _("Outcome not known yet")
    MADE = "made", _("In Xero, and still to be read")
    REFUSED = "refused", _("Refused")
    DONE = "done", _("There")


class AccountSetup(models.Model):
    """One run that makes what a choice of accounts needs, and then stores the choice.

    What was chosen is frozen. `base_version` is the version of the accounts that was in
    force when it began (0: none); the choice is stored only on that one.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    connection = models.ForeignKey(
        "xero_sync.Connection", on_delete=models.PROTECT, related_name="setups"
    )
    # Encrypted, for the lender's account number may be in it; it tells repeats apart.
    sealed_choice = models.TextField(editable=False)
    base_version = models.PositiveIntegerField(_("chosen on version"))
    lender_account = models.ForeignKey(
        "xero_sync.LenderAccount", on_delete=models.PROTECT, related_name="setups"
    )
    nominated_account_id = models.CharField(_("nominated account"), max_length=64)
    nominated_account_name = models.CharField(
        _("nominated account name"), max_length=255, blank=True
    )
    # Empty where a step makes it.
    expense_account_id = models.CharField(
        _("expense account"), max_length=64, blank=True
    )
    expense_account_name = models.CharField(
        _("expense account name"), max_length=255, blank=True
    )
    supplier_id = models.CharField(_("supplier"), max_length=64, blank=True)
    supplier_name = models.CharField(_("supplier name"), max_length=255, blank=True)
    tax_rate_id = models.CharField(_("tax rate"), max_length=64)
    tax_percent = models.DecimalField(_("tax percent"), max_digits=6, decimal_places=3)
    chosen_by = models.CharField(_("chosen by"), max_length=150)
    begun_at = models.DateTimeField(_("begun"))
    state = models.CharField(_("state"), max_length=20, choices=SetupState.choices)
    state_since = models.DateTimeField(_("since"))
    reason = models.CharField(
        _("stopped for"), max_length=30, choices=StopReason.choices, blank=True
    )
    words = models.TextField(_("in words"), blank=True)
    # How long to wait for Xero is counted from here.
    resumed_at = models.DateTimeField(_("last tried again"), null=True, blank=True)
    mapping = models.ForeignKey(
        "xero_sync.AccountMapping",
        on_delete=models.PROTECT,
        related_name="setups",
        null=True,
        blank=True,
    )

    class Meta:
        verbose_name = _("account setup")
        verbose_name_plural = _("account setups")
        constraints = [
            models.UniqueConstraint(
                fields=["connection"],
                condition=Q(state=SetupState.RUNNING),
                name="xero_sync_accountsetup_one_running",
            ),
            models.CheckConstraint(
                condition=Q(state__in=SetupState.values),
                name="xero_sync_accountsetup_known_state",
            ),
            models.CheckConstraint(
                condition=Q(state=SetupState.DONE, mapping__isnull=False)
                | ~Q(state=SetupState.DONE) & Q(mapping__isnull=True),
                name="xero_sync_accountsetup_done_with_mapping",
            ),
            models.CheckConstraint(
                condition=~Q(state=SetupState.STOPPED) | ~Q(reason=""),
                name="xero_sync_accountsetup_stopped_with_reason",
            ),
        ]

    def __str__(self) -> str:
        """Name the moment and the state."""
        return f"{instant(self.begun_at)} {self.state}"


class SetupStep(models.Model):
    """One thing that a run makes, at most once.

    `subject` is what tells it apart at Codat or in Xero: the id of a source account,
    the name of a bank account, the code of an account, the name of a supplier. `fence`
    grows with every change of state, so that a worker which slept through its lease
    changes nothing. Only the step whose turn it is has a `due_at`; while it is sent,
    that is where its lease ends.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    setup = models.ForeignKey(
        AccountSetup, on_delete=models.PROTECT, related_name="steps"
    )
    number = models.PositiveSmallIntegerField(_("number"))
    kind = models.CharField(_("step"), max_length=20, choices=SetupKind.choices)
    subject = models.CharField(_("subject"), max_length=255)
    # A person has seen what is called nearly so, and it is none of it.
    only_equal = models.BooleanField(default=False, editable=False)
    # Encrypted, for the lender's account number may be in it.
    sealed_body = models.TextField(editable=False)
    state = models.CharField(
        _("state"),
        max_length=20,
        choices=StepState.choices,
        default=StepState.WAITING,
    )
    state_since = models.DateTimeField(_("since"))
    fence = models.PositiveIntegerField(_("fence"), default=0)
    due_at = models.DateTimeField(_("due"), null=True, blank=True)
    polls = models.PositiveIntegerField(_("looks"), default=0)
    looked_at = models.DateTimeField(_("looked for in vain"), null=True, blank=True)
    request = models.ForeignKey(
        "xero_sync.WriteRequest",
        on_delete=models.PROTECT,
        related_name="current_steps",
        null=True,
        blank=True,
    )
    requests = models.ManyToManyField(
        "xero_sync.WriteRequest",
        related_name="setup_steps",
        verbose_name=_("write requests"),
    )
    push_operation_key = models.UUIDField(
        _("push operation"), null=True, blank=True, db_index=True
    )
    record_id = models.CharField(_("record in Xero"), max_length=64, blank=True)
    record_name = models.CharField(_("name in Xero"), max_length=255, blank=True)
    words = models.TextField(_("Codat's words"), blank=True)

    class Meta:
        verbose_name = _("setup step")
        verbose_name_plural = _("setup steps")
        constraints = [
            models.UniqueConstraint(
                fields=["setup", "kind"], name="xero_sync_setupstep_one_per_kind"
            ),
            models.UniqueConstraint(
                fields=["setup", "number"], name="xero_sync_setupstep_one_per_number"
            ),
            models.CheckConstraint(
                condition=Q(state__in=StepState.values),
                name="xero_sync_setupstep_known_state",
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at"],
                condition=Q(due_at__isnull=False),
                name="xero_sync_setupstep_due",
            )
        ]

    def __str__(self) -> str:
        """Name the step and what it is about."""
        return f"{self.get_kind_display()}: {self.subject}"
