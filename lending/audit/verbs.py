"""What is done in the lender's book, as the trail says it."""

from django.utils.translation import gettext_lazy as _

from lending.audit import wording

wording.register(
    {
        "company.created": _("Took the company on."),
        "company.changed": _("Changed the company."),
        "company.removed": _("Removed the company again: nothing had come of it."),
        "event.above_ceiling": _("Recorded an amount above a ceiling."),
        "loan.created": _("Agreed the loan."),
        "loan.route_changed": _("Chose the loan's route."),
        "loan.closed": _("Closed the loan."),
        "loan.reopened": _("Reopened the loan by a reversal."),
    }
)
