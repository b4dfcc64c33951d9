"""People and rows for the tests of the admin."""

import hashlib
from datetime import UTC, datetime
from uuid import uuid4

from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from lending.models import LoanEvent
from tests.builders import make_event
from xero_sync.models import (
    AccountMapping,
    AttemptAnswer,
    Connection,
    ConnectionCheckRun,
    Heartbeat,
    LenderAccount,
    RateScope,
    SyncRecord,
    WebhookMessage,
    WriteAttempt,
    WritebackSwitch,
    WriteRequest,
)

NOW = datetime(2026, 3, 31, 12, tzinfo=UTC)


def superuser() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    return client


def operator(*permissions: str, name: str = "anna") -> Client:
    """A member of staff with permissions such as `lending.view_loan`."""
    user = User.objects.create_user(name, is_staff=True)
    for permission in permissions:
        app, codename = permission.split(".")
        user.user_permissions.add(
            Permission.objects.get(content_type__app_label=app, codename=codename)
        )
    client = Client()
    client.force_login(user)
    return client


def page(model: type, name: str, *args: object) -> str:
    """Address of an admin page of a model."""
    meta = model._meta
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_{name}", args=args)


def make_evidence(event: LoanEvent | None = None) -> SyncRecord:
    """An entry of a company of its own, with all that can hang on it."""
    event = event or make_event()
    company = event.loan.company
    connection = Connection.objects.create(
        company=company,
        codat_company_id=uuid4(),
        codat_connection_id=uuid4(),
        status="Linked",
        organisation_name=company.legal_name,
    )
    account = LenderAccount.objects.create(
        connection=connection,
        source_account_id=f"source-{company.pk}",
        target_account_id=f"target-{company.pk}",
        name="Lender",
        currency="GBP",
    )
    mapping = AccountMapping.objects.create(
        connection=connection,
        version=1,
        lender_account=account,
        lender_target_account_id=account.target_account_id,
        nominated_account_id="nominated",
        supplier_id="supplier",
        currency="GBP",
        chosen_by="test",
        created_at=NOW,
    )
    mapping.rows.create(role="fee", account_id="expense")
    WritebackSwitch.objects.create(
        connection=connection, on=True, switched_by="test", switched_at=NOW
    )
    run = ConnectionCheckRun.objects.create(
        started_at=NOW, ended_at=NOW, checked=0, failed=1
    )
    run.failures.create(connection=connection, kind="no_answer")
    record = event.sync_records.get(step="transfer")
    make_request(record, connection=connection, mapping=mapping)
    WebhookMessage.objects.create(
        webhook_id=f"msg-{company.pk}",
        event_type="write.successful",
        payload={"apiKey": "hook-secret-1"},
        received_at=NOW,
    )
    Heartbeat.objects.create(name=f"worker-{company.pk}", beat_at=NOW)
    RateScope.objects.create(key=f"organisation:{connection.codat_connection_id}")
    return record


def make_request(
    record: SyncRecord, *, body: bytes = b'{"amount":800.00}', **fields: object
) -> WriteRequest:
    """A write request with one answered attempt."""
    answer = fields.pop("answer", '{"status":"Pending"}')
    error = fields.pop("error", "")
    request = WriteRequest.objects.create(
        company=record.company,
        data_type="transfers",
        path="/companies/1/connections/2/push/transfers",
        body=body,
        idempotency_key=uuid4(),
        created_at=NOW,
        **fields,
    )
    request.records.add(record)
    attempt = WriteAttempt.objects.create(
        request=request,
        started_at=NOW,
        finished_at=NOW,
        elapsed_ms=123,
        outcome="accepted",
        status_code=200,
        correlation_id=f"correlation-{request.pk}",
        push_operation_key=uuid4(),
        answer_sha256=hashlib.sha256(answer.encode()).hexdigest(),
        error=error,
    )
    AttemptAnswer.objects.create(attempt=attempt, text=answer)
    return request
