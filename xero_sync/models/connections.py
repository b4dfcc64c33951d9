"""The link to a borrower's Xero and the accounts chosen in it."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import models
from django.db.models import F, Q
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from xero_sync.models.choices import (
    AccountKind,
    ConnectionStatus,
    FeedStatus,
    Question,
)
from xero_sync.models.mapping_rows import MappingRow, RowRole

# Xero's plan of its demo company, as Codat passes it on.
DEMO_PLAN = "Demo"
DEMO = Q(plan_type=DEMO_PLAN) | Q(marked_demo=True)


@dataclass(frozen=True)
class LostChoice:
    """Something chosen that Xero no longer has, or no longer takes entries on."""

    question: Question
    name: str
    since: datetime


class ConnectionQuerySet(models.QuerySet["Connection"]):
    """Which connections count."""

    def live(self) -> "ConnectionQuerySet":
        """Return connections that are not deleted, at most one a company."""
        return self.filter(deleted_at=None)

    def linked(self) -> "ConnectionQuerySet":
        """Return live connections that reach their organisation."""
        return self.live().filter(status=ConnectionStatus.LINKED)

    def not_demo(self) -> "ConnectionQuerySet":
        """Return connections to real organisations, as against demo companies."""
        return self.exclude(DEMO)


class Connection(models.Model):
    """One Codat connection of a company: one Xero organisation."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    company = models.ForeignKey(
        "lending.Company", on_delete=models.PROTECT, related_name="connections"
    )
    codat_company_id = models.UUIDField(_("Codat company"), db_index=True)
    codat_connection_id = models.UUIDField(_("Codat connection"), unique=True)
    status = models.CharField(
        _("status"), max_length=20, choices=ConnectionStatus.choices
    )
    organisation_name = models.CharField(
        _("organisation in Xero"), max_length=255, blank=True
    )
    organisation_currency = models.CharField(
        _("base currency"), max_length=3, blank=True
    )
    organisation_changed = models.BooleanField(
        _("another organisation"),
        default=False,
        help_text=_("A reconnection brought another organisation; nothing is sent."),
    )
    previous_organisation_name = models.CharField(
        _("organisation before"),
        max_length=255,
        blank=True,
        help_text=_("The name before the change, while a person is asked."),
    )
    feed_name = models.CharField(
        _("name in the bank feed"), max_length=255, blank=True, editable=False
    )
    books_name = models.CharField(
        _("name in the books"), max_length=255, blank=True, editable=False
    )
    plan_type = models.CharField(_("plan in Xero"), max_length=50, blank=True)
    marked_demo = models.BooleanField(
        _("marked as demo"),
        default=False,
        help_text=_("A person says that it is a demo company; it takes no place."),
    )
    ledger_lock_date = models.DateField(_("books locked up to"), null=True, blank=True)
    bank_feeds = models.BooleanField(
        _("bank feeds"),
        default=False,
        help_text=_("Xero has enabled bank feeds for the lender and the organisation."),
    )
    feed_refusal = models.CharField(
        _("Xero's refusal of bank feeds"), max_length=100, blank=True, editable=False
    )
    feed_refused_at = models.DateTimeField(
        _("bank feeds refused"), null=True, blank=True, editable=False
    )
    writeback_on = models.BooleanField(_("write-back"), default=False)
    access_problem = models.CharField(
        _("access problem"), max_length=100, blank=True, editable=False
    )
    unusable_account = models.CharField(
        _("chosen account that is no longer usable"), max_length=255, blank=True
    )
    # The same by question, each as [question, name, since]; see `lost_choices`.
    unusable_choices = models.JSONField(default=list, blank=True, editable=False)
    # When all that was chosen was last looked at in Xero; empty after another choice.
    choice_looked_at = models.DateTimeField(
        _("chosen accounts last looked at"), null=True, blank=True, editable=False
    )
    # A look under way: when it began, and when its next step comes.
    choice_look_begun_at = models.DateTimeField(null=True, blank=True, editable=False)
    choice_look_due_at = models.DateTimeField(null=True, blank=True, editable=False)
    # The start of the product that last looked for pushes which we do not know.
    pushes_seen_by = models.UUIDField(null=True, blank=True, editable=False)
    # Since then there are such pushes, and nothing is sent; see `StrayPush`.
    held_after_restore_since = models.DateTimeField(
        _("held for pushes of unknown origin since"),
        null=True,
        blank=True,
        editable=False,
    )
    # When the next step comes of looking up what they wrote.
    stray_look_due_at = models.DateTimeField(null=True, blank=True, editable=False)
    checked_at = models.DateTimeField(_("last checked"), null=True, blank=True)
    consented_at = models.DateTimeField(
        _("last consent"),
        null=True,
        blank=True,
        help_text=_("When it last became linked; empty if it never was."),
    )
    last_linked_at = models.DateTimeField(
        _("last seen linked"), null=True, blank=True, editable=False
    )
    over_cap_since = models.DateTimeField(
        _("beyond the limit since"),
        null=True,
        blank=True,
        help_text=_("It became linked although Xero's limit was reached already."),
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    deleted_at = models.DateTimeField(_("deleted"), null=True, blank=True)
    off_boarded_at = models.DateTimeField(
        _("let go"),
        null=True,
        blank=True,
        editable=False,
        help_text=_("When a person let the borrower go for good."),
    )

    objects = ConnectionQuerySet.as_manager()

    class Meta:
        verbose_name = _("connection")
        verbose_name_plural = _("connections")
        permissions = [("off_board_connection", "Can let a borrower go for good")]
        constraints = [
            models.UniqueConstraint(
                fields=["company"],
                condition=Q(deleted_at=None),
                name="xero_sync_connection_one_live_per_company",
            ),
            models.UniqueConstraint(
                fields=["codat_company_id"],
                condition=Q(deleted_at=None),
                name="xero_sync_connection_one_live_per_codat_company",
            ),
            models.CheckConstraint(
                condition=Q(choice_look_begun_at=None, choice_look_due_at=None)
                | Q(
                    choice_look_begun_at__isnull=False, choice_look_due_at__isnull=False
                ),
                name="xero_sync_connection_look_whole",
            ),
            models.CheckConstraint(
                condition=Q(stray_look_due_at=None)
                | Q(held_after_restore_since__isnull=False),
                name="xero_sync_connection_strays_while_held",
            ),
        ]
        indexes = [
            models.Index(
                fields=["choice_look_due_at"],
                condition=Q(choice_look_due_at__isnull=False),
                name="xero_sync_connection_look_due",
            ),
            models.Index(
                fields=["stray_look_due_at"],
                condition=Q(stray_look_due_at__isnull=False),
                name="xero_sync_connection_stray_due",
            ),
        ]

    def __str__(self) -> str:
        """Name the organisation in Xero, or else the Codat connection."""
        return self.organisation_name or str(self.codat_connection_id)

    @property
    def is_demo(self) -> bool:
        """Whether it leads to a demo company: Xero says so, or a person does."""
        return self.plan_type == DEMO_PLAN or self.marked_demo

    @property
    def lost_choices(self) -> list[LostChoice]:
        """What of the chosen accounts can no longer be used, in the order of asking."""
        return [
            LostChoice(Question(question), name, datetime.fromisoformat(since))
            for question, name, since in self.unusable_choices
        ]

    def forget_look(self) -> None:
        """Let what was chosen be looked at before the next write, without saving it."""
        self.choice_looked_at = None
        self.choice_look_begun_at = self.choice_look_due_at = None

    def note_lost(self, gone: Iterable[tuple[Question, str]], *, now: datetime) -> None:
        """Take over what can no longer be used, without saving it.

        What was lost before keeps its date, so that it stays the same cause.
        """
        known = {(one.question, one.name): one.since for one in self.lost_choices}
        lost = [LostChoice(*one, known.get(one, now)) for one in gone]
        self.unusable_account = ", ".join(one.name for one in lost)[:255]
        self.unusable_choices = [
            [one.question, one.name, one.since.isoformat()] for one in lost
        ]


class LenderAccount(models.Model):
    """The bank account in the borrower's Xero that stands for the lender.

    It has two ids that are never interchangeable: statement lines take the source
    account's, chosen by us; transfers, direct costs and payments take the target
    account's, Xero's GUID.
    """

    connection = models.ForeignKey(
        Connection, on_delete=models.PROTECT, related_name="lender_accounts"
    )
    source_account_id = models.CharField(_("source account"), max_length=50, blank=True)
    target_account_id = models.CharField(
        _("account in Xero"), max_length=64, blank=True
    )
    name = models.CharField(_("name"), max_length=255)
    kind = models.CharField(
        _("kind of account"),
        max_length=20,
        choices=AccountKind.choices,
        default=AccountKind.BANK,
    )
    currency = models.CharField(_("currency"), max_length=3)
    feed_status = models.CharField(
        _("bank feed"),
        max_length=20,
        choices=FeedStatus.choices,
        default=FeedStatus.NONE,
    )
    feed_status_since = models.DateTimeField(
        _("bank feed so since"), null=True, blank=True
    )
    feed_checked_at = models.DateTimeField(
        _("bank feed last checked"), null=True, blank=True
    )
    feed_start_date = models.DateField(_("feed starts on"), null=True, blank=True)
    opening_balance = models.DecimalField(
        _("opening statement balance"), max_digits=16, decimal_places=4, default=0
    )
    void_since = models.DateTimeField(
        _("of another organisation since"),
        null=True,
        blank=True,
        help_text=_("The connection leads elsewhere now; its ids are not used again."),
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("lender account")
        verbose_name_plural = _("lender accounts")
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "source_account_id"],
                condition=~Q(source_account_id=""),
                name="xero_sync_lenderaccount_source_once",
            ),
            models.UniqueConstraint(
                fields=["connection", "target_account_id"],
                condition=~Q(target_account_id=""),
                name="xero_sync_lenderaccount_target_once",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=AccountKind.values),
                name="xero_sync_lenderaccount_known_kind",
            ),
        ]

    def __str__(self) -> str:
        """Name the account and its source id."""
        return f"{self.name} ({self.source_account_id or '–'}, {self.pk})"


