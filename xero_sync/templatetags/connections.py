"""What the admin's overview says about connections."""

from django import template
from django.http import HttpRequest

from xero_sync import connection_words
from xero_sync.clock import database_now

register = template.Library()


@register.simple_tag
def connections_needing_a_person(request: HttpRequest) -> list[connection_words.Matter]:
    """Return what needs an operator, for those who may see connections."""
    may_look = any(
        request.user.has_perm(f"xero_sync.{may}_connection")
        for may in ("view", "change")
    )
    return connection_words.matters(now=database_now()) if may_look else []
