"""The trail is written with what it tells of, in full and without secrets."""

from datetime import UTC, date, datetime

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.transaction import TransactionManagementError

from lending import services
from lending.audit import origin, trail, wording
from lending.audit.origin import Origin, acting, acting_as
from lending.audit.trail import Subject
from lending.models import AuditEntry, Company
from tests.builders import make_company, make_event, make_loan, reverse
from tests.trail import entries, verbs

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 31, 12, tzinfo=UTC)


def close(loan, **values):
    given = {"closed_by": "user:anna", "now": NOW, "reason": "Written off."}
    return services.close_loan(loan=loan, **given | values)


def test_an_entry_says_who_did_what_to_what_and_why():
    loan = make_loan(reference="L-1")
    came = Origin(lambda: "user:anna", request_id="r-1", address="192.0.2.7")

    with acting(came):
        close(loan)

    (entry,) = entries("loan.closed")
    assert (entry.actor, entry.at, entry.reason) == ("user:anna", NOW, "Written off.")
    assert (entry.object_type, entry.object_key) == ("lending.loan", str(loan.pk))
    assert (entry.object_label, entry.company_id) == ("L-1", loan.company_id)
    assert (entry.request_id, entry.address) == ("r-1", "192.0.2.7")
    assert wording.sentence(entry) == "Closed the loan."


@pytest.mark.parametrize(
    ("said", "known", "actor"),
    [
        ("user:anna", "", "user:anna"),
        ("api:loans", "api:loans/abc", "api:loans/abc"),
        ("api:loans", "api:loans-2/abc", "api:loans"),
        ("", "command:anna", "command:anna"),
        ("", "", "system"),
    ],
)
def test_the_origin_knows_who_acts_where_the_service_does_not(said, known, actor):
    with acting_as(known):
        entry = trail.record("company.created", make_company(), by=said)

    assert entry.actor == actor
    assert origin.current() is origin.NOBODY


def test_a_verb_without_a_sentence_cannot_be_written():
    with pytest.raises(LookupError, match="the verb loan"):
        trail.record("loan.eaten", make_loan())

    with pytest.raises(ValueError, match="registered already"):
        wording.register({"loan.closed": "Closed it."})


@pytest.mark.django_db(transaction=True)
def test_without_a_transaction_nothing_is_written():
    company = make_company()

    with pytest.raises(TransactionManagementError):
        trail.record("company.changed", company)

    assert verbs() == ["company.created"]


@pytest.mark.django_db(transaction=True)
def test_the_entry_goes_with_the_change_that_it_tells_of():
    loan = make_loan()

    with transaction.atomic():
        close(loan)
        transaction.set_rollback(True)

    loan.refresh_from_db()
    assert not loan.is_closed
    assert verbs("loan.closed") == []


def test_the_database_refuses_to_change_an_entry():
    make_company()
    table = AuditEntry._meta.db_table

    for sql in (f"UPDATE {table} SET actor = 'nobody'", f"DELETE FROM {table}"):
        with (
            pytest.raises(IntegrityError, match="append-only"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(sql)


@pytest.mark.parametrize(
    ("name", "value", "kept"),
    [
        ("client_secret", "aB3-dE6", "…"),
        ("password", "correct horse", "…"),
        ("account_number", "12345678", "…"),
        ("secret_ending", "…nO2q", "…nO2q"),
        ("secret_saved_at", date(2026, 3, 2), "2026-03-02"),
        ("name", "x" * 400, "x" * 300),
        ("scopes", ["a", "b"], ["a", "b"]),
        ("is_active", False, False),
    ],
)
def test_what_is_kept_is_short_and_nothing_secret(name, value, kept):
    assert trail.shown({name: value}) == {name: kept}


def test_only_what_differs_is_a_change():
    company = make_company(legal_name="Acme", contact_email="old@acme.example")

    for address in ("new@acme.example", "new@acme.example"):
        services.update_company(
            company=company, legal_name="Acme", contact_email=address
        )

    (entry,) = entries("company.changed")
    assert entry.before == {"contact_email": "old@acme.example"}
    assert entry.after == {"contact_email": "new@acme.example"}
    assert wording.changes(entry) == [
        "contact email: old@acme.example → new@acme.example"
    ]


def test_values_are_said_as_the_pages_say_them():
    loan = make_loan()
    services.update_loan_route(
        loan=loan,
        collection_route="borrower",
        invoice_payment_posting="post_on_nominated",
    )
    (entry,) = entries("loan.route_changed")

    (route, _posting) = wording.changes(entry)

    field = loan._meta.get_field("collection_route")
    words = dict(field.choices)
    assert route == f"{field.verbose_name}: {words['lender']} → {words['borrower']}"


def test_a_reversal_that_reopens_a_loan_says_what_it_was_closed_for():
    event = make_event()
    close(event.loan)

    reverse(event)

    assert verbs("loan.", about=event.loan) == [
        "loan.created",
        "loan.closed",
        "loan.reopened",
    ]
    (reopened,) = entries("loan.reopened")
    assert reopened.before["close_reason"] == "Written off."


def test_an_entry_outlives_what_it_is_about():
    company = make_company(reference="acme")
    key = company.pk

    services.remove_company(company=company)

    assert not Company.objects.exists()
    (made, removed) = AuditEntry.objects.filter(company_id=key).order_by("pk")
    assert removed.object_label == made.object_label == "Harbour Joinery Ltd (acme)"


def test_what_is_no_row_of_ours_can_be_an_object():
    with transaction.atomic():
        entry = trail.record("company.changed", Subject("mail.server", "m-1", "Mail"))

    assert (entry.object_type, entry.company_id) == ("mail.server", None)
    assert wording.changes(entry) == []


def test_a_verb_that_no_app_has_any_more_speaks_for_itself():
    entry = AuditEntry(verb="book.eaten", object_type="old.book", after={"a_b": 1})

    assert wording.sentence(entry) == "book.eaten"
    assert wording.changes(entry) == ["a b: 1"]