class AccountMapping(models.Model):
    """One version of a borrower's choice of accounts; never changed, only followed.

    The account and the tax of each kind of booking stand in its `rows`.
    """

    connection = models.ForeignKey(
        Connection, on_delete=models.PROTECT, related_name="mappings"
    )
    version = models.PositiveIntegerField(_("version"))
    lender_account = models.ForeignKey(
        LenderAccount, on_delete=models.PROTECT, related_name="mappings"
    )
    lender_target_account_id = models.CharField(
        _("lender account in Xero"), max_length=64
    )
    nominated_account_id = models.CharField(_("nominated account"), max_length=64)
    nominated_account_name = models.CharField(
        _("nominated account name"), max_length=255, blank=True
    )
    supplier_id = models.CharField(_("supplier"), max_length=64)
    supplier_name = models.CharField(_("supplier name"), max_length=255, blank=True)
    currency = models.CharField(_("currency"), max_length=3)
    chosen_by = models.CharField(_("chosen by"), max_length=150)
    created_at = models.DateTimeField(_("chosen at"))

    class Meta:
        verbose_name = _("account mapping")
        verbose_name_plural = _("account mappings")
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "version"],
                name="xero_sync_accountmapping_version_once",
            ),
            models.CheckConstraint(
                condition=~Q(lender_target_account_id=F("nominated_account_id")),
                name="xero_sync_accountmapping_two_accounts",
            ),
            models.CheckConstraint(
                condition=~Q(lender_target_account_id="")
                & ~Q(nominated_account_id="")
                & ~Q(supplier_id=""),
                name="xero_sync_accountmapping_complete",
            ),
        ]

    def __str__(self) -> str:
        """Name the connection and the version."""
        return f"{self.connection_id} v{self.version}"

    @cached_property
    def fee(self) -> MappingRow:
        """The row of fees, which every version has."""
        return next(row for row in self.rows.all() if row.role == RowRole.FEE)

    @property
    def expense_account_id(self) -> str:
        """The account that fees are entered on."""
        return self.fee.account_id

    @property
    def expense_account_name(self) -> str:
        """What it is called."""
        return self.fee.account_name

    @property
    def tax_rate_id(self) -> str:
        """The tax rate of fees."""
        return self.fee.tax_rate_id

    @property
    def tax_percent(self) -> Decimal:
        """The tax of fees in per cent."""
        return self.fee.tax_percent
