"""Forms of the lender's book: each one calls its service while it is checked.

So what a service refuses is an error of the form, at its field, and nothing is half
stored: the form is valid exactly if the service has done its work.
"""

from typing import Any, ClassVar
from uuid import uuid4

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.forms.models import construct_instance
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from lending import services
from lending.admin.base import date_field, show_refusal
from lending.exceptions import CeilingExceeded, LendingError
from lending.models import Company, Loan, LoanEvent


class ServiceForm(forms.ModelForm):
    """A model form that hands what was typed to a service."""

    author: ClassVar[str] = ""

    def call_service(self, values: dict[str, Any]) -> models.Model:
        """Store what was typed and return the row."""
        raise NotImplementedError

    def _post_clean(self) -> None:
        # Constraints and uniqueness are left to the service: it names the field, and it
        # knows what a repeat means.
        self.instance = construct_instance(self, self.instance, self._meta.fields)
        try:
            exclude = self._get_validation_exclusions()  # type: ignore[attr-defined]
            self.instance.clean_fields(exclude=exclude)
        except ValidationError as complaint:
            self.add_error(None, complaint)
        if self.errors:
            return
        try:
            self.instance = self.call_service(self.cleaned_data)
        except LendingError as refusal:
            show_refusal(self, refusal)


class CompanyForm(ServiceForm):
    """Takes on a company, or mends how it is reached."""

    class Meta:
        model = Company
        fields = (
            "reference",
            "legal_name",
            "currency",
            "country",
            "borrower_reference",
            "contact_email",
            "language",
            "time_zone",
        )

    def call_service(self, values: dict[str, Any]) -> Company:
        """Create the company, or store the fields that were changed."""
        company: Company = self.instance
        if company._state.adding:
            return services.create_company(**values)
        changed = {name: values[name] for name in self.changed_data}
        return services.update_company(company=company, **changed)


class LoanForm(ServiceForm):
    """Agrees a loan, or chooses its route while it is open."""

    class Meta:
        model = Loan
        fields = (
            "company",
            "reference",
            "agreed_on",
            "invoice_number",
            "invoice_external_id",
            "invoice_amount",
            "debtor_name",
            "collection_route",
            "invoice_payment_posting",
        )

    def call_service(self, values: dict[str, Any]) -> Loan:
        """Create the loan, or change its route."""
        loan: Loan = self.instance
        if loan._state.adding:
            return services.create_loan(**values)
        if not self.changed_data:
            return loan
        return services.update_loan_route(
            loan=loan,
            collection_route=values["collection_route"],
            invoice_payment_posting=values["invoice_payment_posting"],
        )


def new_event_id() -> str:
    """Name an event before it is sent, so that a second click records nothing twice."""
    return f"evt-{uuid4().hex}"


class LoanEventForm(ServiceForm):
    """Records a loan event."""

    class Meta:
        model = LoanEvent
        fields = (
            "loan",
            "kind",
            "amount",
            "value_date",
            "description",
            "already_in_books",
            "external_id",
        )
        widgets = {"external_id": forms.HiddenInput}

    # Asked for once an amount has turned out to be above a ceiling.
    confirmed_amount = forms.DecimalField(
        label=_("The amount once more"), required=False, widget=forms.HiddenInput
    )
    reason = forms.CharField(
        label=_("Why it is right"),
        required=False,
        max_length=500,
        widget=forms.HiddenInput,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "external_id" in self.fields:
            self.fields["external_id"].initial = new_event_id

    def call_service(self, values: dict[str, Any]) -> LoanEvent:
        """Record the event; a repeat answers the event that is there.

        Raises:
            LendingError: it was refused; above a ceiling two more fields are shown.
        """
        loan: Loan = values["loan"]
        try:
            event, _is_new = services.record_event(
                **values,
                recorded_by=self.author,
                today=loan.company.today(timezone.now()),
            )
        except LendingError as refusal:
            is_ceiling = isinstance(refusal, CeilingExceeded)
            if is_ceiling or refusal.field == "reason":
                self._ask_for_more()
            raise
        return event

    def _ask_for_more(self) -> None:
        self.fields["confirmed_amount"].widget = forms.NumberInput(
            attrs={"step": "any", "autocomplete": "off"}
        )
        self.fields["reason"].widget = forms.TextInput()


class ReversalForm(forms.Form):
    """What a reversal needs to know."""

    value_date = date_field(
        label=_("Value date"), help_text=_("Not before the loan was agreed, not ahead.")
    )
    description = forms.CharField(
        label=_("Description"), max_length=200, required=False
    )
    external_id = forms.CharField(widget=forms.HiddenInput, initial=new_event_id)


class CloseForm(forms.Form):
    """What closing a loan needs to know."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Needed unless the loan is settled."),
    )
