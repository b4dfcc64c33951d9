"""The lender's book: companies, loans and what happened to them."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LendingConfig(AppConfig):
    """The lender's book."""

    name = "lending"
    verbose_name = _("Lending")
    default_auto_field = "django.db.models.BigAutoField"
