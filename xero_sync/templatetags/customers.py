"""What the admin's overview says about mails to customers."""

from django import template
from django.http import HttpRequest

from xero_sync.models import BorrowerNotice

register = template.Library()


@register.simple_tag
def mails_needing_a_person(request: HttpRequest) -> int:
    """Return how many mails were given up, for those who may see them."""
    may_look = any(
        request.user.has_perm(f"xero_sync.{may}_borrowernotice")
        for may in ("view", "change")
    )
    return BorrowerNotice.objects.needing_a_person().count() if may_look else 0
