"""All addresses of the back office."""

from django.contrib import admin
from django.urls import include, path

from backoffice import health, metrics
from xero_sync.admin.monitoring.background import background
from xero_sync.webhooks import views as webhook_views

urlpatterns = [
    path("admin/background/", admin.site.admin_view(background), name="background"),
    path("admin/", admin.site.urls),
    path("api/v1/", include("backoffice.api.urls")),
    path("webhooks/codat/", webhook_views.codat, name="codat-webhook"),
    path("", include("xero_sync.portal.urls")),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", metrics.metrics, name="metrics"),
]

handler400 = "backoffice.error_pages.bad_request"
handler403 = "backoffice.error_pages.permission_denied"
handler404 = "backoffice.error_pages.page_not_found"
handler500 = "backoffice.error_pages.server_error"
