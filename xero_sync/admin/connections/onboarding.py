"""What a person may do about a company that has no connection to Xero yet."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from lending.admin.base import ObjectAction
from lending.models import Company
from xero_sync.codat.exceptions import CodatError, WritebackBlocked
from xero_sync.connections import onboarding
from xero_sync.runtime.clock import database_now
from xero_sync.writeback.paced_client import paced_client


class ConnectForm(forms.Form):
    """Whether it is only for trying things out."""

    is_demo = forms.BooleanField(
        label=gettext_lazy("Demo company"),
        required=False,
        help_text=gettext_lazy(
            "It is for a demo company of Xero's, which takes no place of Xero's limit."
        ),
    )


class Connect(ObjectAction):
    """Make the company's connection at Codat."""

    name = "connect"
    label = gettext_lazy("Connect to Xero")
    explanation = gettext_lazy(
        "The company and its connection are made at Codat, under our reference. Then "
        "the borrower consents in Xero: they get a fresh link whenever they ask."
    )
    done = gettext_lazy("The connection was made; it waits for the borrower's consent.")
    form_class = ConnectForm
    refusals = (WritebackBlocked, CodatError)

    def is_offered(self, obj: Company) -> bool:
        """Offer it where there is no connection."""
        return not obj.connections.live().exists()

    def perform(self, obj: Company, values: dict[str, Any], author: str) -> None:
        """Make it."""
        with paced_client() as client:
            onboarding.connect_company(
                company=obj,
                client=client,
                now=database_now(),
                demo_marked_by=author if values["is_demo"] else "",
            )
