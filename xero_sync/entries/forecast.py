"""What will stand in a borrower's Xero, in the names of their own accounts.

Of entries that are still to come it is made by the code that sends them, of the others
it is what was sent: each row is read out of the body. Nothing is stored, and Codat is
not asked.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import partial

from django.db.models import Exists, OuterRef, Prefetch

from lending.models import EventKind, Loan, LoanEvent
from lending.money import quantize, split_tax
from lending.positions import Position, loan_position
from xero_sync.entries import body_reading, example
from xero_sync.entries.bodies import Bodies
from xero_sync.entries.chosen import ChosenAccounts
from xero_sync.entries.fates import Fate, counts, fate_of, goes_out, has_gone_out
from xero_sync.entries.names import Named, Names
from xero_sync.models import AccountMapping, Connection, LoanInXero, SyncRecord, XeroApp
from xero_sync.models.choices import BOOKINGS, Reason, Step
from xero_sync.writeback import holds, planner
from xero_sync.writeback.readiness import AnyAccount

# More loans, and more rows of one, nobody reads; the sums are of all rows.
MOST_LOANS = 5
MOST_ROWS = 20
# These keep lines back for a while; whatever else does lets none come.
LINES_COME = (None, Reason.FEED_NOT_CONNECTED)


@dataclass(frozen=True)
class Line:
    """A row's own line on the lender account's statement; money in is positive."""

    on: date
    amount: Decimal
    text: str
    body: bytes = field(repr=False)


@dataclass(frozen=True)
class Row:
    """One event of a loan, and what we enter for it.

    Where we enter nothing there are no accounts, and date and amount are the event's.
    `amount` is never negative: it moves from one account to the other. `net` and `tax`
    are what is added to the fee account and to tax, so they are negative where a fee
    is taken back.
    """

    external_id: str
    on: date
    kind: EventKind
    is_reversal: bool
    route: str
    fate: Fate
    amount: Decimal
    from_account: Named | None = None
    to_account: Named | None = None
    expense_account: Named | None = None
    net: Decimal | None = None
    tax: Decimal | None = None
    supplier: str = ""
    invoice: str = ""
    text: str = ""
    line: Line | None = None
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True)
class LoanForecast:
    """A loan's rows in the order of its events, and where its accounts stand after all.

    `rows` are the latest ones, `rows_in_all` counts those before them as well.
    """

    loan: Loan
    rows: list[Row]
    rows_in_all: int
    position: Position


@dataclass(frozen=True)
class Forecast:
    """The loans that are shown, newest first, of `loans_in_all`; or an example."""

    currency: str
    is_example: bool
    loans: list[LoanForecast]
    loans_in_all: int
    has_lines: bool
    lender_account: Named
    nominated_account: Named
    expense_account: Named
    supplier: str
    tax_percent: Decimal


def of_mapping(*, mapping: AccountMapping, now: datetime) -> Forecast:
    """Return what will stand in Xero by a mapping, be it stored or not.

    Entries that were sent already are shown as they were sent.
    """
    return _Forecasting(mapping, now).run()


def of_choice(
    *, connection: Connection, choice: ChosenAccounts, now: datetime
) -> Forecast:
    """Return what would stand in Xero if a choice were saved.

    Raises:
        SameAccountTwice: the nominated account is the lender account.
    """
    return of_mapping(mapping=choice.as_mapping(connection), now=now)


class _Forecasting:
    """One look ahead."""

    def __init__(self, mapping: AccountMapping, now: datetime) -> None:
        self._mapping = mapping
        self._company = mapping.connection.company
        self._now = now
        self._bodies = Bodies(connection=mapping.connection, mapping=mapping)
        self._names = Names(mapping)
        self._toggle = XeroApp.objects.bank_feeds_toggle().first()

    def run(self) -> Forecast:
        mapping, names = self._mapping, self._names
        begun = Loan.objects.filter(
            Exists(LoanEvent.objects.filter(loan=OuterRef("pk"))), company=self._company
        )
        shown = list(begun.order_by("-agreed_on", "-pk")[:MOST_LOANS])
        return Forecast(
            currency=self._company.currency,
            is_example=not shown,
            loans=self._real(shown) if shown else self._examples(),
            loans_in_all=begun.count(),
            has_lines=self._takes_lines(mapping.lender_account),
            lender_account=names.of(mapping.lender_target_account_id),
            nominated_account=names.of(mapping.nominated_account_id),
            expense_account=names.of(mapping.expense_account_id),
            supplier=names.supplier(mapping.supplier_id),
            tax_percent=mapping.tax_percent,
        )

    def _real(self, loans: Sequence[Loan]) -> list[LoanForecast]:
        records = SyncRecord.objects.select_related(
            "lender_account",
            "request__mapping__lender_account",
            "compensates__request__mapping__lender_account",
        ).prefetch_related(
            "request__mapping__rows", "compensates__request__mapping__rows"
        )
        events: dict[int, list[LoanEvent]] = {loan.pk: [] for loan in loans}
        found = LoanEvent.objects.filter(loan__in=loans).select_related("reverses")
        entries = Prefetch("sync_records", queryset=records)
        for event in found.prefetch_related(entries).in_order():
            events[event.loan_id].append(event)
        in_xero = LoanInXero.objects.select_related("lender_account").in_bulk(events)
        forecasts = []
        for loan in loans:
            loan.company = self._company
            planned = []
            for event in events[loan.pk]:
                event.loan = loan
                planned.append((event, list(event.sync_records.all())))
            forecasts.append(self._loan(loan, planned, in_xero.get(loan.pk)))
        return forecasts

    def _examples(self) -> list[LoanForecast]:
        return [
            self._loan(
                loan,
                [
                    (
                        event,
                        [
                            planner.draft(event, step, now=self._now)
                            for step in planner.steps_of(event)
                        ],
                    )
                    for event in events
                ],
                None,
            )
            for loan, events in example.loans(
                company=self._company,
                routes=example.routes_of(self._company),
                today=self._company.today(self._now),
            )
        ]

    def _loan(
        self,
        loan: Loan,
        planned: Iterable[tuple[LoanEvent, list[SyncRecord]]],
        in_xero: LoanInXero | None,
    ) -> LoanForecast:
        if in_xero and in_xero.lender_account:
            self._names.know_lender_account(in_xero.lender_account)
        rows = []
        for event, records in planned:
            for record in records:
                record.event, record.loan = event, loan
            rows.append((event, self._row(event, records, in_xero)))
        tax = {event.external_id: row.tax for event, row in rows}
        return LoanForecast(
            loan=loan,
            rows=[row for _, row in rows][-MOST_ROWS:],
            rows_in_all=len(rows),
            position=loan_position(
                loan=loan,
                events=[event for event, row in rows if counts(row.fate)],
                fee_tax=partial(self._tax, tax),
            ),
        )

    def _tax(self, read: dict[str, Decimal | None], event: LoanEvent) -> Decimal:
        """Return the tax in a fee: what its body says, if we enter it."""
        tax = read.get(event.external_id)
        if tax is None:
            percent = self._mapping.tax_percent
            tax = split_tax(event.amount, percent, self._company.currency)[1]
        return tax

    def _row(
        self, event: LoanEvent, records: list[SyncRecord], in_xero: LoanInXero | None
    ) -> Row:
        booking = next((one for one in records if one.step in BOOKINGS), None)
        line = next((one for one in records if one.step == Step.STATEMENT_LINE), None)
        fate, body = fate_of(booking), b""
        if booking is not None:
            fate, body = self._booking(booking, fate, in_xero)
        row = partial(
            Row,
            external_id=event.external_id,
            kind=EventKind(event.kind),
            is_reversal=event.is_reversal,
            route=event.loan.collection_route,
            fate=fate,
            line=self._line(line, booking, in_xero) if line and booking else None,
        )
        if booking is None or not body:
            amount = quantize(event.amount, self._company.currency)
            return row(on=event.value_date, amount=amount)
        read, names = body_reading.read_booking(booking.step, body), self._names
        return row(
            on=read.on,
            amount=read.amount,
            from_account=names.of(read.from_id) if read.from_id else None,
            to_account=names.of(read.to_id) if read.to_id else None,
            expense_account=names.of(read.expense_id) if read.expense_id else None,
            net=read.net,
            tax=read.tax,
            supplier=names.supplier(read.supplier_id),
            invoice=event.loan.invoice_number if read.invoice_id else "",
            text=read.text,
            body=body,
        )

    def _booking(
        self, booking: SyncRecord, fate: Fate, in_xero: LoanInXero | None
    ) -> tuple[Fate, bytes]:
        """Return the body that was sent, or that will be; empty if none ever is."""
        if has_gone_out(booking) and booking.request:
            if booking.request.mapping:
                self._names.know(booking.request.mapping)
            return fate, bytes(booking.request.body)
        if not goes_out(fate):
            return fate, b""
        try:
            return fate, self._bodies.of_booking(booking, in_xero)
        except ValueError:
            return Fate.NOT_SENDABLE, b""

    def _line(
        self, line: SyncRecord, booking: SyncRecord, in_xero: LoanInXero | None
    ) -> Line | None:
        if has_gone_out(line) and line.request:
            body = bytes(line.request.body)
        else:
            account = line.lender_account or self._bodies.account_of(booking, in_xero)
            if not goes_out(fate_of(line)) or not self._takes(line, account):
                return None
            try:
                body = self._bodies.of_line(line, account)
            except ValueError:
                return None
        read = body_reading.read_line(str(line.pk), body)
        return Line(on=read.on, amount=read.amount, text=read.text, body=body)

    def _takes(self, line: SyncRecord, account: AnyAccount) -> bool:
        starts = account.feed_start_date
        is_before = starts is not None and line.value_date < starts
        return self._takes_lines(account) and not is_before

    def _takes_lines(self, account: AnyAccount) -> bool:
        hindrance = holds.feed_hindrance(
            self._mapping.connection, account, toggle=self._toggle
        )
        return hindrance in LINES_COME
