"""Admin pages of the lender's book; `backoffice.admin` registers them."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lending import formats, services
from lending.admin.base import (
    TRAIL,
    Autocomplete,
    BackOfficeAdmin,
    Link,
    ObjectAction,
    Section,
    author,
    object_url,
)
from lending.admin.forms import (
    CloseForm,
    CompanyForm,
    LoanEventForm,
    LoanForm,
    ReversalForm,
    ServiceForm,
)
from lending.admin.search import events_named
from lending.models import Company, Loan, LoanEvent
from lending.positions import Position, explain, loan_position
from lending.services.loans import KINDS_THAT_FREEZE_THE_ROUTE


class ServiceAdmin(BackOfficeAdmin):
    """Pages whose form has stored the object by the time it is valid."""

    def formfield_for_foreignkey(
        self, db_field: Any, request: HttpRequest, **kwargs: Any
    ) -> Any:
        """Offer choices while one is typed, and bear with what was never offered."""
        if db_field.name in self.get_autocomplete_fields(request):
            kwargs["widget"] = Autocomplete(db_field, self.admin_site)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def get_form(
        self,
        request: HttpRequest,
        obj: Any = None,
        change: bool = False,  # noqa: FBT001, FBT002
        **kwargs: Any,
    ) -> type[forms.ModelForm]:
        """Tell the form who fills it in; the class is made for this request."""
        form = super().get_form(request, obj, change=change, **kwargs)
        if issubclass(form, ServiceForm):
            form.author = author(request)
        return form

    def save_model(
        self,
        request: HttpRequest,
        obj: Any,
        form: Any,
        change: bool,  # noqa: FBT001
    ) -> None:
        """Do nothing: the service has stored it."""


class CompanyAdmin(ServiceAdmin):
    """Companies: what names them is fixed, how they are reached can be mended."""

    form = CompanyForm
    list_display = (
        "reference",
        "legal_name",
        "currency",
        "country_name",
        "borrower_reference",
        "created_at",
    )
    list_filter = ()
    search_fields = (
        "reference__startswith",
        "legal_name__icontains",
        "borrower_reference__startswith",
    )
    search_help_text = gettext_lazy(
        "The beginning of a reference, or a part of the legal name."
    )
    ordering = ("-pk",)
    sortable_by = ("reference", "borrower_reference")

    def get_readonly_fields(
        self,
        request: HttpRequest,  # noqa: ARG002
        obj: Company | None = None,
    ) -> tuple[str, ...]:
        """Fix what loans and books refer to."""
        return ("reference", "currency", "country_name", "created_at") if obj else ()

    def get_exclude(
        self,
        request: HttpRequest,  # noqa: ARG002
        obj: Company | None = None,
    ) -> tuple[str, ...]:
        """Show the country's name where its code cannot be changed."""
        return ("country",) if obj else ()

    @admin.display(description=gettext_lazy("country"))
    def country_name(self, company: Company) -> str:
        """Name the country."""
        return formats.country(company.country)

    def trail_of(self, obj: Company) -> str:
        """Return the address of what was done to it and to whatever is its own."""
        return f"{reverse(TRAIL)}?{urlencode({'about': obj.reference})}"

    def links(self, request: HttpRequest, obj: Company) -> list[Link]:  # noqa: ARG002
        """Lead to the company's loans."""
        loans = reverse("admin:lending_loan_changelist")
        return [Link(_("Loans"), f"{loans}?company__id__exact={obj.pk}")]


class Close(ObjectAction):
    """Close a loan."""

    name = "close"
    label = gettext_lazy("Close the loan")
    explanation = gettext_lazy(
        "A closed loan accepts no event but a reversal, which reopens it."
    )
    done = gettext_lazy("The loan was closed.")
    form_class = CloseForm

    def is_offered(self, obj: Loan) -> bool:
        """Offer it for an open loan."""
        return not obj.is_closed

    def perform(self, obj: Loan, values: dict[str, Any], author: str) -> None:
        """Close it, with a reason if something is open."""
        services.close_loan(
            loan=obj, closed_by=author, now=timezone.now(), reason=values["reason"]
        )


