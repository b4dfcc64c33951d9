"""What the admin's overview says about entries."""

from django import template
from django.http import HttpRequest

from xero_sync.models import SyncRecord

register = template.Library()


@register.simple_tag
def entries_that_may_stand_twice(request: HttpRequest) -> int:
    """Return how many there are, for those who may see entries."""
    may_look = any(
        request.user.has_perm(f"xero_sync.{may}_syncrecord")
        for may in ("view", "change")
    )
    return SyncRecord.objects.filter(is_alarmed=True).count() if may_look else 0
