"""The whole choice of a borrower's accounts, with what has to be made for it in Xero.

Everything is checked before anything is stored. Where nothing has to be made the choice
is stored at once; else a run is stored that the engine drives, and nobody waits.
"""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from lending import formats
from lending.audit import trail
from lending.db.encryption import seal, unseal
from xero_sync.accounts import mapping, planning, plans
from xero_sync.accounts.plans import Plan
from xero_sync.accounts.wanted import NO_TAX as NO_TAX
from xero_sync.accounts.wanted import AdoptedLenderAccount as AdoptedLenderAccount
from xero_sync.accounts.wanted import Choice as Choice
from xero_sync.accounts.wanted import LenderAccountWanted as LenderAccountWanted
from xero_sync.accounts.wanted import NewExpenseAccount as NewExpenseAccount
from xero_sync.accounts.wanted import NewLenderAccount as NewLenderAccount
from xero_sync.accounts.wanted import NewPlainAccount as NewPlainAccount
from xero_sync.codat.client import CodatClient
from xero_sync.codat.exceptions import AlreadyUnderWay, SetupUnderWay
from xero_sync.models import AccountMapping, AccountSetup, Connection
from xero_sync.models.setups import SetupState
from xero_sync.organisations import changes as organisations
from xero_sync.runtime import leases
from xero_sync.writeback import mappings, readiness, setups
from xero_sync.writeback.transitions import lock_connection

# Who changes a connection's accounts by themself holds this for as long.
CHOOSING = "choosing"


def begin(
    *,
    connection: Connection,
    choice: Choice,
    by: str,
    now: datetime,
    client: CodatClient,
    expected_version: int | None = None,
) -> AccountSetup | AccountMapping:
    """Check a choice, and store it or the run that makes what it needs.

    Codat is only read, once, and nothing is waited for. The same choice while its run
    is under way is that run; a choice of what is chosen already is the version that
    there is. `expected_version` is the version that was seen by who chose (0: none). A
    run that stopped is given up for another choice; what it has on its way is gone on
    with.

    Raises:
        OrganisationChanged: a person has to say first which organisation it is.
        MappingIncomplete: something is missing, or not usable in Xero; nothing was
            stored. `field` names it.
        SameAccountTwice: the nominated account is the lender account.
        AccountCurrencyMismatch: an account is kept in another currency.
        BankFeedsNotEnabled: bank feeds are switched off, or Xero refuses them.
        SetupUnderWay: another choice is being set up.
        AlreadyUnderWay: somebody changes the feeds at this moment.
        OtherVersion: another version is in force than the one that was expected.
        CodatError: Codat did not answer, or refused.
    """
    organisations.require_confirmed(connection)
    frozen = choice.frozen()
    if under_way := _under_way(connection, frozen):
        return under_way
    present = readiness.latest_mapping(connection)
    mappings.require_version(present, expected_version)
    # What was chosen in another organisation says nothing of this one.
    is_void = present is not None and present.lender_account.void_since is not None
    plan = planning.plan_of(
        connection=connection,
        choice=choice,
        present=None if is_void else present,
        client=client,
        by=by,
    )
    with transaction.atomic():
        row = lock_connection(connection, now=now)
        # Another tab may have been quicker.
        if under_way := _under_way(row, frozen):
            return under_way
        if leases.is_held(act=CHOOSING, on=row.pk):
            raise AlreadyUnderWay
        organisations.require_confirmed(row)
        return _store(
            row,
            plan,
            frozen=frozen,
            base=present.version if present else 0,
            expected=expected_version,
            by=by,
            now=now,
            client=client,
        )


def _under_way(connection: Connection, frozen: str) -> AccountSetup | None:
    found = setups.running(connection)
    if found is None or unseal(found.sealed_choice) == frozen:
        return found
    raise SetupUnderWay(
        _(
            "The accounts chosen by %(who)s on %(when)s are being set up; choose again "
            "once that is done."
        )
        % {"who": found.chosen_by, "when": formats.moment(found.begun_at)}
    )


def _store(
    row: Connection,
    plan: Plan,
    *,
    frozen: str,
    base: int,
    expected: int | None,
    by: str,
    now: datetime,
    client: CodatClient,
) -> AccountSetup | AccountMapping:
    account = plan.lender_account()
    steps = plan.steps(account)
    doubtful = plans.in_doubt(row)
    for stopped in row.setups.filter(state=SetupState.STOPPED):
        plans.give_up(stopped, now=now)
        trail.record(
            "setup.given_up", stopped, by=by, at=now, company_id=row.company_id
        )
    if not steps:
        return mapping.choose_accounts(
            connection=row,
            lender_account=account,
            nominated_account_id=plan.nominated_account_id,
            expense_account_id=plan.expense[0],
            supplier_id=plan.supplier[0],
            tax_rate_id=plan.tax_rate_id,
            tax_percent=plan.tax_percent,
            client=client,
            chosen_by=by,
            now=now,
            expected_version=expected,
            offered=plan.offered,
        )
    setup = AccountSetup.objects.create(
        connection=row,
        sealed_choice=seal(frozen),
        base_version=base,
        lender_account=account,
        nominated_account_id=plan.nominated_account_id,
        nominated_account_name=plan.nominated_account_name,
        expense_account_id=plan.expense[0],
        expense_account_name=plan.expense[1],
        supplier_id=plan.supplier[0],
        supplier_name=plan.supplier[1],
        tax_rate_id=plan.tax_rate_id,
        tax_percent=plan.tax_percent,
        chosen_by=by,
        begun_at=now,
        state=SetupState.RUNNING,
        state_since=now,
    )
    for number, step in enumerate(steps, start=1):
        step.setup, step.number, step.state_since = setup, number, now
    plans.take_over(steps, doubtful)
    for step in steps:
        step.save()
        if step.request is not None:
            step.requests.add(step.request)
    trail.record(
        "setup.begun",
        setup,
        by=by,
        at=now,
        company_id=row.company_id,
        after={"made": [step.kind for step in steps]},
    )
    setups.start(setup, now=now)
    return setup


def again(setup: AccountSetup, *, by: str, now: datetime) -> AccountSetup:
    """Let a run that stopped go on where it is; nothing is made twice.

    Raises:
        DecisionNotAllowed: it has not stopped, or another choice has taken its place.
    """
    return setups.resume(setup, by=by, now=now)
