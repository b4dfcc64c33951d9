"""Codat is asked for what the work needs, and of Xero no more is kept (XR-25)."""

import re

import pytest
from django.apps import apps

from tests.worlds import World
from xero_sync.accounts.choice import Choice, NewExpenseAccount
from xero_sync.connections import daily_check, offboarding
from xero_sync.models import Connection, SyncRecord

pytestmark = pytest.mark.django_db

QUEUE = "/data/queue/"
CONNECTION = "/companies/{}/connections/{}"
# Everything that is asked of Codat about a borrower's books, and what for.
ASKED = {
    ("GET", "/companies/{}/connections"): "which organisation is connected",
    ("GET", CONNECTION): "whether it still is",
    ("DELETE", CONNECTION): "a borrower is let go",
    ("GET", f"{CONNECTION}/bankFeedAccounts/mapping"): "whether the feed is joined",
    ("POST", f"{CONNECTION}/bankFeedAccounts/mapping"): "to join it",
    ("GET", f"{CONNECTION}/bankFeeds/info"): "whether Xero takes a feed from us",
    ("POST", f"{CONNECTION}/connectionInfo/bankFeedAccounts"): "to make the feed",
    ("GET", f"{CONNECTION}/data/bankAccounts"): "which account is chosen, and is there",
    ("GET", "/companies/{}/data/accounts"): "which fee account is chosen, and is there",
    ("GET", "/companies/{}/data/history/{}"): "whether a refresh is finished",
    ("GET", "/companies/{}/data/info"): "name, currency and lock date of the books",
    ("GET", "/companies/{}/data/invoices"): "the invoice that a payment is for",
    ("GET", "/companies/{}/data/suppliers"): "whether we are a supplier",
    ("GET", "/companies/{}/data/taxRates"): "the tax on fees",
    ("GET", "/companies/{}/push"): "what became of a write without an answer",
    ("GET", "/companies/{}/push/{}"): "what became of a write",
    ("GET", f"{CONNECTION}/data/directCosts"): "a fee of ours that nobody confirmed",
    ("GET", "/companies/{}/data/payments"): "a payment of ours that nobody confirmed",
    ("GET", f"{CONNECTION}/data/transfers"): "a transfer that nobody confirmed",
    ("POST", f"{CONNECTION}/push/bankAccounts/lender-{{}}/bankTransactions"): "a line",
    ("POST", f"{CONNECTION}/push/directCosts"): "a fee",
    ("POST", f"{CONNECTION}/push/payments"): "a payment",
    ("POST", f"{CONNECTION}/push/transfers"): "an advance, a residual",
    ("POST", f"{CONNECTION}/push/accounts"): "a fee account of its own",
}
# Of these Codat reads anew from Xero, when asked.
REFRESHED = {
    "bankAccounts": "the chosen accounts",
    "chartOfAccounts": "the chosen accounts",
    "directCosts": "a fee that nobody confirmed",
    "invoices": "the invoice that a payment is for",
    "payments": "what is still due on that invoice",
    "suppliers": "whether we are a supplier",
    "taxRates": "the tax on fees",
    "transfers": "a transfer that nobody confirmed",
}
# Every column that keeps something as it was read from a borrower's Xero.
KEPT = {
    "AccountDraft": {"organisation": "whose answers these are", "answers": "chosen"},
    "AccountMapping": {
        "lender_target_account_id": "chosen",
        "nominated_account_id": "chosen",
        "nominated_account_name": "chosen",
        "supplier_id": "us, as their supplier",
        "supplier_name": "us, as their supplier",
    },
    "AccountSetup": {
        "expense_account_id": "chosen",
        "expense_account_name": "chosen",
        "nominated_account_id": "chosen",
        "nominated_account_name": "chosen",
        "sealed_choice": "chosen",
        "supplier_id": "us, as their supplier",
        "supplier_name": "us, as their supplier",
        "tax_percent": "chosen",
        "tax_rate_id": "chosen",
    },
    "Connection": {
        "books_name": "which organisation it is",
        "feed_name": "which organisation it is",
        "ledger_lock_date": "what Xero refuses before it",
        "organisation_currency": "which organisation it is",
        "organisation_name": "which organisation it is",
        "plan_type": "which plans take a bank feed",
        "previous_organisation_name": "which organisation it was",
        "unusable_account": "what they chose and is gone",
        "unusable_choices": "what they chose and is gone",
    },
    "LenderAccount": {
        "name": "our account in their books",
        "opening_balance": "of our account, as they said it",
        "target_account_id": "our account in their books",
    },
    "LoanInXero": {
        "customer_id": "who owes the financed invoice",
        "invoice_id": "the financed invoice",
    },
    "MappingRow": {
        "account_id": "chosen",
        "account_name": "chosen",
        "tax_percent": "chosen",
        "tax_rate_id": "chosen",
    },
    "SetupStep": {
        "record_id": "what we made there",
        "record_name": "what we made there",
    },
    "StrayPush": {
        "wrote": "what a write on our connection has put there",
        "xero_record_id": "the same",
    },
    "SyncRecord": {
        "candidate_id": "may be our entry",
        "failure": "why Xero refused our entry",
        "xero_record_id": "our entry",
    },
    "WatchedPush": {"xero_record_id": "our entry"},
    "WebhookMessage": {"payload": "that a write of ours is done"},
    "AttemptAnswer": {"text": "what was answered to our write"},
    "WriteAttempt": {"error": "why our write was refused", "answer_sha256": "a hash"},
    "WriteRequest": {"body": "our own write"},
}
# Tables in which nothing of anybody's Xero is.
OURS = {
    *("BorrowerConsent", "BorrowerLink", "BorrowerNotice", "BorrowerSitting"),
    *("BorrowerWish", "CheckpointReview", "ConnectionCheckFailure"),
    *("ConnectionCheckRun", "DataRefresh", "Heartbeat", "Lane", "LinkRequest"),
    *("PartnerProgramme", "ProgrammeAct", "RateScope", "RecordChange"),
    *("ScopeChange", "Tally", "WritebackSwitch", "XeroApp"),
}
# Columns of the other tables that are ours: our keys, states, times, people.
OUR_COLUMNS = re.compile(
    r"(^|_)(id|kind|state|reason|status|outcome|cause|verdict|at|on|by|until|since|due)$"
    r"|^(polls|fence|sequence|number|version|role|step|words|currency|path|subject)$"
    r"|push_operation_key|candidate_key|idempotency_key|data_type|event_type"
    r"|^(is|only)_|^(value_date|lender_effect|not_before|elapsed_ms|status_code)$"
    r"|^(bank_feeds|feed_refusal|access_problem|organisation_changed|marked_demo)$"
    r"|^(correlation_id|sealed_body|feed_start_date|base_version|pushes_seen_by)$"
)


