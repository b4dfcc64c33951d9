"""What the admin's overview says about outgoing webhooks."""

from django import template
from django.http import HttpRequest

from backoffice.webhooks import attention
from xero_sync.runtime.clock import database_now

register = template.Library()


@register.simple_tag
def webhooks_needing_a_person(request: HttpRequest) -> list[str]:
    """Return what needs a person, for those who may see deliveries."""
    may_look = any(
        request.user.has_perm(f"backoffice.{may}_webhookdelivery")
        for may in ("view", "change")
    )
    return attention.sentences(now=database_now()) if may_look else []
