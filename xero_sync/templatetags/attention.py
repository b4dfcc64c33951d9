"""What the admin's overview says about Xero, each to those who may see it."""

from django import template
from django.http import HttpRequest

from lending.admin.base import may_see
from xero_sync.connections import alerts
from xero_sync.models import BorrowerNotice, Connection, SyncRecord, XeroApp
from xero_sync.monitoring import limits
from xero_sync.monitoring import wording as monitoring_wording
from xero_sync.runtime.clock import database_now
from xero_sync.xero_app import problems

register = template.Library()


@register.simple_tag
def background_summary(request: HttpRequest) -> monitoring_wording.Summary | None:
    """Return what the background work needs, for those who may see entries."""
    if not may_see(request, SyncRecord):
        return None
    return monitoring_wording.summary(limits.read(now=database_now()))


@register.simple_tag
def connections_needing_a_person(request: HttpRequest) -> list[alerts.Alert]:
    """Return what connections need."""
    return alerts.alerts(now=database_now()) if may_see(request, Connection) else []


@register.simple_tag
def mails_needing_a_person(request: HttpRequest) -> int:
    """Return how many mails were given up."""
    may_look = may_see(request, BorrowerNotice)
    return BorrowerNotice.objects.needing_a_person().count() if may_look else 0


@register.simple_tag
def xero_app_needing_a_person(request: HttpRequest) -> list[str]:
    """Return what the lender's app needs."""
    return problems.sentences(now=database_now()) if may_see(request, XeroApp) else []


@register.simple_tag
def entries_that_may_stand_twice(request: HttpRequest) -> int:
    """Return how many entries there are beside which another push succeeded."""
    may_look = may_see(request, SyncRecord)
    return SyncRecord.objects.filter(is_alarmed=True).count() if may_look else 0
