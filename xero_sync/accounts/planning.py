"""From a choice to what has to be made for it, by one look at Codat."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from django.conf import settings
from django.utils.translation import gettext as _

from lending.db.encryption import seal, unseal
from lending.money import quantize
from xero_sync.accounts import lender_accounts, mapping, options
from xero_sync.accounts.options import Choices
from xero_sync.accounts.wanted import (
    NO_TAX,
    AdoptedLenderAccount,
    Choice,
    NewExpenseAccount,
    NewLenderAccount,
)
from xero_sync.bank_feeds import source_accounts
from xero_sync.codat import payloads
from xero_sync.codat.client import CodatClient
from xero_sync.codat.exceptions import MappingIncomplete, SameAccountTwice
from xero_sync.models import (
    AccountMapping,
    AccountSetup,
    Connection,
    LenderAccount,
    SetupStep,
)
from xero_sync.models.choices import FeedStatus
from xero_sync.models.setups import SetupKind, SetupState, StepState
from xero_sync.writeback import setup_matching

IN_DOUBT = (StepState.SENDING, StepState.PENDING, StepState.UNKNOWN)


@dataclass
class Plan:
    """What a choice comes to: records that are there, and steps that make the others.

    `lender_account` stores or finds the row of the lender account; `steps` are made for
    it afterwards. Neither calls Codat.
    """

    offered: Choices
    nominated_account_id: str
    nominated_account_name: str
    tax_rate_id: str
    tax_percent: Decimal
    lender_account: Callable[[], LenderAccount]
    expense: tuple[str, str] = ("", "")
    supplier: tuple[str, str] = ("", "")
    feed_steps: Callable[[LenderAccount], list[SetupStep]] = lambda _account: []
    other_steps: list[SetupStep] = field(default_factory=list)

    def steps(self, account: LenderAccount) -> list[SetupStep]:
        """Return the steps in their order; none where nothing is to be made."""
        return [*self.feed_steps(account), *self.other_steps]


def step(
    kind: SetupKind, subject: str, body: dict[str, object] | None = None
) -> SetupStep:
    """Return a step that makes something, its body frozen; not stored yet."""
    frozen = payloads.encode(body).decode() if body else ""
    # Nothing is looked for before it is deleted.
    is_made = kind != SetupKind.OLD_SOURCE
    return SetupStep(
        kind=kind,
        subject=subject,
        sealed_body=seal(frozen),
        state=StepState.WAITING if is_made else StepState.READY,
    )


def plan_of(
    *,
    connection: Connection,
    choice: Choice,
    present: AccountMapping | None,
    client: CodatClient,
    by: str,
) -> Plan:
    """Check a whole choice against what Xero has, and plan what is missing.

    Raises:
        WritebackBlocked: as `choice.begin` says.
        CodatError: Codat did not answer.
    """
    return _Planning(connection, choice, present, client, by).plan()


class _Planning:
    """One choice that is being checked."""

    def __init__(
        self,
        connection: Connection,
        choice: Choice,
        present: AccountMapping | None,
        client: CodatClient,
        by: str,
    ) -> None:
        self._connection = connection
        self._choice = choice
        self._present = present
        self._client = client
        self._by = by

    def plan(self) -> Plan:
        choice, present = self._choice, self._present
        nominated_id = choice.nominated_account_id or self._of("nominated_account_id")
        expense = choice.expense_account or self._of("expense_account_id")
        known = present.supplier_id if present and not choice.supplier_is_new else ""
        supplier_id = choice.supplier_id or known
        rate_id, percent = self._tax()
        if isinstance(choice.lender_account, NewLenderAccount):
            # Where the currency is missing, so is every account that could be chosen.
            source_accounts.check_currency(self._connection, self._client)
        offered = options.choices(connection=self._connection, client=self._client)
        bank = mapping.nominated(self._connection, nominated_id, offered)
        plan = Plan(
            offered=offered,
            nominated_account_id=bank.id,
            nominated_account_name=bank.name,
            tax_rate_id=rate_id,
            tax_percent=percent,
            lender_account=self._same_lender_account,
        )
        self._plan_expense(plan, expense)
        self._plan_supplier(plan, supplier_id)
        options.check_tax(
            connection=self._connection,
            rate_id=rate_id,
            percent=percent,
            client=self._client,
        )
        self._plan_lender_account(plan)
        return plan

    def _of(self, name: str) -> str:
        if self._present is None:
            raise MappingIncomplete(_("Give the id of an account."), field=name)
        return str(getattr(self._present, name))

    def _tax(self) -> tuple[str, Decimal]:
        present = self._present
        rate_id = present.tax_rate_id if present else NO_TAX
        percent = present.tax_percent if present else Decimal(0)
        given = self._choice.tax_percent
        return self._choice.tax_rate_id or rate_id, percent if given is None else given

    # --- what fees are booked on, and the supplier ------------------------------------

    def _plan_expense(self, plan: Plan, expense: NewExpenseAccount | str) -> None:
        if isinstance(expense, str):
            there = mapping.chosen(
                plan.offered.expense_accounts, expense, "expense_account_id"
            )
            plan.expense = there.id, there.name
            return
        code = expense.nominal_code
        found = setup_matching.expense_account(
            accounts=self._client.list_accounts(self._connection.codat_company_id),
            nominal_code=code,
        )
        if found is not None:
            plan.expense = found.id, found.name
            return
        try:
            body = payloads.account(
                name=expense.name, nominal_code=code, category=expense.category
            )
        except ValueError as exc:
            raise MappingIncomplete(str(exc), field="nominal_code") from exc
        plan.other_steps.append(step(SetupKind.EXPENSE_ACCOUNT, code, body))

    def _plan_supplier(self, plan: Plan, supplier_id: str) -> None:
        if supplier_id:
            there = mapping.chosen(plan.offered.suppliers, supplier_id, "supplier_id")
            plan.supplier = there.id, there.name
            return
        name = settings.LENDER_NAME
        is_new = self._choice.supplier_is_new
        found = setup_matching.the_supplier(
            name=name, suppliers=plan.offered.suppliers, only_equal=is_new
        )
        if found is not None:
            plan.supplier = found.id, found.name
            return
        body = payloads.supplier(name=name)
        made = step(SetupKind.SUPPLIER, name, body)
        made.only_equal = is_new
        plan.other_steps.append(made)

    # --- the lender account -----------------------------------------------------------

    def _plan_lender_account(self, plan: Plan) -> None:
        match self._choice.lender_account:
            case NewLenderAccount() as new:
                self._plan_new(plan, new)
            case AdoptedLenderAccount() as adopted:
                if adopted.target_account_id == plan.nominated_account_id:
                    raise SameAccountTwice(field="nominated_account_id")
                plan.lender_account = self._adoption(adopted)
            case None if self._present is None:
                raise MappingIncomplete(
                    _(
                        "Say that a new one is made, or which bank account in Xero "
                        "it is."
                    ),
                    field="lender_account",
                )

    def _same_lender_account(self) -> LenderAccount:
        if self._present is None:
            raise MappingIncomplete(field="lender_account")
        account: LenderAccount = self._present.lender_account
        return account

    def _adoption(self, adopted: AdoptedLenderAccount) -> Callable[[], LenderAccount]:
        currency = self._connection.company.currency
        if quantize(adopted.opening_balance, currency) != adopted.opening_balance:
            raise MappingIncomplete(
                _("Too exact for %(currency)s; round it.") % {"currency": currency},
                field="opening_balance",
            )
        return lender_accounts.adoption(
            connection=self._connection,
            target_account_id=adopted.target_account_id,
            source_account_id=adopted.source_account_id,
            opening_balance=adopted.opening_balance,
            feed_start_date=adopted.feed_start_date,
            by=self._by,
            client=self._client,
        )

    def _plan_new(self, plan: Plan, new: NewLenderAccount) -> None:
        there = (
            lender_accounts.of_number(
                connection=self._connection,
                account_number=new.account_number,
                sort_code=new.sort_code,
                client=self._client,
            )
            or self._unused()
        )
        if there is not None:
            plan.lender_account = self._started(there, new)
            return
        numbers = source_accounts.numbers_of(
            self._connection, new.account_number, new.sort_code
        )
        source_accounts.require_app_feeds()
        known = {
            one.id: one
            for one in source_accounts.listed(self._connection, self._client)
        }
        begun = [
            one
            for one in source_accounts.begun(self._connection)
            if not self._is_in_doubt(one, numbers)
        ]
        same: list[LenderAccount] = []
        other: list[LenderAccount] = []
        unmade: list[LenderAccount] = []
        for one in begun:
            source = known.get(one.source_account_id)
            group = unmade if source is None else other
            (same if source and numbers.are_of(source) else group).append(one)
        reused = next(iter([*same, *unmade]), None)
        plan.lender_account = self._started(
            reused or (lambda: source_accounts.begin(self._connection)), new
        )
        given_up = [] if same else other
        given_up = [one for one in given_up if one.feed_status == FeedStatus.PENDING]

        def feed_steps(account: LenderAccount) -> list[SetupStep]:
            steps = [
                step(SetupKind.OLD_SOURCE, one.source_account_id)
                for one in given_up[:1]
            ]
            source_id = account.source_account_id
            if not same:
                body = source_accounts.body_of(account, numbers)
                steps.append(step(SetupKind.SOURCE_ACCOUNT, source_id, body))
            body = payloads.feed_mapping(
                source_account_id=source_id, feed_start_date=account.feed_start_date
            )
            return [*steps, step(SetupKind.FEED_MAPPING, source_id, body)]

        plan.feed_steps = feed_steps

    def _unused(self) -> LenderAccount | None:
        """Return one that was made earlier for a choice that then failed."""
        made = (
            self._connection.lender_accounts.filter(void_since=None)
            .exclude(target_account_id="")
            .exclude(feed_status=FeedStatus.CLOSED)
        )
        return made.filter(mappings=None).order_by("pk").last()

    def _started(
        self,
        account: LenderAccount | Callable[[], LenderAccount],
        new: NewLenderAccount,
    ) -> Callable[[], LenderAccount]:
        """Give the account the start date that is wanted now."""

        def start() -> LenderAccount:
            row = account if isinstance(account, LenderAccount) else account()
            return lender_accounts.starting(row, new.feed_start_date, self._by)

        return start

    def _is_in_doubt(
        self, account: LenderAccount, numbers: source_accounts.Numbers
    ) -> bool:
        """Tell whether one of other numbers may yet appear under its id."""
        doubtful = in_doubt(self._connection).get(
            (SetupKind.SOURCE_ACCOUNT, account.source_account_id)
        )
        if doubtful is None:
            return False
        body = payloads.encode(source_accounts.body_of(account, numbers)).decode()
        return unseal(doubtful.sealed_body) != body


def in_doubt(connection: Connection) -> dict[tuple[str, str], SetupStep]:
    """Return what a run that stopped may still bring about, by kind and subject."""
    steps = SetupStep.objects.filter(
        setup__connection=connection,
        setup__state=SetupState.STOPPED,
        state__in=IN_DOUBT,
    )
    return {(one.kind, one.subject): one for one in steps}


def take_over(
    steps: list[SetupStep], doubtful: dict[tuple[str, str], SetupStep]
) -> None:
    """Let steps go on with what an earlier run has on its way of the same things."""
    for one in steps:
        earlier = doubtful.get((one.kind, one.subject))
        if earlier is None:
            continue
        one.sealed_body = earlier.sealed_body
        one.state = earlier.state
        one.request = earlier.request
        one.push_operation_key = earlier.push_operation_key
        one.state_since = earlier.state_since


def give_up(setup: AccountSetup, *, now: datetime) -> None:
    """Let a run that stopped rest for good; another choice takes its place."""
    AccountSetup.objects.filter(pk=setup.pk, state=SetupState.STOPPED).update(
        state=SetupState.GIVEN_UP, state_since=now
    )
