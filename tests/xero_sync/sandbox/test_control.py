import json
from decimal import Decimal
from urllib.parse import urlsplit

import pytest

from tests.xero_sync.sandbox.builders import SOURCE_ACCOUNT, Borrower, line
from xero_sync.sandbox import control


def call(borrower, method, name, body=None):
    data = json.dumps(body).encode() if body is not None else b""
    return control.handle(borrower.sandbox, method, f"/_sandbox/{name}", {}, data)


def arrange(borrower, name, /, **body):
    reply = call(borrower, "POST", name, body)
    assert reply.status == 200, reply.body
    return reply.json()


def test_a_borrower_is_arranged_from_outside():
    borrower = Borrower()

    company = arrange(borrower, "companies", name="Outside Ltd", tags={"uid": "1"})
    connection = arrange(
        borrower, "connections", companyId=company["id"], baseCurrency="GBP"
    )
    invoice = arrange(
        borrower,
        "invoices",
        connectionId=connection["id"],
        number="INV-9",
        total=250.5,
        issueDate="2026-05-01",
    )
    invoices = borrower.get(f"/companies/{company['id']}/data/invoices").json()

    assert connection["status"] == "Linked"
    assert invoices["results"][0]["id"] == invoice["id"]
    assert invoices["results"][0]["amountDue"] == Decimal("250.5")


def test_the_books_are_open_to_everyone():
    borrower = Borrower()
    borrower.open_feed()
    borrower.write("transfers", borrower.transfer("800.00"))
    borrower.write_statement(line(1, -800, -800))

    books = call(borrower, "GET", f"books/{borrower.connection.id}").json()

    assert [it["type"] for it in books["entries"]] == ["invoices", "transfers"]
    assert books["entries"][1]["accounts"] == [borrower.lender, borrower.nominated]
    assert books["balances"][borrower.lender] == Decimal("-800.00")
    assert books["receivables"] == {borrower.invoice.id: Decimal("1000.00")}
    assert books["accountsReceivable"] == 1000
    statement = books["statements"][SOURCE_ACCOUNT]
    assert (statement["balance"], statement["status"]) == (-800, "connected")
    assert statement["lines"][0]["id"] == "event-1"


def test_everything_the_borrower_does_can_be_done_from_outside():
    borrower = Borrower()
    borrower.open_feed()
    own = {"connectionId": borrower.connection.id}

    arrange(
        borrower,
        "payments",
        **own,
        invoiceId=borrower.invoice.id,
        amount=100,
        accountId=borrower.nominated,
        date="2026-05-29",
    )
    arrange(borrower, "credits", **own, invoiceId=borrower.invoice.id, amount=50)
    arrange(borrower, "suppliers", **own, name="Another Ltd")
    account = arrange(borrower, "accounts", **own, name="Fees", code="405")
    arrange(borrower, "archive", **own, accountId=account["id"])
    arrange(borrower, "lock-date", **own, locked="2026-04-30")
    arrange(borrower, "disconnect", **own, sourceAccountId=SOURCE_ACCOUNT)
    arrange(borrower, "sync", **own, dataTypes=["invoices"])
    arrange(borrower, "sync", **own)
    arrange(borrower, "status", **own, status="Unlinked")
    outcome = arrange(borrower, "consent", **own, sameOrganisation=False)
    arrange(borrower, "tick")

    state = call(borrower, "GET", "state").json()
    assert outcome == 200
    assert state["companies"][0]["connections"][0]["status"] == "Linked"
    assert borrower.books.organisation == "Harbour Bakery Ltd Holdings"


def test_faults_are_armed_and_cleared_from_outside():
    borrower = Borrower()

    arrange(borrower, "faults", kind="push_fails", match="transfers", message="No.")
    armed = call(borrower, "GET", "faults").json()
    failed = borrower.write("transfers", borrower.transfer())
    cleared = call(borrower, "DELETE", "faults")

    assert armed[0]["kind"] == "push_fails"
    assert failed["errorMessage"] == "No."
    assert cleared.status == 204
    assert call(borrower, "GET", "faults").json() == []


