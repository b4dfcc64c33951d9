"""Everything that is held about one borrower, for whoever has a right to know it.

A table counts as about a borrower if a foreign key leads from it to the company, over
others if need be; those that only name one stand in `NAMED`. What is left out stands
in `LEFT_OUT` and `HIDDEN`, with its reason: a test finds tables that are in neither.
"""

from collections.abc import Callable, Iterator
from typing import Any

from django.apps import apps
from django.db import models
from django.db.models import QuerySet

from backoffice.models import WebhookMessage as ToldMessage
from lending.models import Company, Loan, LoanEvent
from xero_sync.models import Connection, WebhookMessage

OURS = ("lending", "xero_sync", "backoffice")
Row = dict[str, Any]


def _told_by_codat(company: Company) -> QuerySet:
    connections = Connection.objects.filter(company=company)
    ids = connections.values("codat_connection_id")
    return WebhookMessage.objects.filter(codat_connection_id__in=ids)


def _told_to_services(company: Company) -> QuerySet:
    events = LoanEvent.objects.filter(loan__company=company).values("external_id")
    loans = Loan.objects.filter(company=company).values("reference")
    connections = Connection.objects.filter(company=company)
    return ToldMessage.objects.filter(
        models.Q(subject__in=events)
        | models.Q(subject__in=loans)
        | models.Q(subject__in=[str(one.pk) for one in connections])
    )


# Tables that name a borrower without a foreign key.
NAMED: dict[str, Callable[[Company], QuerySet]] = {
    "xero_sync.WebhookMessage": _told_by_codat,
    "backoffice.WebhookMessage": _told_to_services,
}
STAFF = "about staff"
SERVICES = "about the lender's own services"
LENDER = "about the lender's own app and its certification"
ENGINE = "about the engine's work, all borrowers' together"
LEFT_OUT = {
    "backoffice.ApiClient": SERVICES,
    "backoffice.ApiKey": SERVICES,
    "backoffice.Authenticator": STAFF,
    "backoffice.ChangeCursor": ENGINE,
    "backoffice.ChangeGap": ENGINE,
    "backoffice.RecoveryCodes": STAFF,
    "backoffice.StaffSession": STAFF,
    "backoffice.StoredReply": "what services were answered: copies of rows given here",
    "backoffice.WebhookAttempt": SERVICES,
    "backoffice.WebhookDelivery": SERVICES,
    "backoffice.WebhookEndpoint": SERVICES,
    "backoffice.WebhookSecret": SERVICES,
    "lending.Seal": "keys and hashes of rows given here",
    "xero_sync.CheckpointReview": LENDER,
    "xero_sync.ConnectionCheckRun": ENGINE,
    "xero_sync.Heartbeat": ENGINE,
    "xero_sync.LinkRequest": "gone as soon as it was looked at; nobody's yet",
    "xero_sync.PartnerProgramme": LENDER,
    "xero_sync.ProgrammeAct": LENDER,
    "xero_sync.RateScope": ENGINE,
    "xero_sync.ScopeChange": LENDER,
    "xero_sync.Tally": ENGINE,
    "xero_sync.XeroApp": LENDER,
}
# What opens something, or lies under a key for a reason.
HIDDEN = {
    "xero_sync.AccountDraft": ("answers",),
    "xero_sync.AccountSetup": ("sealed_choice",),
    "xero_sync.BorrowerLink": ("token_hash",),
    "xero_sync.BorrowerSitting": ("secret_hash",),
    "xero_sync.SetupStep": ("sealed_body",),
}


def export(company: Company) -> dict[str, list[Row]]:
    """Return all rows about a borrower by table, each in the order of its key.

    Columns keep their names; bytes are text where they are, else hexadecimal.
    """
    paths = {model._meta.label: path for model, path in about_companies().items()}
    found = {
        label: apps.get_model(label)._base_manager.filter(**{path: company.pk})
        for label, path in paths.items()
    }
    found |= {label: rows(company) for label, rows in NAMED.items()}
    return {label: [*_rows(label, found[label])] for label in sorted(found)}


def about_companies() -> dict[type[models.Model], str]:
    """Return each model from which foreign keys lead to a company, with the way."""
    paths: dict[type[models.Model], str] = {Company: "pk"}
    waiting = [model for app in OURS for model in apps.get_app_config(app).get_models()]
    while True:
        reached = {
            model: min(ways, key=len)
            for model in waiting
            if model not in paths and (ways := [*_ways(model, paths)])
        }
        if not reached:
            return paths
        paths |= reached


def _ways(
    model: type[models.Model], paths: dict[type[models.Model], str]
) -> Iterator[str]:
    for field in model._meta.concrete_fields:
        related = field.related_model
        if isinstance(related, type) and related in paths:
            yield f"{field.name}__{paths[related]}"


def _rows(label: str, rows: QuerySet) -> Iterator[Row]:
    hidden = HIDDEN.get(label, ())
    names = [field.attname for field in rows.model._meta.concrete_fields]
    shown = [name for name in names if name not in hidden]
    for row in rows.order_by("pk").values(*shown).iterator():
        yield {name: _plain(value) for name, value in row.items()}


def _plain(value: Any) -> Any:
    if not isinstance(value, bytes | memoryview):
        return value
    try:
        return bytes(value).decode()
    except UnicodeDecodeError:
        return bytes(value).hex()
