"""Where each technical checkpoint stands: a person's word, with its evidence."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import transaction
from django.utils.translation import gettext as _

from lending.audit import trail
from xero_sync.models.programme import (
    LONGEST_LINK,
    CheckpointReview,
    CheckpointStatus,
    PartnerProgramme,
)
from xero_sync.partner_programme import standing
from xero_sync.partner_programme.checkpoint_list import BANK_FEEDS, LENDING, Checkpoint
from xero_sync.partner_programme.exceptions import ProgrammeRefused

_is_https = URLValidator(schemes=["https"])


@dataclass(frozen=True)
class Reviewed:
    """A checkpoint with the latest word on it, if there is one."""

    checkpoint: Checkpoint
    review: CheckpointReview | None

    @property
    def is_open(self) -> bool:
        """Whether certification waits for it."""
        is_met = self.review is not None and self.review.status == CheckpointStatus.MET
        return self.checkpoint.applies and not is_met


def listed(programme: PartnerProgramme) -> list[Checkpoint]:
    """Return the lists that this application has to pass."""
    return [*LENDING, *(BANK_FEEDS if programme.wants_bank_feeds else ())]


def reviewed(programme: PartnerProgramme) -> list[Reviewed]:
    """Return every checkpoint of the application with the latest word on it."""
    latest = {
        one.checkpoint: one for one in CheckpointReview.objects.order_by("pk").all()
    }
    return [Reviewed(one, latest.get(one.code)) for one in listed(programme)]


def still_open(programme: PartnerProgramme) -> list[Checkpoint]:
    """Return the checkpoints that certification waits for."""
    return [one.checkpoint for one in reviewed(programme) if one.is_open]


def names(checkpoints: Iterable[Checkpoint]) -> str:
    """Name checkpoints in a sentence."""
    return "; ".join(f"{one.group.label}: {one.heading}" for one in checkpoints)


def name_of(code: str) -> str:
    """Name a checkpoint by its code, even one that the lists have no more."""
    known = [one for one in (*LENDING, *BANK_FEEDS) if one.code == code]
    return names(known) or code


def find(code: str) -> Checkpoint:
    """Return a checkpoint by its code.

    Raises:
        ProgrammeRefused: there is none, or it asks nothing of us.
    """
    for one in (*LENDING, *BANK_FEEDS):
        if one.code == code and one.applies:
            return one
        if one.code == code:
            raise ProgrammeRefused(
                _("%(name)s asks nothing of us: %(why)s")
                % {"name": names([one]), "why": one.excluded},
                field="checkpoint",
            )
    raise ProgrammeRefused(_("There is no such checkpoint."), field="checkpoint")


@transaction.atomic
def review(
    *,
    checkpoint: str,
    status: str,
    author: str,
    now: datetime,
    evidence: str = "",
    evidence_url: str = "",
) -> CheckpointReview:
    """Record a person's word on a checkpoint; earlier words stay in the history.

    Raises:
        ProgrammeRefused: the checkpoint asks nothing of us, it is said to be met
            without evidence, or the link is not an https address or too long.
    """
    programme, found = standing.locked_record(), find(checkpoint)
    evidence = evidence.strip()
    if status not in CheckpointStatus.values:
        raise ProgrammeRefused(_("Say whether it is open or met."), field="status")
    if evidence_url:
        _check_link(evidence_url)
    if status == CheckpointStatus.MET and not (evidence or evidence_url):
        raise ProgrammeRefused(
            _("Say what shows that it is met: some words, or a link."), field="evidence"
        )
    word = CheckpointReview.objects.create(
        checkpoint=checkpoint,
        status=status,
        evidence=evidence,
        evidence_url=evidence_url,
        author=author,
        recorded_at=now,
    )
    trail.record(
        "programme.reviewed",
        programme,
        by=author,
        at=now,
        reason=" ".join(filter(None, (evidence, evidence_url))),
        after={"checkpoint": names([found]), "status": status},
    )
    return word


def _check_link(url: str) -> None:
    if len(url) > LONGEST_LINK:
        raise ProgrammeRefused(
            _("The link can have %(count)d characters at most.")
            % {"count": LONGEST_LINK},
            field="evidence_url",
        )
    try:
        _is_https(url)
    except ValidationError as exc:
        raise ProgrammeRefused(
            _("The link has to be an address that starts with https://."),
            field="evidence_url",
        ) from exc
    if urlsplit(url).username is not None:
        raise ProgrammeRefused(
            _("Leave user and password out of the link: it is kept and printed."),
            field="evidence_url",
        )
