"""What a choice of accounts comes to, and the steps of a run that are still to come."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from lending.db.encryption import seal
from xero_sync.accounts.options import Choices
from xero_sync.codat import payloads
from xero_sync.models import AccountSetup, Connection, LenderAccount, SetupStep
from xero_sync.models.setups import SetupKind, SetupState, StepState

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
