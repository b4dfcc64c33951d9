"""The acts on the way to partner status. Each is kept; none is ever changed.

Xero's order: the application is submitted, the partner agreement is signed, the
technical certification is passed. Nobody types "certified": it follows from the three.
"""

from datetime import date, datetime

from django.db import transaction
from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from lending import formats
from lending.audit import trail
from xero_sync.models.programme import (
    ActKind,
    PartnerProgramme,
    PartnerStep,
    PartnerType,
    Preparation,
    ProgrammeAct,
)
from xero_sync.partner_programme import checkpoints, preparation, standing
from xero_sync.partner_programme.exceptions import ProgrammeRefused
from xero_sync.partner_programme.standing import ProgrammeStanding
from xero_sync.xero_app import cap, days, facts, toggles


@transaction.atomic
def choose_type(
    *, partner_type: str, author: str, now: datetime, note: str = ""
) -> PartnerProgramme:
    """Say which kind of partner the lender wants to be.

    Raises:
        ProgrammeRefused: Xero has no such kind.
    """
    programme = standing.locked_record()
    if partner_type not in PartnerType.values:
        raise ProgrammeRefused(_("Xero has no such partners."), field="partner_type")
    if partner_type == programme.partner_type:
        return programme
    programme.partner_type = partner_type
    programme.save()
    _add(ActKind.TYPE_CHOSEN, localdate(now), note, author, now, subject=partner_type)
    return programme


@transaction.atomic
def ask_for_bank_feeds(
    *, wanted: bool, author: str, now: datetime, note: str = ""
) -> PartnerProgramme:
    """Say whether the application is for bank feeds, too; what is so already stays."""
    programme = standing.locked_record()
    if wanted == programme.wants_bank_feeds:
        return programme
    programme.wants_bank_feeds = wanted
    programme.save()
    kind = ActKind.FEEDS_ASKED if wanted else ActKind.FEEDS_DROPPED
    _add(kind, localdate(now), note, author, now)
    return programme


@transaction.atomic
def prepare(
    *, item: str, on: date, author: str, now: datetime, note: str = ""
) -> ProgrammeAct:
    """Record that something has been prepared.

    Raises:
        ProgrammeRefused: this application does not need it, it is done already, or
            the day lies ahead.
    """
    programme = standing.locked_record()
    if item not in preparation.wanted(programme):
        raise ProgrammeRefused(_("This application does not need that."), field="item")
    if item in standing.read().prepared:
        raise ProgrammeRefused(_("This is done already."), field="item")
    _check_day(on, now)
    return _add(ActKind.PREPARED, on, note, author, now, subject=item)


@transaction.atomic
def reopen(*, item: str, reason: str, author: str, now: datetime) -> ProgrammeAct:
    """Say that something is not prepared after all; what was submitted stays so.

    Raises:
        ProgrammeRefused: it is open, or no reason is given.
    """
    standing.locked_record()
    if item not in standing.read().prepared:
        raise ProgrammeRefused(_("This is open already."), field="item")
    _check_reason(reason)
    return _add(
        ActKind.UNPREPARED, localdate(now), reason.strip(), author, now, subject=item
    )


@transaction.atomic
def take_step(
    *,
    step: str,
    on: date,
    author: str,
    now: datetime,
    note: str = "",
    override_reason: str = "",
) -> ProgrammeAct:
    """Record that a step to partner status was taken, on the day it was taken.

    An application that goes out with an open item of preparation needs a reason, which
    is kept; without the links to privacy policy and terms it does not go out at all.

    Raises:
        ProgrammeRefused: it is not this step's turn, the days are out of order, Xero
            has said no, or something that the step needs is open.
    """
    programme, stands = standing.locked_record(), standing.read()
    if stands.not_eligible:
        raise ProgrammeRefused(
            _("Xero has found this use not eligible. Record first that it is.")
        )
    _check_turn(step, stands)
    _check_day(on, now, not_before=stands.decided_on)
    override_reason = override_reason.strip()
    if step == PartnerStep.SUBMITTED:
        _check_preparation(programme, stands, on, override_reason)
    elif override_reason:
        raise ProgrammeRefused(
            _("Only an application can go out with something open."),
            field="override_reason",
        )
    if step == PartnerStep.CERTIFICATION:
        _check_checkpoints(programme)
    return _add(
        ActKind.STEP_TAKEN,
        on,
        note,
        author,
        now,
        subject=step,
        override_reason=override_reason,
    )


@transaction.atomic
def withdraw_step(
    *, step: str, on: date, reason: str, author: str, now: datetime
) -> list[ProgrammeAct]:
    """Take a step back, and with it the later ones, which rest on it.

    Bank feeds are switched off with them.

    Raises:
        ProgrammeRefused: the step does not stand, the day lies before it or ahead, or
            no reason is given.
    """
    standing.locked_record()
    stands = standing.read()
    if step not in stands.steps:
        raise ProgrammeRefused(_("This step has not been taken."), field="step")
    later = list(PartnerStep)[list(PartnerStep).index(PartnerStep(step)) :]
    fallen = [one for one in reversed(later) if one in stands.steps]
    _check_reason(reason)
    _check_day(on, now, not_before=stands.decided_on)
    acts = [
        _add(ActKind.STEP_WITHDRAWN, on, reason.strip(), author, now, subject=one)
        for one in fallen
    ]
    _end_bank_feeds(author, now)
    return acts