def template(path):
    path = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "{}", path.partition("?")[0])
    return re.sub(r"/lender-[\w-]+/", "/lender-{}/", path)


def asked_of(world):
    return {(one.method, template(one.path)) for one in world.sandbox.requests}


@pytest.fixture
def lived():
    """Whole lives: all is well; answers are lost; accounts made; let go."""
    world = World()
    loan_events = (("drawdown", "500"), ("fee", "20"), ("invoice_payment", "1000"))
    borrowers = [world.borrower(), world.borrower()]
    for one in borrowers:
        loan = one.loan()
        for kind, amount in (*loan_events, ("residual_release", "480")):
            one.record(loan, kind, amount)
    faults = world.sandbox.faults
    faults.add("lose_reply_after", match="transfers")
    for data_type in ("transfers", "directCosts", "payments"):
        faults.add("push_times_out_but_written", match=data_type, seconds=3_600)
    world.drain()
    # Codat knows the key of what was lost no more.
    world.wait(2 * 3_600)
    world.run(seconds=24 * 3_600)
    first = borrowers[0]
    wanted = Choice(expense_account=NewExpenseAccount("478"))
    world.set_up(world.begin(first, wanted))
    daily_check.check_all(client=world.client, now=world.clock.now, wait=world.wait)
    assert {one.state for one in SyncRecord.objects.all()} == {"written"}
    offboarding.off_board(
        connection=first.connection,
        confirmation=first.company.reference,
        client=world.client,
        off_boarded_by="test",
        now=world.clock.now,
    )
    return world


def test_codat_is_asked_for_what_the_work_needs_and_nothing_else(lived):
    asked = asked_of(lived)
    refreshes = {path.rpartition("/")[2] for _, path in asked if QUEUE in path}

    assert {one for one in asked if QUEUE not in one[1]} == ASKED.keys()
    assert refreshes == REFRESHED.keys()


def test_after_the_end_nothing_is_read_any_more(lived):
    asked = len(lived.sandbox.requests)
    gone = Connection.objects.exclude(deleted_at=None).get()

    lived.wait(26 * 3_600)
    lived.run(seconds=600)
    daily_check.check_all(client=lived.client, now=lived.clock.now, wait=lived.wait)

    later = [template(one.path) for one in _of(gone, lived.sandbox.requests[asked:])]
    assert lived.sandbox.requests[asked:]
    # What became of our own write is Codat's to say, and not in their books.
    assert {*later} <= {"/companies/{}/push/{}"}


def _of(connection, requests):
    return [one for one in requests if str(connection.codat_company_id) in one.path]


def test_of_xero_only_what_is_named_here_is_kept():
    """A new column: say in KEPT what it keeps and why, or above that it is ours."""
    tables = {
        model.__name__: {
            field.name for field in model._meta.concrete_fields if not field.is_relation
        }
        for model in apps.get_app_config("xero_sync").get_models()
        if not model._meta.proxy
    }
    unknown = {
        f"{table}.{column}"
        for table, columns in tables.items()
        if table not in OURS
        for column in columns - KEPT.get(table, {}).keys()
        if not OUR_COLUMNS.search(column)
    }

    assert unknown == set()
    assert OURS | KEPT.keys() == tables.keys()
    for table, columns in KEPT.items():
        assert columns.keys() <= tables[table], table
