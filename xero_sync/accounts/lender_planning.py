"""What has to be made for the lender account: with its feed, without one, or nothing.

However it is chosen, there is never a second account in Xero for the first one's sake:
what Xero may still make is waited for, and one without a feed is given its own.
"""

from collections.abc import Callable

from django.utils.translation import gettext as _

from lending.db.encryption import unseal
from lending.money import quantize
from xero_sync.accounts import lender_accounts, plain_accounts
from xero_sync.accounts.plans import IN_DOUBT, Plan, in_doubt, step
from xero_sync.accounts.wanted import (
    AdoptedLenderAccount,
    LenderAccountWanted,
    NewLenderAccount,
    NewPlainAccount,
)
from xero_sync.bank_feeds import source_accounts
from xero_sync.bank_feeds.status import ids_of
from xero_sync.codat import payloads
from xero_sync.codat.client import CodatClient
from xero_sync.codat.exceptions import (
    MappingIncomplete,
    SameAccountTwice,
    SetupUnderWay,
)
from xero_sync.models import Connection, LenderAccount, SetupStep
from xero_sync.models.choices import FeedStatus
from xero_sync.models.setups import SetupKind, SetupState, StepState
from xero_sync.writeback import setup_matching


class LenderPlanning:
    """Plans the lender account of one choice."""

    def __init__(self, connection: Connection, client: CodatClient, by: str) -> None:
        self._connection = connection
        self._client = client
        self._by = by

    def plan(self, plan: Plan, wanted: LenderAccountWanted) -> None:
        """Put what is wanted into a plan.

        Raises:
            WritebackBlocked: as `choice.begin` says.
            CodatError: Codat did not answer.
        """
        match wanted:
            case NewLenderAccount():
                self._plan_new(plan, wanted)
            case NewPlainAccount():
                self._plan_plain(plan, wanted)
            case AdoptedLenderAccount():
                self._plan_adoption(plan, wanted)

    def _plan_adoption(self, plan: Plan, adopted: AdoptedLenderAccount) -> None:
        if adopted.target_account_id == plan.nominated_account_id:
            raise SameAccountTwice(field="nominated_account_id")
        currency = self._connection.company.currency
        if quantize(adopted.opening_balance, currency) != adopted.opening_balance:
            raise MappingIncomplete(
                _("Too exact for %(currency)s; round it.") % {"currency": currency},
                field="opening_balance",
            )
        plan.lender_account = lender_accounts.adoption(
            connection=self._connection,
            target_account_id=adopted.target_account_id,
            source_account_id=adopted.source_account_id,
            opening_balance=adopted.opening_balance,
            feed_start_date=adopted.feed_start_date,
            by=self._by,
            client=self._client,
        )

    def _plan_plain(self, plan: Plan, wanted: NewPlainAccount) -> None:
        body = plain_accounts.body_of(
            connection=self._connection, wanted=wanted, client=self._client
        )
        self._require_settled(SetupKind.FEED_MAPPING)
        made = step(SetupKind.PLAIN_ACCOUNT, str(body["accountName"]), body)
        if not self._require_settled(SetupKind.PLAIN_ACCOUNT, made):
            there = setup_matching.plain_account(
                accounts=self._client.list_bank_accounts(*ids_of(self._connection)),
                body=body,
                was_sent=False,
            )
            if there is not None:
                self._plan_adoption(plan, AdoptedLenderAccount(there.id))
                return
        plan.lender_account = lambda: plain_accounts.begin(
            self._connection, wanted.kind
        )
        plan.feed_steps = lambda _account: [made]

    def _require_settled(
        self, kind: SetupKind, wanted: SetupStep | None = None
    ) -> bool:
        """Refuse a lender account while a run that stopped may yet bring another one.

        Returns:
            Whether what is wanted is what Xero may still make.
        """
        for doubtful in SetupStep.objects.filter(
            setup__connection=self._connection,
            setup__state=SetupState.STOPPED,
            kind=kind,
            state__in=(*IN_DOUBT, StepState.MADE),
        ):
            if wanted and unseal(doubtful.sealed_body) == unseal(wanted.sealed_body):
                return True
            raise SetupUnderWay(
                _(
                    "Xero may still make the lender account that was asked for "
                    "before. Let that setup go on first."
                ),
                field="lender_account",
            )
        return False

    def _plan_joining(
        self, plan: Plan, plain: LenderAccount, new: NewLenderAccount
    ) -> None:
        """Give the account that was made without a feed its own, and no second one."""
        numbers = source_accounts.numbers_of(
            self._connection, new.account_number, new.sort_code
        )
        source_accounts.require_app_feeds()
        plan.lender_account = self._started(
            lambda: source_accounts.with_source_id(plain), new
        )

        def feed_steps(account: LenderAccount) -> list[SetupStep]:
            source_id = account.source_account_id
            body = payloads.feed_mapping(
                source_account_id=source_id,
                target_account_id=account.target_account_id,
                feed_start_date=account.feed_start_date,
            )
            return [
                step(
                    SetupKind.SOURCE_ACCOUNT,
                    source_id,
                    source_accounts.body_of(account, numbers),
                ),
                step(SetupKind.FEED_MAPPING, source_id, body),
            ]

        plan.feed_steps = feed_steps

    def _plan_new(self, plan: Plan, new: NewLenderAccount) -> None:
        self._require_settled(SetupKind.PLAIN_ACCOUNT)
        if plain := plain_accounts.to_be_joined(self._connection):
            self._plan_joining(plan, plain, new)
            return
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
            .exclude(source_account_id="")
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