@transaction.atomic
def record_not_eligible(
    *, on: date, reason: str, author: str, now: datetime
) -> ProgrammeAct:
    """Record that Xero does not take this use; the lender then counts as uncertified.

    Bank feeds are switched off.

    Raises:
        ProgrammeRefused: it is recorded, the day lies ahead or before the last step,
            or no reason is given.
    """
    standing.locked_record()
    stands = standing.read()
    if stands.not_eligible:
        raise ProgrammeRefused(_("That is recorded already."))
    _check_reason(reason)
    _check_day(on, now, not_before=stands.decided_on)
    act = _add(ActKind.NOT_ELIGIBLE, on, reason.strip(), author, now)
    _end_bank_feeds(author, now)
    return act


def _end_bank_feeds(author: str, now: datetime) -> None:
    """Switch bank feeds off where they were on: only a certified app may have them."""
    if facts.current().bank_feeds_on:
        toggles.switch_bank_feeds(on=False, changed_by=author, now=now)


@transaction.atomic
def record_eligible(
    *, on: date, reason: str, author: str, now: datetime
) -> ProgrammeAct:
    """Record that Xero takes this use after all; the steps taken count again.

    Raises:
        ProgrammeRefused: nothing says otherwise, the day lies ahead or before the
            refusal, or no reason is given.
    """
    standing.locked_record()
    stands = standing.read()
    if stands.not_eligible is None:
        raise ProgrammeRefused(_("Nothing says that Xero does not take this use."))
    _check_reason(reason)
    _check_day(on, now, not_before=stands.decided_on)
    return _add(ActKind.ELIGIBLE_AGAIN, on, reason.strip(), author, now)


def open_preparation(
    programme: PartnerProgramme, stands: ProgrammeStanding, on: date
) -> list[Preparation]:
    """Return what had not been prepared by a day."""
    return [
        one
        for one in preparation.wanted(programme)
        if one not in stands.prepared or stands.prepared[one].happened_on > on
    ]


def _add(
    kind: ActKind,
    on: date,
    note: str,
    author: str,
    now: datetime,
    *,
    subject: str = "",
    override_reason: str = "",
) -> ProgrammeAct:
    act = ProgrammeAct.objects.create(
        kind=kind,
        subject=subject,
        happened_on=on,
        note=note.strip(),
        override_reason=override_reason,
        author=author,
        recorded_at=now,
    )
    standing.conclude()
    trail.record(
        f"programme.{kind}",
        standing.record(),
        by=author,
        at=now,
        reason=act.note,
        after=trail.values_of(act, "subject", "happened_on", "override_reason"),
    )
    # Once certified, no connection is beyond the limit any more.
    cap.settle()
    return act


def _check_reason(reason: str) -> None:
    if not reason.strip():
        raise ProgrammeRefused(_("Give a reason; it is kept."), field="reason")


def _check_day(on: date, now: datetime, *, not_before: date | None = None) -> None:
    if complaint := days.complaint(on):
        raise ProgrammeRefused(complaint, field="on")
    if on > localdate(now):
        raise ProgrammeRefused(_("The day lies ahead of today."), field="on")
    if not_before and on < not_before:
        raise ProgrammeRefused(
            _("The day lies before what it follows, which was on %(day)s.")
            % {"day": formats.day(not_before)},
            field="on",
        )


def _check_turn(step: str, stands: ProgrammeStanding) -> None:
    if step not in PartnerStep.values:
        raise ProgrammeRefused(_("There is no such step."), field="step")
    if step in stands.steps:
        raise ProgrammeRefused(_("This step has been taken already."), field="step")
    if stands.next_step and step != stands.next_step:
        raise ProgrammeRefused(
            _("The step before it comes first: %(step)s.")
            % {"step": stands.next_step.label},
            field="step",
        )


def _check_preparation(
    programme: PartnerProgramme,
    stands: ProgrammeStanding,
    on: date,
    override_reason: str,
) -> None:
    if not preparation.has_links(facts.current()):
        raise ProgrammeRefused(
            _(
                "Xero takes no application without the app's privacy policy and terms. "
                "Record both links with the Xero app first."
            )
        )
    unprepared = open_preparation(programme, stands, on)
    if unprepared and not override_reason:
        raise ProgrammeRefused(
            _("Still open on that day: %(items)s. Do them first, or say why not.")
            % {"items": "; ".join(str(one.label) for one in unprepared)},
            field="override_reason",
        )
    if override_reason and not unprepared:
        raise ProgrammeRefused(
            _("Nothing was open on that day, so this needs no reason."),
            field="override_reason",
        )


def _check_checkpoints(programme: PartnerProgramme) -> None:
    waiting = checkpoints.still_open(programme)
    if waiting:
        raise ProgrammeRefused(
            _("These checkpoints are still open: %(names)s.")
            % {"names": checkpoints.names(waiting)}
        )