def test_settings_and_limits_are_changed_from_outside():
    borrower = Borrower()

    arrange(borrower, "settings", pushSeconds=2.5, refuseUnlinked=False)
    arrange(borrower, "limits", daily=7)

    assert borrower.sandbox.settings.push_seconds == 2.5
    assert borrower.sandbox.settings.refuse_unlinked is False
    assert borrower.sandbox.limits.quota == 7


def test_the_logs_are_shown():
    borrower = Borrower()
    borrower.get("/companies/42")

    assert call(borrower, "GET", "violations").json()
    logged = call(borrower, "GET", "requests").json()
    assert logged[-1]["path"] == "/companies/42"
    events = call(borrower, "GET", "events").json()
    assert events[0]["eventType"] == "company.created"


@pytest.mark.parametrize(
    ("name", "body", "status"),
    [
        ("nonsense", {}, 404),
        ("companies", {"colour": "red"}, 400),
        ("settings", {"colour": "red"}, 400),
        ("faults", {"kind": "nonsense"}, 400),
        ("status", {"connectionId": "x", "status": "Linked"}, 404),
        ("invoices", {"connectionId": "x", "issueDate": "soon"}, 400),
    ],
)
def test_a_control_that_makes_no_sense_is_refused(name, body, status):
    assert call(Borrower(), "POST", name, body).status == status


def test_an_unknown_page_is_not_found():
    assert call(Borrower(), "GET", "nonsense").status == 404
    assert call(Borrower(), "GET", "books/nope").status == 404


def link_of(borrower, connection):
    shown = borrower.get(f"{borrower.path}/connections/{connection.id}").json()
    parts = urlsplit(shown["linkUrl"])
    return f"{parts.path}?{parts.query}"


@pytest.mark.parametrize(("outcome", "status"), [(200, "Linked"), (403, "PendingAuth")])
def test_the_link_page_leads_back_once(outcome, status):
    borrower = Borrower()
    borrower.sandbox.settings.redirect_url = (
        "http://127.0.0.1/back?connection={connectionId}&code={statusCode}"
    )
    connection = borrower.sandbox.add_connection(
        borrower.company.id, status="PendingAuth"
    )
    link = link_of(borrower, connection)

    page = control.handle(borrower.sandbox, "GET", link, {})
    form = f"organisation=Harbour+Bakery+Ltd&outcome={outcome}".encode()
    reply = control.handle(borrower.sandbox, "POST", link, {}, form)
    again = control.handle(borrower.sandbox, "GET", link, {})

    assert b"Harbour Bakery Ltd" in page.body
    assert reply.status == 303
    assert reply.headers["Location"] == (
        f"http://127.0.0.1/back?connection={connection.id}&code={outcome}"
    )
    assert connection.status == status
    assert again.status == 410


@pytest.mark.parametrize("outcome", [200, 201, 403, 500, 501])
def test_a_custom_parameter_comes_back_with_whatever_happened(outcome):
    borrower = Borrower()
    borrower.sandbox.settings.redirect_url = (
        "http://127.0.0.1/back?visit={visit}&other={other}&code={statusCode}"
    )
    link = f"{link_of(borrower, borrower.connection)}&visit=a.b%26c"

    reply = control.handle(
        borrower.sandbox, "POST", link, {}, f"outcome={outcome}".encode()
    )

    assert reply.headers["Location"] == (
        f"http://127.0.0.1/back?visit=a.b%26c&other=&code={outcome}"
    )


def test_without_a_redirect_the_link_page_says_how_it_went():
    borrower = Borrower()
    link = link_of(borrower, borrower.connection)

    reply = control.handle(borrower.sandbox, "POST", link, {}, b"outcome=403")

    assert b"User cancelled" in reply.body