class LoanAdmin(ServiceAdmin):
    """Loans, each with its position."""

    form = LoanForm
    object_actions = (Close(),)
    autocomplete_fields = ("company",)
    list_display = (
        "reference",
        "company",
        "invoice_number",
        "invoice",
        "debtor_name",
        "agreed_on",
        "collection_route",
        "closed_at",
    )
    linked_lookups = ("company__id__exact",)
    list_filter = (
        ("closed_at", admin.EmptyFieldListFilter),
        "collection_route",
    )
    list_select_related = ("company",)
    search_fields = (
        "reference__startswith",
        "invoice_number__startswith",
        "company__reference__startswith",
        "debtor_name__icontains",
    )
    search_help_text = gettext_lazy(
        "The beginning of a loan's, an invoice's or a company's reference, or a part "
        "of the debtor's name."
    )
    ordering = ("-pk",)
    sortable_by = ("reference",)

    @admin.display(description=gettext_lazy("invoice amount"))
    def invoice(self, loan: Loan) -> str:
        """Spell the invoice amount."""
        return formats.money(loan.invoice_amount, loan.company.currency)

    def get_readonly_fields(
        self,
        request: HttpRequest,  # noqa: ARG002
        obj: Loan | None = None,
    ) -> tuple[str, ...]:
        """Fix everything but the route, and the route once money has moved."""
        if obj is None:
            return ()
        fixed = (
            "company",
            "reference",
            "agreed_on",
            "invoice_number",
            "invoice_external_id",
            "invoice",
            "debtor_name",
        )
        routes = ("collection_route", "invoice_payment_posting")
        closing = ("closed_at", "closed_by", "close_reason") if obj.is_closed else ()
        is_frozen = (
            obj.is_closed
            or obj.events.filter(kind__in=KINDS_THAT_FREEZE_THE_ROUTE).exists()
        )
        return (*fixed, *(routes if is_frozen else ()), *closing, "created_at")

    def get_fields(self, request: HttpRequest, obj: Loan | None = None) -> list[Any]:
        """Show the amount once, with its currency."""
        fields = [str(field) for field in super().get_fields(request, obj)]
        return [one for one in fields if obj is None or one != "invoice_amount"]

    def links(self, request: HttpRequest, obj: Loan) -> list[Link]:
        """Lead to the form for the loan's next event."""
        if obj.is_closed or not request.user.has_perm("lending.add_loanevent"):
            return []
        add = reverse("admin:lending_loanevent_add")
        return [Link(_("Record an event"), f"{add}?loan={obj.pk}")]

    def sections(self, request: HttpRequest, obj: Loan) -> list[Section]:  # noqa: ARG002
        """Show where the loan stands."""
        return [position_section(obj, loan_position(loan=obj))]


def position_section(loan: Loan, position: Position) -> Section:
    """Spell a position, and what would settle it."""
    accounts = (
        (
            _("Lender account (L)"),
            position.lender_account,
            _("Stands for us in the borrower's books; zero at the end."),
        ),
        (
            _("Nominated account (N)"),
            position.nominated_account,
            _("What the borrower's own bank account gained by this loan."),
        ),
        (_("Fee expense (E)"), position.fee_expense, _("Fees, without their tax.")),
        (_("Tax (T)"), position.tax, _("The tax in the fees.")),
        (
            _("Receivable (AR)"),
            position.receivable,
            _("What is unpaid of the invoice; zero at the end."),
        ),
    )
    is_empty = not loan.events.exists()
    settled = _("The lender account is at zero and the invoice is paid.")
    notes = explain(position, loan) or [settled]
    return Section(
        title=_("Position"),
        columns=(_("Account"), _("Balance"), _("Meaning")),
        rows=[
            (name, formats.money(amount, position.currency), meaning)
            for name, amount, meaning in accounts
        ],
        notes=[_("Nothing has been recorded yet.")] if is_empty else notes,
    )


