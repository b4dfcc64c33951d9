"""Every write to Codat, and every exchange it took; for engineers."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from lending.admin.base import ReadOnlyAdmin
from xero_sync.admin.base import search
from xero_sync.admin.base.evidence import (
    answer_of,
    as_block,
    sent,
    with_attempts,
)
from xero_sync.models import WriteAttempt, WriteRequest


class WriteRequestAdmin(ReadOnlyAdmin):
    """Write requests: the bytes, the key and the attempts."""

    change_form_template = "admin/requests_change_form.html"
    list_display = (
        "idempotency_key",
        "data_type",
        "company",
        "connection__organisation_name",
        "created_at",
    )
    list_filter = ()
    list_select_related = ("company", "connection")
    search_fields = ("idempotency_key",)
    find = staticmethod(search.requests)
    search_help_text = _("A whole id, Idempotency-Key or push operation key.")
    # The intent's time has no index of its own.
    ordering = ("-pk",)
    sortable_by = ("idempotency_key",)
    fields = (
        "company",
        "connection",
        "mapping",
        "data_type",
        "path",
        "idempotency_key",
        "predecessor",
        "created_at",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[WriteRequest]:
        """Leave the bodies where they are until one is shown."""
        return super().get_queryset(request).defer("body")

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Show the body and the attempts."""
        obj = kwargs["obj"]
        this = with_attempts(WriteRequest.objects.filter(pk=obj.pk))
        context["write_requests"] = sent(this)
        return super().render_change_form(request, context, *args, **kwargs)


class WriteAttemptAdmin(ReadOnlyAdmin):
    """HTTP exchanges, newest first."""

    list_display = (
        "started_at",
        "data_type",
        "company",
        "outcome",
        "status_code",
        "elapsed_ms",
        "correlation_id",
        "push_operation_key",
    )
    list_filter = ("outcome",)
    list_select_related = ("request__company",)
    search_fields = ("push_operation_key",)
    find = staticmethod(search.attempts)
    search_help_text = _(
        "A whole push operation key, Idempotency-Key or correlation id."
    )
    ordering = ("-pk",)
    sortable_by = ()
    fields = (
        "request",
        "started_at",
        "finished_at",
        "elapsed_ms",
        "outcome",
        "status_code",
        "correlation_id",
        "push_operation_key",
        "masked_error",
        "masked_answer",
        "answer_sha256",
    )
    readonly_fields = ("masked_error", "masked_answer")

    def get_queryset(self, request: HttpRequest) -> QuerySet[WriteAttempt]:
        """Leave the texts and bodies where they are until one is shown."""
        attempts: QuerySet[WriteAttempt] = super().get_queryset(request)
        return attempts.defer("error", "request__body")

    @admin.display(description=_("data type"))
    def data_type(self, attempt: WriteAttempt) -> str:
        """Name what was written."""
        return attempt.request.data_type

    @admin.display(description=_("company"))
    def company(self, attempt: WriteAttempt) -> str:
        """Name the borrower."""
        return str(attempt.request.company)

    @admin.display(description=_("error"))
    def masked_error(self, attempt: WriteAttempt) -> SafeString:
        """Show the error without secrets."""
        return as_block(attempt.error)

    @admin.display(description=_("answer"))
    def masked_answer(self, attempt: WriteAttempt) -> SafeString:
        """Show the answer without secrets."""
        return as_block(answer_of(attempt))
