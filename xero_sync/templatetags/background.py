"""What the admin's overview says about the background work."""

from django import template
from django.http import HttpRequest

from xero_sync.admin.monitoring.background import may_look
from xero_sync.monitoring import limits
from xero_sync.monitoring import wording as monitoring_wording
from xero_sync.runtime.clock import database_now

register = template.Library()


@register.simple_tag
def background_summary(request: HttpRequest) -> monitoring_wording.Summary | None:
    """Return what needs a person, for those who may see entries."""
    if not may_look(request.user):
        return None
    return monitoring_wording.summary(limits.read(now=database_now()))