class Reverse(ObjectAction):
    """Take an event back."""

    name = "reverse"
    label = gettext_lazy("Reverse")
    explanation = gettext_lazy(
        "An event of the same kind and amount with the opposite effect is recorded. "
        "What is in Xero already is compensated there. A closed loan is reopened."
    )
    done = gettext_lazy("The reversal was recorded.")
    permission = "add"
    form_class = ReversalForm

    def is_offered(self, obj: LoanEvent) -> bool:
        """Offer it for an event that stands."""
        return not obj.is_reversal and not hasattr(obj, "reversed_by")

    def form_for(self, obj: LoanEvent, data: Any = None) -> forms.Form:
        """Propose today, as the company has it."""
        today = obj.loan.company.today(timezone.now())
        return ReversalForm(data, initial={"value_date": today})

    def perform(self, obj: LoanEvent, values: dict[str, Any], author: str) -> None:
        """Record the reversal."""
        services.reverse_event(
            event=obj,
            recorded_by=author,
            today=obj.loan.company.today(timezone.now()),
            **values,
        )


class LoanEventAdmin(ServiceAdmin):
    """Loan events: recorded, reversed, never edited."""

    form = LoanEventForm
    object_actions = (Reverse(),)
    autocomplete_fields = ("loan",)
    list_display = (
        "external_id",
        "loan",
        "company",
        "what",
        "amount_in_words",
        "value_date",
        "recorded_at",
        "recorded_by",
    )
    list_filter = ("kind", "value_date")
    list_select_related = ("loan__company",)
    search_fields = ("external_id",)
    find = staticmethod(events_named)
    search_help_text = gettext_lazy(
        "The beginning of an event's, a loan's, a company's or an invoice's reference."
    )
    ordering = ("-pk",)
    sortable_by = ("external_id", "value_date")

    @admin.display(description=gettext_lazy("kind"))
    def what(self, event: LoanEvent) -> str:
        """Name the kind, and whether it takes another event back."""
        return kind_in_words(event)

    @admin.display(description=gettext_lazy("amount"))
    def amount_in_words(self, event: LoanEvent) -> str:
        """Spell the amount."""
        return formats.money(event.amount, event.loan.company.currency)

    @admin.display(description=gettext_lazy("reversed by"))
    def reversal(self, event: LoanEvent) -> SafeString | str:
        """Lead to the event that takes this one back."""
        if not hasattr(event, "reversed_by"):
            return "–"
        url = object_url(event.reversed_by)
        return format_html('<a href="{}">{}</a>', url, event.reversed_by)

    @admin.display(description=gettext_lazy("company"))
    def company(self, event: LoanEvent) -> Company:
        """Name the borrower."""
        return event.loan.company

    def has_change_permission(
        self,
        request: HttpRequest,  # noqa: ARG002
        obj: Any = None,  # noqa: ARG002
    ) -> bool:
        """Refuse: an event is never edited."""
        return False

    def get_fields(
        self,
        request: HttpRequest,  # noqa: ARG002
        obj: LoanEvent | None = None,
    ) -> tuple[str, ...]:
        """Ask for what the service needs; show everything afterwards."""
        if obj is None:
            return (*LoanEventForm.Meta.fields, "confirmed_amount", "reason")
        return (
            "loan",
            "sequence",
            "what",
            "amount_in_words",
            "value_date",
            "description",
            "already_in_books",
            "external_id",
            "recorded_at",
            "recorded_by",
            "reverses",
            "reversal",
        )

    def get_readonly_fields(
        self, request: HttpRequest, obj: LoanEvent | None = None
    ) -> tuple[str, ...]:
        """Fix everything on an event that exists."""
        return self.get_fields(request, obj) if obj else ()

    def headline(self, obj: LoanEvent) -> str:
        """Say what happened on which loan."""
        return f"{self.what(obj)}, {self.amount_in_words(obj)}, {obj.loan}"


def kind_in_words(event: LoanEvent) -> str:
    """Name the kind of an event, and whether it takes another event back."""
    kind: str = event.get_kind_display()
    return _("Reversal: %(kind)s") % {"kind": kind} if event.is_reversal else kind
