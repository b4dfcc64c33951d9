"""The site of the operators' back office: it shows what we chose to show."""

from collections.abc import Iterable
from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.admin.options import ModelAdmin
from django.db import transaction
from django.db.models import Model
from django.http import HttpRequest
from django.template.response import TemplateResponse

from lending import formats
from lending.admin.base import author
from lending.audit import wording
from lending.models import AuditEntry

RECENT = 10

# Whose models operators see. Other packages register pages of their own: django-q2's
# schedules name a function to call, so whoever may add one runs any code on the worker.
SHOWN_APPS = frozenset({"auth", "backoffice", "lending", "xero_sync"})


class OperatorsSite(AdminSite):
    """The admin, closed to pages that a package brings along."""

    def register(
        self,
        model_or_iterable: type[Model] | Iterable[type[Model]],
        admin_class: type[ModelAdmin] | None = None,
        **options: Any,
    ) -> None:
        """Register the models of our apps, and pass over all others."""
        models = (
            [model_or_iterable]
            if isinstance(model_or_iterable, type)
            else list(model_or_iterable)
        )
        ours = [one for one in models if one._meta.app_label in SHOWN_APPS]
        super().register(ours, admin_class, **options)

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        """Show beside the overview what this person did last."""
        mine = AuditEntry.objects.filter(actor=author(request)).exclude(
            verb__startswith="user.signed"
        )
        recent = [
            (wording.sentence(one), one.object_label, formats.instant(one.at))
            for one in mine.latest_first()[:RECENT]
        ]
        return super().index(request, {"recent": recent, **(extra_context or {})})

    def password_change(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        """Set one's own password in one transaction with what tells of it."""
        with transaction.atomic():
            return super().password_change(request, extra_context)
