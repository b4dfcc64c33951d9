"""The write-back of loan events into the borrower's Xero, through Codat."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class XeroSyncConfig(AppConfig):
    """The write-back; connects itself to the lender's one signal."""

    name = "xero_sync"
    verbose_name = _("Xero write-back")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Connect the receivers, the system checks and our verbs."""
        # These import models, which only exist once the app registry is filled.
        from lending.seals import tables  # noqa: PLC0415
        from xero_sync import checks, receivers  # noqa: F401, PLC0415
        from xero_sync.borrowers import notices  # noqa: PLC0415
        from xero_sync.models import verbs  # noqa: F401, PLC0415
        from xero_sync.runtime import run, task_queue  # noqa: F401, PLC0415

        tables.register("xero_sync.writerequest", by="created_at")
        tables.register("xero_sync.writeattempt", by="finished_at")
        tables.register("xero_sync.recordchange", by="at")

        task_queue.every_minute(name="Mails to customers", job=notices.SEND)

        post_migrate.connect(
            task_queue.create_schedules, dispatch_uid="xero_sync.schedules"
        )
