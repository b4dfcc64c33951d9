"""How far the setup of a borrower's accounts is, in words for the borrower."""

from dataclasses import dataclass

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from xero_sync.models import AccountSetup, SetupStep
from xero_sync.models.setups import SetupKind, SetupState, StepState, StopReason


class StepStatus(TextChoices):
    """Where a step stands, as a borrower sees it."""

    WAITING = "waiting", _("Waiting for its turn")
    BEING_CREATED = "being_created", _("Being created")
    SENT = "sent", _("Sent, waiting for Xero")
    THERE = "there", _("Ready in Xero")
    REFUSED = "refused", _("Refused by Xero")
    STOPPED = "stopped", _("Stopped")


@dataclass(frozen=True)
class StepProgress:
    """One thing that is made: its code and name, and where it stands."""

    kind: str
    name: str | Promise
    status: StepStatus

    @property
    def words(self) -> str | Promise:
        """Return where it stands, in words."""
        return self.status.label


@dataclass(frozen=True)
class Progress:
    """A run: where it stands, why it stopped (code and words), and its steps."""

    state: str
    words: str | Promise
    reason: str
    reason_words: str | Promise
    steps: tuple[StepProgress, ...]


NAMES: dict[str, Promise] = {
    SetupKind.OLD_SOURCE: _("Earlier bank feed, removed"),
    SetupKind.SOURCE_ACCOUNT: _("Bank feed"),
    SetupKind.FEED_MAPPING: _("Lender account"),
    SetupKind.PLAIN_ACCOUNT: _("Lender account"),
    SetupKind.EXPENSE_ACCOUNT: _("Fee account"),
    SetupKind.SUPPLIER: _("Lender as a supplier"),
}
STATES: dict[str, Promise] = {
    SetupState.RUNNING: _("We are setting your accounts up in Xero."),
    SetupState.DONE: _("Your accounts are set up in Xero."),
    SetupState.STOPPED: _("Setting your accounts up has stopped."),
    SetupState.GIVEN_UP: _("Another choice of accounts has taken its place."),
}
REASONS: dict[str, Promise] = {
    StopReason.REFUSED: _("Xero refused what we wanted to create."),
    StopReason.FEEDS_REFUSED: _("Xero does not accept our bank feed here."),
    StopReason.ACCESS_DENIED: _("We have no access to your Xero at the moment."),
    StopReason.NOT_LINKED: _("Your Xero is not connected. Connect it again first."),
    StopReason.ORGANISATION_CHANGED: _(
        "Another Xero organisation is connected now. Tell us first which one it is."
    ),
    StopReason.OTHER_VERSION: _(
        "Other accounts were chosen meanwhile. Look at them and choose again."
    ),
    StopReason.SEVERAL_FIT: _(
        "Several suppliers in Xero could be the lender. Choose the right one."
    ),
    StopReason.CODE_TAKEN: _(
        "The code belongs to another account in Xero. Choose another code."
    ),
    StopReason.NAME_TAKEN: _(
        "Another account in Xero has this name. Choose that account, or rename it "
        "there."
    ),
    StopReason.NO_FINAL_WORD: _("Xero has not answered for a day."),
}
_STATUSES = {
    StepState.WAITING: StepStatus.WAITING,
    StepState.READY: StepStatus.BEING_CREATED,
    StepState.SENDING: StepStatus.BEING_CREATED,
    StepState.PENDING: StepStatus.SENT,
    StepState.UNKNOWN: StepStatus.SENT,
    StepState.MADE: StepStatus.SENT,
    StepState.REFUSED: StepStatus.REFUSED,
    StepState.DONE: StepStatus.THERE,
}


def progress(setup: AccountSetup) -> Progress:
    """Return how far a run is, with words that are translated when they are shown."""
    steps = list(setup.steps.order_by("number"))
    current = next((one for one in steps if one.state != StepState.DONE), None)
    return Progress(
        state=setup.state,
        words=STATES[setup.state],
        reason=setup.reason,
        reason_words=REASONS[setup.reason] if setup.reason else "",
        steps=tuple(
            StepProgress(
                one.kind,
                NAMES[one.kind],
                _status(one, setup, is_current=one == current),
            )
            for one in steps
        ),
    )


def _status(step: SetupStep, setup: AccountSetup, *, is_current: bool) -> StepStatus:
    status = _STATUSES[StepState(step.state)]
    if not is_current:
        return status
    if setup.state in {SetupState.STOPPED, SetupState.GIVEN_UP}:
        is_refused = setup.reason in {StopReason.REFUSED, StopReason.FEEDS_REFUSED}
        return StepStatus.REFUSED if is_refused else StepStatus.STOPPED
    if status in {StepStatus.WAITING, StepStatus.REFUSED}:
        # It is looked for before it is created, and before a refusal is believed.
        return StepStatus.BEING_CREATED
    return status
