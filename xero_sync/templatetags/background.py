"""What the admin's overview says about the background work."""

from django import template
from django.http import HttpRequest

from xero_sync import gauge_words, gauges
from xero_sync.admin.background import may_look
from xero_sync.clock import database_now

register = template.Library()


@register.simple_tag
def background_summary(request: HttpRequest) -> gauge_words.Summary | None:
    """Return what needs a person, for those who may see entries."""
    if not may_look(request.user):
        return None
    return gauge_words.summary(gauges.read(now=database_now()))
