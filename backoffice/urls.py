"""All addresses of the back office."""

from django.contrib import admin
from django.urls import include, path

from backoffice import health
from xero_sync import webhook_views
from xero_sync.admin.background import background

urlpatterns = [
    path("admin/background/", admin.site.admin_view(background), name="background"),
    path("admin/", admin.site.urls),
    path("api/v1/", include("backoffice.api.urls")),
    path("webhooks/codat/", webhook_views.codat, name="codat-webhook"),
    path("", include("xero_sync.pages.urls")),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
]
