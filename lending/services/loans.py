"""Set up companies and loans, and close loans."""

from collections.abc import Collection
from datetime import date, datetime
from decimal import Decimal

from django.conf import settings
from django.db import IntegrityError, models, transaction
from django.utils.translation import gettext

from lending import money
from lending.audit import trail
from lending.countries import check_country
from lending.db.prepared import Prepared
from lending.exceptions import LoanNotSettled, ReferenceTaken, RouteFrozen
from lending.models import (
    CollectionRoute,
    Company,
    EventKind,
    InvoicePaymentPosting,
    Loan,
)
from lending.positions import explain, loan_position
from lending.services.checks import (
    check_author,
    check_fields,
    check_open,
    check_reference,
)
from lending.signals import contact_changed

# Kinds whose booking depends on the route: once there is one, the route is history.
KINDS_THAT_FREEZE_THE_ROUTE = (EventKind.DRAWDOWN, EventKind.INVOICE_PAYMENT)


@transaction.atomic
def create_company(
    *,
    reference: str,
    legal_name: str,
    currency: str,
    country: str,
    borrower_reference: str = "",
    contact_email: str = "",
    language: str = "en",
    time_zone: str | None = None,
) -> Company:
    """Take on a company; without a time zone it keeps the product's.

    Raises:
        InvalidReference: the reference is malformed or reserved.
        ReferenceTaken: another company has it.
        InvalidValue: another field is missing or malformed.
    """
    check_reference(reference, field="reference")
    money.check_currency(currency)
    company = Company(
        reference=reference,
        borrower_reference=borrower_reference,
        legal_name=legal_name,
        contact_email=contact_email,
        currency=currency,
        country=country,
        language=language,
        time_zone=time_zone or settings.TIME_ZONE,
    )
    check_fields(company)
    check_country(country)
    _insert(company, reference)
    trail.record(
        "company.created",
        company,
        after=trail.values_of(company, "legal_name", "contact_email", "currency"),
    )
    return company


@transaction.atomic
def update_company(*, company: Company, **values: str) -> Company:
    """Mend how a company is named and reached.

    Raises:
        InvalidValue: a field is malformed.
    """
    row = Company.objects.select_for_update(no_key=True).get(pk=company.pk)
    before = trail.values_of(row, *values)
    for name, value in values.items():
        setattr(row, name, value)
    check_fields(row)
    row.save(update_fields=[*values])
    entry = trail.record_change("company.changed", row, before=before)
    if entry is not None and "contact_email" in entry.after:
        contact_changed.send(sender=Company, company=row, entry=entry)
    return row


@transaction.atomic
def remove_company(*, company: Company) -> None:
    """Take back that a company was taken on, as long as nothing hangs on it."""
    trail.record("company.removed", company)
    company.delete()


@transaction.atomic
def create_loan(
    *,
    company: Company,
    reference: str,
    agreed_on: date,
    invoice_number: str,
    invoice_amount: Decimal,
    debtor_name: str,
    invoice_external_id: str = "",
    collection_route: str = CollectionRoute.LENDER,
    invoice_payment_posting: str = InvoicePaymentPosting.LEAVE_TO_BORROWER,
) -> Loan:
    """Agree a loan against one invoice, in the company's currency.

    Raises:
        InvalidReference: the reference is malformed or reserved.
        ReferenceTaken: another loan has it.
        AmountNotAllowed: the invoice amount does not suit the currency.
        InvalidValue: another field is missing or malformed.
    """
    check_reference(reference, field="reference")
    loan = Loan(
        company=company,
        reference=reference,
        agreed_on=agreed_on,
        invoice_number=invoice_number,
        invoice_external_id=invoice_external_id,
        invoice_amount=money.validate_amount(
            invoice_amount, company.currency, field="invoice_amount"
        ),
        debtor_name=debtor_name,
        collection_route=collection_route,
        invoice_payment_posting=invoice_payment_posting,
    )
    check_fields(loan, skip=("company",))
    _insert(loan, reference)
    trail.record(
        "loan.created",
        loan,
        after={
            "invoice_number": invoice_number,
            "invoice_amount": money.as_text(loan.invoice_amount, company.currency),
            "collection_route": collection_route,
        },
    )
    return loan


