"""A borrower at the stand-in, and the bodies a lender would send."""

import base64
import json
import uuid
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from urllib.parse import quote

from xero_sync.sandbox import Sandbox
from xero_sync.sandbox.wire import encode

NOW = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
SOURCE_ACCOUNT = "lender-sa-1"


class Clock:
    """A clock that stands still until it is told to go."""

    def __init__(self, now=NOW):
        self.now = now

    def __call__(self):
        return self.now

    def forward(self, **parts):
        self.now += timedelta(**parts)


class Inbox:
    """Receives webhooks and answers with whatever is next in `statuses`."""

    def __init__(self):
        self.deliveries = []
        self.statuses = []

    def __call__(self, url, headers, body):
        self.deliveries.append((url, headers, body))
        return self.statuses.pop(0) if self.statuses else 200

    @property
    def events(self):
        return [json.loads(body) for _url, _headers, body in self.deliveries]

    @property
    def types(self):
        return [event["eventType"] for event in self.events]


class Borrower:
    """A linked company, with the client of the lender."""

    def __init__(self, *, total="1000.00", bank_feeds=True, **options):
        self.clock = Clock()
        self.inbox = Inbox()
        self.sandbox = Sandbox(clock=self.clock, deliver=self.inbox, **options)
        self.company = self.sandbox.add_company("Harbour Bakery Ltd")
        self.connection = self.sandbox.add_connection(
            self.company.id, bank_feeds=bank_feeds
        )
        self.invoice = self.sandbox.add_invoice(
            self.connection.id,
            number="INV-1",
            total=Decimal(total),
            issue_date=date(2026, 5, 1),
            due_date=date(2026, 7, 1),
        )
        self.nominated = self.account("Business Current Account")
        self.expense = self.account("Bank Fees")
        self.supplier = self.sandbox.add_supplier(self.connection.id, "Lender Ltd").id
        self.lender = self.sandbox.add_account(
            self.connection.id, name="Lender account", category="Asset.Bank"
        ).id

    @property
    def path(self):
        return f"/companies/{self.company.id}"

    @property
    def connection_path(self):
        return f"{self.path}/connections/{self.connection.id}"

    @property
    def books(self):
        return self.sandbox.books(self.connection.id)

    def account(self, name):
        return self.books.account(name).id

    def call(self, method, path, body=None, *, key=None, **headers):
        sent = {"Authorization": authorization(), **headers}
        if key is not None:
            sent["Idempotency-Key"] = key
        data = body if isinstance(body, bytes) else b""
        if body is not None and not isinstance(body, bytes):
            data = encode(body)
        return self.sandbox.handle(method, path, sent, data)

    def get(self, path, **query):
        pairs = "&".join(f"{name}={quote(str(it))}" for name, it in query.items())
        return self.call("GET", f"{path}?{pairs}" if pairs else path)

    def push(self, kind, body, *, key=None, query=""):
        """Send a write."""
        path = f"{self.connection_path}/push/{kind}{query}"
        return self.call("POST", path, body, key=key or new_key())

    def operation(self, reply):
        """The push operation that an answer spoke of, as it is now."""
        key = reply.json()["pushOperationKey"]
        return self.get(f"{self.path}/push/{key}").json()

    def write(self, kind, body, **options):
        """Send a write, and return what became of it."""
        return self.operation(self.push(kind, body, **options))

    def write_statement(self, *lines):
        return self.write(
            f"bankAccounts/{SOURCE_ACCOUNT}/bankTransactions", statement(*lines)
        )

    def open_feed(self):
        """Add the source account and map it to the lender account."""
        self.call(
            "POST",
            f"{self.connection_path}/connectionInfo/bankFeedAccounts",
            source_account(),
        )
        self.call(
            "POST",
            f"{self.connection_path}/bankFeedAccounts/mapping",
            {"sourceAccountId": SOURCE_ACCOUNT, "targetAccountId": self.lender},
        )

    def transfer(self, amount="800.00", *, source=None, target=None, **changes):
        return transfer(
            amount, source or self.lender, target or self.nominated, **changes
        )

    def payment(self, amount="1000.00", **changes):
        value = Decimal(amount)
        link = {"type": "Invoice", "id": self.invoice.id, "amount": -value}
        return {
            "customerRef": {"id": self.invoice.contact_id},
            "accountRef": {"id": self.lender},
            "totalAmount": value,
            "currency": "GBP",
            "date": "2026-05-30T00:00:00",
            "reference": "INV-1",
            "lines": [{"amount": value, "links": [link]}],
            **changes,
        }

    def fee(self, amount="50.00", *, line=(), **changes):
        value = Decimal(amount)
        bank = {"accountRef": {"id": self.lender}, "currency": "GBP"}
        return {
            "issueDate": "2026-05-30T00:00:00",
            "reference": "FEE-1",
            "currency": "GBP",
            "subTotal": value,
            "taxAmount": 0,
            "totalAmount": value,
            "contactRef": {"id": self.supplier, "dataType": "suppliers"},
            "lineItems": [
                {
                    "description": "Invoice finance fee",
                    "quantity": 1,
                    "unitAmount": value,
                    "taxAmount": 0,
                    "totalAmount": value,
                    "accountRef": {"id": self.expense},
                    "taxRateRef": {"id": "NONE"},
                    **dict(line),
                }
            ],
            "paymentAllocations": [
                {"payment": bank, "allocation": {"totalAmount": value}}
            ],
            **changes,
        }


def authorization(key="sandbox-key"):
    return f"Basic {base64.b64encode(key.encode()).decode()}"


def new_key():
    return str(uuid.uuid4())


def transfer(amount, source, target, **changes):
    def side(account):
        return {
            "accountRef": {"id": account},
            "amount": Decimal(amount),
            "status": "Unreconciled",
        }

    return {
        "date": "2026-05-30T00:00:00",
        "from": side(source),
        "to": side(target),
        **changes,
    }


def source_account(**changes):
    return {
        "id": SOURCE_ACCOUNT,
        "accountName": "Lender account",
        "accountType": "checking",
        "accountNumber": "12345678",
        "sortCode": "090129",
        "currency": "GBP",
        "balance": 0,
        **changes,
    }


def line(number, amount, balance, *, day="2026-05-30", **changes):
    value = Decimal(amount)
    return {
        "id": f"event-{number}",
        "date": f"{day}T00:00:00",
        "description": f"Movement {number}",
        "amount": value,
        "balance": Decimal(balance),
        "transactionType": "Credit" if value > 0 else "Debit",
        **changes,
    }


def statement(*lines):
    return {"accountId": SOURCE_ACCOUNT, "transactions": list(lines)}


def messages(operation):
    """What a failed push operation complains about."""
    return " ".join(error["message"] for error in operation["validation"]["errors"])
