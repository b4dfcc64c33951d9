"""What the admin's overview says about outgoing webhooks."""

from django import template
from django.http import HttpRequest

from backoffice.models import WebhookDelivery
from backoffice.webhooks import attention
from lending.admin.base import may_see
from xero_sync.runtime.clock import database_now

register = template.Library()


@register.simple_tag
def webhooks_needing_a_person(request: HttpRequest) -> list[str]:
    """Return what needs a person, for those who may see deliveries."""
    may_look = may_see(request, WebhookDelivery)
    return attention.sentences(now=database_now()) if may_look else []
