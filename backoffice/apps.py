"""The operators' back office over both apps."""

from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps
from django.utils.translation import gettext_lazy as _


class BackofficeConfig(AppConfig):
    """Settings, addresses, the admin and what joins the two apps."""

    name = "backoffice"
    verbose_name = _("Back office")

    def ready(self) -> None:
        """Connect what the back office does of its own once the models exist."""
        # These import models, which only exist once the app registry is filled.
        from backoffice import checks, retention, verbs  # noqa: F401, PLC0415
        from backoffice.users import receivers as sign_ins  # noqa: F401, PLC0415
        from backoffice.webhooks import nudging, receivers  # noqa: F401, PLC0415
        from xero_sync.runtime import task_queue  # noqa: PLC0415

        task_queue.every_minute(name="Outgoing webhooks", job=nudging.DELIVER)
        task_queue.every_hour(name="Retention", job=retention.JOB)


class OperatorsAdminConfig(admin_apps.AdminConfig):
    """Django's admin, with the site that shows only what we registered."""

    default = False
    default_site = "backoffice.admin_site.OperatorsSite"
