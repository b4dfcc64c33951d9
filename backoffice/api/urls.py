"""All addresses of the API; natural keys may hold dots and colons."""

from django.urls import path, register_converter
from django.urls.converters import StringConverter
from django.views.decorators.http import require_safe
from drf_spectacular.views import SpectacularSwaggerSplitView

from backoffice.api.connections import bank_feeds, customer_links, mappings, offboarding
from backoffice.api.connections import views as connections
from backoffice.api.description import pages
from backoffice.api.lending import batches, companies, events, loans
from backoffice.api.sync_records import views as sync_records
from backoffice.api.webhooks import deliveries
from backoffice.api.webhooks import views as webhooks


class Reference(StringConverter):
    """A natural key in a path."""

    regex = r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}"


register_converter(Reference, "reference")

urlpatterns = [
    path("schema/", pages.schema, name="api-schema"),
    path(
        "docs/",
        require_safe(
            SpectacularSwaggerSplitView.as_view(
                url_name="api-schema", template_name="api/docs.html"
            )
        ),
        name="api-docs",
    ),
    path("problems", pages.problems, name="api-problems"),
    path("problems/<slug:code>", pages.problem, name="api-problem"),
    path("companies", companies.Companies.as_view()),
    path("companies/<reference:reference>", companies.OneCompany.as_view()),
    path("loans", loans.Loans.as_view()),
    path("loans/<reference:reference>", loans.OneLoan.as_view()),
    path("loans/<reference:reference>/close", loans.CloseLoan.as_view()),
    path("loans/<reference:reference>/events", events.LoanEvents.as_view()),
    path("loan-events", events.Events.as_view()),
    path("loan-events/batch", batches.Batch.as_view()),
    path("loan-events/<reference:external_id>", events.Event.as_view()),
    path("loan-events/<reference:external_id>/reverse", events.Reversal.as_view()),
    path(
        "companies/<reference:reference>/connections",
        connections.CompanyConnections.as_view(),
    ),
    path(
        "companies/<reference:reference>/customer-links",
        customer_links.CustomerLinks.as_view(),
    ),
    path(
        "customer-links/<uuid:number>/revoke",
        customer_links.RevokeCustomerLink.as_view(),
    ),
    path("connections/<uuid:number>", connections.OneConnection.as_view()),
    path("connections/<uuid:number>/refresh", connections.Refresh.as_view()),
    path("connections/<uuid:number>/disconnect", offboarding.Disconnect.as_view()),
    path("connections/<uuid:number>/off-board", offboarding.OffBoard.as_view()),
    path("connections/<uuid:number>/choices", mappings.Choices.as_view()),
    path("connections/<uuid:number>/mapping", mappings.AccountMapping.as_view()),
    path(
        "connections/<uuid:number>/mapping/setups/<uuid:setup>",
        mappings.MappingSetup.as_view(),
    ),
    path("connections/<uuid:number>/writeback", connections.Writeback.as_view()),
    path(
        "connections/<uuid:number>/writeback/held",
        connections.HeldWriteback.as_view(),
    ),
    path("connections/<uuid:number>/bank-feeds", bank_feeds.BankFeeds.as_view()),
    path(
        "connections/<uuid:number>/bank-feeds/connect", bank_feeds.ConnectFeed.as_view()
    ),
    path(
        "connections/<uuid:number>/bank-feeds/disconnect",
        bank_feeds.DisconnectFeed.as_view(),
    ),
    path(
        "connections/<uuid:number>/bank-feeds/rename", bank_feeds.RenameFeed.as_view()
    ),
    path("sync-records", sync_records.SyncRecords.as_view()),
    path("sync-records/<uuid:number>", sync_records.OneSyncRecord.as_view()),
    path("sync-records/<uuid:number>/retry", sync_records.Retry.as_view()),
    path("sync-records/<uuid:number>/cancel", sync_records.Cancel.as_view()),
    path("sync-records/<uuid:number>/link", sync_records.Link.as_view()),
    path("sync-records/<uuid:number>/absent", sync_records.Absent.as_view()),
    path("webhook-endpoints", webhooks.Endpoints.as_view()),
    path("webhook-endpoints/<uuid:endpoint_id>", webhooks.OneEndpoint.as_view()),
    path(
        "webhook-endpoints/<uuid:endpoint_id>/rotate-secret",
        webhooks.Rotation.as_view(),
    ),
    path("webhook-endpoints/<uuid:endpoint_id>/test", webhooks.Test.as_view()),
    path("webhook-endpoints/<uuid:endpoint_id>/replay", deliveries.Replay.as_view()),
    path(
        "webhook-endpoints/<uuid:endpoint_id>/deliveries",
        deliveries.Deliveries.as_view(),
    ),
]
