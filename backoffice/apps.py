"""The operators' back office over both apps."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BackofficeConfig(AppConfig):
    """Settings, addresses, the admin and what joins the two apps."""

    name = "backoffice"
    verbose_name = _("Back office")
