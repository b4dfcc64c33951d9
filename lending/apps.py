"""The lender's book: companies, loans and what happened to them."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LendingConfig(AppConfig):
    """The lender's book."""

    name = "lending"
    verbose_name = _("Lending")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Add the lookup of many values to every field, and our verbs to the trail."""
        # They import fields and models, which need the settings and each other.
        from lending.audit import verbs  # noqa: F401, PLC0415
        from lending.db import lookups  # noqa: F401, PLC0415
