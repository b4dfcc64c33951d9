"""What the admin shows at all, and that no package brings in a page by itself."""

import pytest
from django.contrib import admin
from django.db.models import Model
from django_q.models import Failure, OrmQ, Schedule, Success

from tests.backoffice.admin.rows import superuser

SHOWN = {
    "auth.Group",
    "auth.User",
    "backoffice.ApiClient",
    "backoffice.ApiKey",
    "backoffice.WebhookDelivery",
    "backoffice.WebhookEndpoint",
    "lending.AuditEntry",
    "lending.Company",
    "lending.Loan",
    "lending.LoanEvent",
    "xero_sync.AccountMapping",
    "xero_sync.AccountSetup",
    "xero_sync.Connection",
    "xero_sync.ConnectionCheckRun",
    "xero_sync.BorrowerLink",
    "xero_sync.BorrowerNotice",
    "xero_sync.Heartbeat",
    "xero_sync.Lane",
    "xero_sync.LenderAccount",
    "xero_sync.MissingLine",
    "xero_sync.PartnerProgramme",
    "xero_sync.RateScope",
    "xero_sync.SyncRecord",
    "xero_sync.WebhookMessage",
    "xero_sync.WriteAttempt",
    "xero_sync.WriteRequest",
    "xero_sync.XeroApp",
}


def test_the_admin_shows_these_models_and_no_others():
    shown = {model._meta.label for model in admin.site._registry}

    assert shown == SHOWN


@pytest.mark.parametrize("model", [Schedule, OrmQ, Success, Failure])
def test_a_page_that_a_package_registers_is_passed_over(model: type[Model]):
    admin.site.register(model)

    assert not admin.site.is_registered(model)


@pytest.mark.django_db
@pytest.mark.parametrize("page", ["schedule/add/", "schedule/", "ormq/", "success/"])
def test_nobody_runs_code_on_the_worker_from_the_admin(page):
    answer = superuser().post(
        f"/admin/django_q/{page}",
        {"func": "os.system", "args": "'true'", "schedule_type": "I", "minutes": 1},
    )

    assert answer.status_code == 404
    assert not Schedule.objects.filter(func="os.system").exists()
