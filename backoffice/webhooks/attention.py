"""What an operator ought to know about outgoing webhooks before anything else."""

from datetime import datetime, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from backoffice.models import WebhookDelivery, WebhookEndpoint

# What was given up longer ago has been seen, or is of no use any more.
RECENT = timedelta(days=7)
MOST_NAMED = 3


def sentences(*, now: datetime) -> list[str]:
    """Say which endpoints were disabled by themselves, and how much was given up."""
    broken = list(WebhookEndpoint.objects.broken_down().order_by("-disabled_at"))
    words = [
        _("Webhooks to %(address)s are disabled: %(why)s. Mend it, then enable it.")
        % {"address": one, "why": one.get_disabled_reason_display()}
        for one in broken[:MOST_NAMED]
    ]
    more = len(broken) - MOST_NAMED
    if more > 0:
        disabled = ngettext(
            "%(n)s more webhook endpoint is disabled.",
            "%(n)s more webhook endpoints are disabled.",
            more,
        )
        words.append(disabled % {"n": more})
    given_up = WebhookDelivery.objects.filter(
        given_up_at__gt=now - RECENT, endpoint__deleted_at=None, replayed_by=None
    ).count()
    if given_up:
        words.append(
            ngettext(
                "%(n)s webhook was given up within a week. Mend the receiver, then "
                "send it again.",
                "%(n)s webhooks were given up within a week. Mend the receiver, then "
                "replay that time.",
                given_up,
            )
            % {"n": given_up}
        )
    return words
