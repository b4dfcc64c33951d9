"""What the admin's overview says about connections."""

from django import template
from django.http import HttpRequest

from xero_sync.connections import alerts
from xero_sync.runtime.clock import database_now

register = template.Library()


@register.simple_tag
def connections_needing_a_person(request: HttpRequest) -> list[alerts.Alert]:
    """Return what needs an operator, for those who may see connections."""
    may_look = any(
        request.user.has_perm(f"xero_sync.{may}_connection")
        for may in ("view", "change")
    )
    return alerts.alerts(now=database_now()) if may_look else []
