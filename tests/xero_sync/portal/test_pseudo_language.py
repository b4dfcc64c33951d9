"""No page, file or mail has a text that cannot be translated, whatever the state."""

from collections.abc import Callable

import pytest
from django.urls import URLPattern, reverse
from django.utils import timezone

from lending.models import Company
from tests.builders import make_event, make_loan
from tests.marks import more
from tests.xero_sync.borrowers.causes import causes_of
from tests.xero_sync.commands.worlds import record_drawdown
from tests.xero_sync.portal import pseudo_language as pseudo
from tests.xero_sync.portal.journeys import Customer, record_app
from xero_sync.accounts import mapping
from xero_sync.borrowers import links, mails, notices
from xero_sync.codat.client import CodatClient
from xero_sync.models import BorrowerNotice, Connection
from xero_sync.models.borrowers import NoticeKind
from xero_sync.models.choices import Question, State
from xero_sync.models.links import LinkRole
from xero_sync.portal.urls import urlpatterns
from xero_sync.runtime.clock import database_now

pytestmark = pytest.mark.django_db

PAGES: list[URLPattern] = [
    one for one in urlpatterns if (one.name or "").startswith("customer")
]
# A page that asks for another argument has to be taught here what to show.
ARGUMENTS: dict[str, Callable[[Customer], list[str]]] = {
    "token": lambda customer: [token_of(customer), "no-such-link"],
    "question": lambda _: list(Question.values),
    "name": lambda _: list(Question.values),
}
# What the query of some pages chooses.
QUERIES = {
    "customer-entry": ["", "?sent=1"],
    "customer-entries": ["", "?loan=loan-1", "?show=posted", "?show=needs-you"],
}


def token_of(customer):
    address = links.make(company=customer.company, made_by="test", now=database_now())
    return address.rstrip("/").rpartition("/")[2]


def addresses(customer):
    """Every address of a borrower's page, with arguments that mean something."""
    for page in PAGES:
        names = list(page.pattern.converters)
        assert set(names) <= {*ARGUMENTS}, f"teach ARGUMENTS what {page.name} takes"
        choices = ARGUMENTS[names[0]](customer) if names else [None]
        for query in QUERIES.get(page.name, [""]):
            for one in choices:
                yield reverse(page.name, args=[one] if names else None) + query


def never_connected(customer):
    """Nothing has happened yet."""


def waiting(customer):
    customer.prepare()


def connected(customer):
    customer.codat.adopt(customer.company)
    record_drawdown(customer.company)


def posting(customer):
    """Entries in every state, for every step."""
    customer.company = customer.codat.ready().company
    loan = record_drawdown(customer.company)
    today = customer.company.today(timezone.now())
    for kind in ("invoice_payment", "fee", "residual_release"):
        make_event(loan=loan, kind=kind, amount="5", value_date=today, today=today)
    other = make_loan(company=customer.company, agreed_on=loan.agreed_on)
    for state in State.values:
        event = make_event(loan=other, amount="1", value_date=today, today=today)
        reason = "invoice_not_found" if state == State.HELD else ""
        event.sync_records.update(state=state, reason=reason)


def something_is_gone(customer):
    posting(customer)
    here = customer.codat.connection_id
    chosen = customer.connection.mappings.get()
    customer.codat.sandbox.archive_account(here, chosen.nominated_account_id)
    with CodatClient.from_settings() as client:
        mapping.revalidate(
            connection=customer.connection, client=client, now=database_now()
        )


def withdrawn(customer):
    posting(customer)
    Connection.objects.update(status="Deauthorized")


def another_organisation(customer):
    posting(customer)
    Connection.objects.update(
        organisation_changed=True,
        organisation_name="Bakery",
        previous_organisation_name="Harbour",
    )


STATES = [
    never_connected,
    waiting,
    connected,
    posting,
    something_is_gone,
    withdrawn,
    another_organisation,
]


@pytest.mark.parametrize("role", [LinkRole.OWNER, *more(LinkRole.ACCOUNTANT)])
@pytest.mark.parametrize("state", STATES, ids=lambda one: one.__name__)
def test_no_page_has_a_text_that_cannot_be_translated(customer, state, role):
    record_app(
        privacy_url="https://lender.example/privacy",
        terms_url="https://lender.example/terms",
    )
    customer.role = role
    state(customer)
    # What stands in their books is said in their language.
    Company.objects.update(language=pseudo.LANGUAGE)
    found, shown = {}, 0
    data = pseudo.data_of_test()

    with pseudo.marked():
        for address in addresses(customer):
            answer = customer.get(f"{address}{'&' if '?' in address else '?'}lang=fr")
            assert answer.status_code < 500, address
            if answer.status_code in {302, 303, 405}:
                continue
            text = answer.content.decode("utf-8-sig")
            is_page = answer.headers["Content-Type"].startswith("text/html")
            look = pseudo.untranslated_in if is_page else pseudo.untranslated
            shown += 1
            if left := look(text, data):
                found[address] = left

    assert found == {}
    assert shown > 5


def test_no_mail_has_a_text_that_cannot_be_translated(customer):
    something_is_gone(customer)
    company = customer.company
    company.language = pseudo.LANGUAGE
    company.save()
    causes = {kind: causes_of(kind, customer.connection) for kind in NoticeKind.values}
    for kind, subjects in causes.items():
        for one in subjects:
            notices.tell(company=company, kind=kind, subject=one, now=database_now())
    data = pseudo.data_of_test()

    with pseudo.marked():
        found = {
            (one.kind, one.subject): mails.compose(one)
            for one in BorrowerNotice.objects.all()
        }

    assert all(causes.values())
    assert {(kind, one) for kind in causes for one in causes[kind]} <= found.keys()
    for which, sent in found.items():
        assert pseudo.untranslated(sent.subject, data) == [], which
        assert pseudo.untranslated(sent.body, data) == [], which
        assert pseudo.untranslated_in(sent.alternatives[0].content, data) == [], which
        assert pseudo.BEGINS in sent.body, which


@pytest.mark.parametrize(
    ("markup", "left"),
    [
        ("<p>⟦Hello⟧ Harbour</p>", []),
        ("<p>⟦Hello⟧ there</p>", ["there"]),
        ('<a aria-label="Menu">⟦Go⟧</a>', ["Menu"]),
        ('<a lang="en">English words</a>', []),
        ("<p>⟦since ⟦day⟧⟧ 1er déc. 2026, 10:00</p>", []),
        ("<style>p { color: red }</style>", []),
        ('<input type="submit" value="Send">', ["Send"]),
    ],
)
def test_what_is_not_translated_is_found(markup, left):
    assert pseudo.untranslated_in(markup, {"Harbour"}) == left
