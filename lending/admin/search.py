"""Finding loans and events by the references that people have at hand."""

from django.db import models

from lending.models import Loan

# More loans than a person looks through; a longer term finds fewer.
MOST_LOANS_FOUND = 500


def events_named(events: models.QuerySet, term: str) -> models.QuerySet:
    """Return the events named by a term, or those of the loans it names."""
    if not term:
        return events
    return events.filter(
        models.Q(external_id__startswith=term) | models.Q(loan__in=loans_named(term))
    )


def loans_named(term: str) -> list[int]:
    """Return the loans that a term names, by their own, invoice or company reference.

    As values rather than a subquery: a database joins a short list by its index.
    """
    named = (
        models.Q(reference__startswith=term)
        | models.Q(invoice_number__startswith=term)
        | models.Q(company__reference__startswith=term)
    )
    found = Loan.objects.filter(named).order_by("-pk").values_list("pk", flat=True)
    return list(found[:MOST_LOANS_FOUND])
