"""What a person may do about the partner programme."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from lending.admin.base import ObjectAction, Text
from xero_sync.admin.partner_programme.forms import (
    EligibilityForm,
    NoteForm,
    PrepareForm,
    ReopenForm,
    ReviewForm,
    ScopesForm,
    StepForm,
    SubmitForm,
    TypeForm,
    WithdrawForm,
)
from xero_sync.models import PartnerProgramme
from xero_sync.models.programme import PartnerStep, Preparation
from xero_sync.partner_programme import acts, checkpoints, preparation, standing
from xero_sync.partner_programme.exceptions import ProgrammeRefused
from xero_sync.runtime.clock import database_now
from xero_sync.xero_app import scopes
from xero_sync.xero_app.exceptions import XeroAppRefused


class ProgrammeAction(ObjectAction):
    """An act on the programme: one service takes what its form asks for."""

    refusals: tuple[type[Exception], ...] = (ProgrammeRefused,)
    done: Text = _("It was recorded.")
    service: Callable[..., object]

    def perform(
        self,
        obj: PartnerProgramme,  # noqa: ARG002
        values: dict[str, Any],
        author: str,
    ) -> None:
        """Record it."""
        self.service(**values, author=author, now=database_now())


class ChooseType(ProgrammeAction):
    """Say which kind of partner the lender wants to be."""

    name = "type"
    label = _("Change the type of partner")
    explanation = _(
        "Codat's account manager can say how Xero classifies your use. The checkpoints "
        "shown here are those of financial services."
    )
    service = staticmethod(acts.choose_type)

    def form_for(self, obj: PartnerProgramme, data: Any = None) -> forms.Form:
        """Show the present type."""
        return TypeForm(data, initial={"partner_type": obj.partner_type})


class AskForFeeds(ProgrammeAction):
    """Apply for bank feeds, too."""

    name = "ask-for-feeds"
    label = _("Ask for bank feeds")
    explanation = _(
        "The application is for bank feeds as well: there is more to prepare, a second "
        "list of checkpoints, and the scope bankfeeds is asked for. Once Codat has "
        "added it, record that as a change of scopes: who connected before has to "
        "consent again."
    )
    form_class = NoteForm
    service = staticmethod(partial(acts.ask_for_bank_feeds, wanted=True))

    def is_offered(self, obj: PartnerProgramme) -> bool:
        """Offer it where bank feeds are not asked for."""
        return not obj.wants_bank_feeds


class DropFeeds(ProgrammeAction):
    """Apply without bank feeds."""

    name = "drop-feeds"
    label = _("Apply without bank feeds")
    explanation = _(
        "The application is for lending alone. Without bank feeds no statement lines "
        "are written."
    )
    form_class = NoteForm
    service = staticmethod(partial(acts.ask_for_bank_feeds, wanted=False))

    def is_offered(self, obj: PartnerProgramme) -> bool:
        """Offer it where bank feeds are asked for."""
        return obj.wants_bank_feeds


class Prepare(ProgrammeAction):
    """Record that something has been prepared."""

    name = "prepare"
    label = _("Mark as done")
    explanation = _("Say when it was done, and with whom.")
    service = staticmethod(acts.prepare)

    def is_offered(self, obj: PartnerProgramme) -> bool:
        """Offer it while something is open."""
        return bool(_open_items(obj))

    def form_for(self, obj: PartnerProgramme, data: Any = None) -> forms.Form:
        """List what is open."""
        items = [(one, one.label) for one in _open_items(obj)]
        return PrepareForm(data, choices=items)


class Reopen(ProgrammeAction):
    """Say that something is not prepared after all."""

    name = "reopen"
    label = _("Open again")
    explanation = _("What was done before stays in the history.")
    service = staticmethod(acts.reopen)

    def is_offered(self, obj: PartnerProgramme) -> bool:  # noqa: ARG002
        """Offer it once something is done."""
        return bool(standing.read().prepared)

    def form_for(self, obj: PartnerProgramme, data: Any = None) -> forms.Form:  # noqa: ARG002
        """List what is done."""
        items = [(one, one.label) for one in standing.read().prepared]
        return ReopenForm(data, choices=items)


class TakeStep(ProgrammeAction):
    """Record the next step."""

    name = "step"
    label = _("Record the next step")
    explanation = _(
        "The steps are taken in Xero's order. With the third one the app counts as "
        "certified and the limit on connections is off."
    )
    service = staticmethod(acts.take_step)

    def is_offered(self, obj: PartnerProgramme) -> bool:  # noqa: ARG002
        """Offer it while a step is to come and Xero has not said no."""
        stands = standing.read()
        return stands.next_step is not None and stands.not_eligible is None

    def form_for(self, obj: PartnerProgramme, data: Any = None) -> forms.Form:  # noqa: ARG002
        """Name the step."""
        step = standing.read().next_step
        form_class = SubmitForm if step == PartnerStep.SUBMITTED else StepForm
        return form_class(data, choices=[(step, step.label)] if step else [])


class WithdrawStep(ProgrammeAction):
    """Take a step back."""

    name = "withdraw"
    label = _("Take a step back")
    explanation = _(
        "The later steps go with it. The app no longer counts as certified: connected "
        "borrowers stay connected, new ones count towards Xero's limit again."
    )
    service = staticmethod(acts.withdraw_step)

    def is_offered(self, obj: PartnerProgramme) -> bool:  # noqa: ARG002
        """Offer it once a step is taken."""
        return bool(standing.read().steps)

    def form_for(self, obj: PartnerProgramme, data: Any = None) -> forms.Form:  # noqa: ARG002
        """List the steps taken, the latest first."""
        taken = standing.read().steps
        steps = [one for one in reversed(PartnerStep) if one in taken]
        return WithdrawForm(data, choices=[(one, one.label) for one in steps])


class NotEligible(ProgrammeAction):
    """Record that Xero does not take this use."""

    name = "not-eligible"
    label = _("Xero says: not eligible")
    explanation = _(
        "Some uses in financial services cannot become partners. The app then counts "
        "as uncertified: the limit on connections stays, bank feeds cannot be "
        "switched on."
    )
    form_class = EligibilityForm
    service = staticmethod(acts.record_not_eligible)

    def is_offered(self, obj: PartnerProgramme) -> bool:  # noqa: ARG002
        """Offer it until it is recorded."""
        return standing.read().not_eligible is None


class Eligible(ProgrammeAction):
    """Record that Xero takes this use after all."""

    name = "eligible"
    label = _("Xero says: eligible after all")
    explanation = _("The steps that were taken count again.")
    form_class = EligibilityForm
    service = staticmethod(acts.record_eligible)

    def is_offered(self, obj: PartnerProgramme) -> bool:  # noqa: ARG002
        """Offer it where the opposite is recorded."""
        return standing.read().not_eligible is not None


class Review(ProgrammeAction):
    """Say where a checkpoint stands."""

    name = "review"
    label = _("Review a checkpoint")
    explanation = _(
        "Met takes some words or a link as evidence. The latest word counts; earlier "
        "ones stay in the history."
    )
    service = staticmethod(checkpoints.review)

    def form_for(self, obj: PartnerProgramme, data: Any = None) -> forms.Form:
        """List the checkpoints that ask something of us."""
        asking = [one for one in checkpoints.listed(obj) if one.applies]
        named = [(one.code, checkpoints.names([one])) for one in asking]
        return ReviewForm(data, choices=named)


class RecordScopes(ProgrammeAction):
    """Record that what the app asks for has changed."""

    name = "scopes-changed"
    label = _("Record a change of scopes")
    explanation = _(
        "Codat sets the scopes. A borrower's consent keeps the scopes it was given "
        "for: whoever consented before the change has to consent again."
    )
    done = _("The change was recorded; see who has to consent again.")
    refusals = (XeroAppRefused,)
    service = staticmethod(scopes.record_change)

    def form_for(self, obj: PartnerProgramme, data: Any = None) -> forms.Form:  # noqa: ARG002
        """List the scopes of the sheet."""
        named = [(one.name, one.name) for one in scopes.requested()]
        return ScopesForm(data, choices=named)


def _open_items(record: PartnerProgramme) -> list[Preparation]:
    done = standing.read().prepared
    return [one for one in preparation.wanted(record) if one not in done]