@transaction.atomic
def update_loan_route(
    *, loan: Loan, collection_route: str, invoice_payment_posting: str
) -> Loan:
    """Choose who collects the invoice, as long as nothing depends on it.

    Raises:
        RouteFrozen: money was drawn or the invoice was paid already.
        LoanClosed: the loan is closed.
        InvalidValue: the route or the posting is not known.
    """
    loan = lock_loan(loan)
    check_open(loan)
    if loan.events.filter(kind__in=KINDS_THAT_FREEZE_THE_ROUTE).exists():
        message = gettext(
            "collection_route: %(loan)s has a drawdown or an invoice payment, so its "
            "route is fixed; agree a new loan for another route."
        ) % {"loan": loan.reference}
        raise RouteFrozen(message, field="collection_route")
    before = trail.values_of(loan, "collection_route", "invoice_payment_posting")
    loan.collection_route = collection_route
    loan.invoice_payment_posting = invoice_payment_posting
    check_fields(loan, skip=("company",))
    loan.save(update_fields=[*before])
    trail.record_change("loan.route_changed", loan, before=before)
    return loan


@transaction.atomic
def close_loan(*, loan: Loan, closed_by: str, now: datetime, reason: str = "") -> Loan:
    """Close a loan; one that is not settled is closed with a reason.

    Raises:
        LoanNotSettled: something does not come to zero and no reason was given.
        LoanClosed: it is closed already.
        InvalidValue: who closes it was not said, or a text is too long.
    """
    loan = lock_loan(loan)
    check_open(loan)
    check_author(closed_by, field="closed_by")
    position = loan_position(loan=loan)
    if not position.is_settled and not reason.strip():
        message = gettext("reason: give one to close %(loan)s. %(open)s") % {
            "loan": loan.reference,
            "open": " ".join(explain(position, loan)),
        }
        raise LoanNotSettled(message, field="reason")
    loan.closed_at = now
    loan.closed_by = closed_by
    loan.close_reason = reason.strip()
    check_fields(loan, skip=("company",))
    loan.save(update_fields=["closed_at", "closed_by", "close_reason"])
    trail.record("loan.closed", loan, by=closed_by, at=now, reason=reason)
    return loan


_FOR_UPDATE = Loan.objects.with_company().select_for_update(of=("self",), no_key=True)
_LOCKED = Prepared(lambda pk: _FOR_UPDATE.filter(pk=pk), pk=Loan._meta.pk)
_LOCKED_BY_REFERENCE = Prepared(
    lambda reference: _FOR_UPDATE.filter(reference=reference),
    reference=Loan._meta.get_field("reference"),
)


def lock_loan(loan: Loan) -> Loan:
    """Read the loan afresh, with its company, and hold it to the transaction's end."""
    found = _LOCKED.instances(pk=loan.pk)
    if not found:
        raise Loan.DoesNotExist(f"Loan {loan.pk} is not there.")
    locked: Loan = found[0]
    return locked


def lock_loan_of(reference: str) -> Loan | None:
    """Read and hold the loan of a reference as `lock_loan` does, if there is one."""
    return next(iter(_LOCKED_BY_REFERENCE.instances(reference=reference)), None)


def lock_loans(ids: Collection[int]) -> dict[int, Loan]:
    """Read loans afresh, by key, as `lock_loan` does; in one order for everybody."""
    loans = {loan.pk: loan for loan in _FOR_UPDATE.filter(pk__in=ids).order_by("pk")}
    if missing := set(ids) - loans.keys():
        raise Loan.DoesNotExist(f"Loans {sorted(missing)} are not there.")
    return loans


def _insert(instance: models.Model, reference: str) -> None:
    try:
        with transaction.atomic():
            instance.save(force_insert=True)
    except IntegrityError as exc:
        manager = type(instance)._default_manager
        if not manager.filter(reference=reference).exists():
            raise
        message = gettext(
            "reference: “%(reference)s” is already in use; choose another."
        ) % {"reference": reference}
        raise ReferenceTaken(message, field="reference") from exc
