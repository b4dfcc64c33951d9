"""What the admin's overview says about the lender's Xero app."""

from django import template
from django.http import HttpRequest

from xero_sync.runtime.clock import database_now
from xero_sync.xero_app import problems

register = template.Library()


@register.simple_tag
def xero_app_needing_a_person(request: HttpRequest) -> list[str]:
    """Return what needs a person, for those who may see the app."""
    may_look = any(
        request.user.has_perm(f"xero_sync.{may}_xeroapp") for may in ("view", "change")
    )
    return problems.sentences(now=database_now()) if may_look else []
