"""What was posted, what waits and why: the page, and the file for an accountant."""

from contextlib import suppress
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from xero_sync.borrowers import remarks
from xero_sync.borrowers.wording import Words, latest_connection
from xero_sync.entries import posted, spreadsheet
from xero_sync.entries.borrower_wording import Place
from xero_sync.entries.posted import Entry, Filter, Financing
from xero_sync.models import BorrowerSitting
from xero_sync.models.choices import Reason
from xero_sync.portal.sittings import in_a_sitting, show_to
from xero_sync.runtime.clock import database_now

# The style sheet's class of each place.
CLASSES = {
    Place.POSTED: "good",
    Place.ON_ITS_WAY: "way",
    Place.WAITING: "wait",
    Place.REFUSED: "wrong",
    Place.CLOSED: "none",
    Place.NOT_NEEDED: "none",
}

# The page on which they do what an entry waits for; the rest is done in Xero.
PAGES: dict[str, str] = {
    Reason.NO_CONNECTION: "customer-connect",
    Reason.NOT_LINKED: "customer-connect",
    Reason.CONSENT_AGAIN: "customer-connect",
    Reason.MAPPING_INCOMPLETE: "customer-accounts",
    Reason.ACCOUNT_UNUSABLE: "customer-accounts",
    Reason.FEED_NOT_CONNECTED: "customer-feed",
    Reason.WRITEBACK_OFF: "customer-posting",
    Reason.ORGANISATION_CHANGED: "customer-organisation",
}


@dataclass(frozen=True)
class Wanted:
    """What is to be shown, as the address says; what makes no sense counts as none."""

    show: Filter = Filter.ALL
    loan: str = ""
    number: int = 1

    def address(self, name: str = "customer-entries") -> str:
        """Return the address that asks for this."""
        query = {
            "show": self.show if self.show != Filter.ALL else "",
            "loan": self.loan,
            "page": self.number if self.number > 1 else "",
        }
        asked = urlencode({key: value for key, value in query.items() if value})
        return f"{reverse(name)}?{asked}" if asked else reverse(name)


@dataclass(frozen=True)
class Tab:
    """A link to another filter, with how much it shows."""

    name: str
    count: int
    address: str
    is_current: bool


@dataclass(frozen=True)
class Section:
    """A financing as the page shows it.

    Each row has its class of the style sheet, and the page on which they do what it
    waits for, if there is one.
    """

    financing: Financing
    rows: list[tuple[Entry, str, str]]
    alone: str


@require_safe
@in_a_sitting()
def entries(request: HttpRequest, sitting: BorrowerSitting) -> HttpResponse:
    """Show the entries, newest financing first."""
    company, wanted = sitting.company, _wanted(request)
    page = posted.page_of(
        company, show=wanted.show, loan=wanted.loan, number=wanted.number
    )
    connection = latest_connection(company)
    return show_to(
        request,
        sitting,
        "entries",
        financings=[_section(one, wanted) for one in page.financings],
        tabs=_tabs(page.counts, wanted),
        connection=connection,
        remark=_first_with_a_button(remarks.of_company(company, connection)),
        # A part of the entries does not add up to the lender account.
        adds_up=wanted.show == Filter.ALL,
        every_loan=Wanted(wanted.show).address() if wanted.loan else "",
        newer=_beside(wanted, page.number - 1, page.pages),
        older=_beside(wanted, page.number + 1, page.pages),
        file=Wanted(wanted.show, wanted.loan).address("customer-entries-file"),
    )


@require_safe
@in_a_sitting()
def entries_file(request: HttpRequest, sitting: BorrowerSitting) -> HttpResponse:
    """Give the entries as a file for a spreadsheet, in the sitting's language."""
    company, wanted = sitting.company, _wanted(request)
    found = posted.entries_of(company, show=wanted.show, loan=wanted.loan)
    answer = HttpResponse(
        "".join(spreadsheet.lines_of(found)), content_type="text/csv; charset=utf-8"
    )
    day = company.today(database_now()).isoformat()
    name = f"{_('entries')}-{company.reference}-{day}.csv"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _wanted(request: HttpRequest) -> Wanted:
    show, number = Filter.ALL, 1
    with suppress(ValueError):
        show = Filter(request.GET.get("show", Filter.ALL))
    with suppress(ValueError):
        number = int(request.GET.get("page", "1")[:6])
    return Wanted(
        show, request.GET.get("loan", "").replace("\x00", "")[:64], max(number, 1)
    )


def _section(financing: Financing, wanted: Wanted) -> Section:
    """Return a financing with the address that shows it alone, if others are shown."""
    alone = Wanted(wanted.show, financing.reference).address()
    rows = [
        (one, CLASSES[one.place], PAGES.get(one.theirs, ""))
        for one in financing.entries
    ]
    return Section(financing, rows, "" if wanted.loan else alone)


def _tabs(counts: posted.Counts, wanted: Wanted) -> list[Tab]:
    names = {
        Filter.ALL: _("All"),
        Filter.POSTED: _("In Xero"),
        Filter.WAITING: _("Not in Xero yet"),
        Filter.NEEDS_YOU: _("Needs you"),
    }
    return [
        Tab(
            name,
            counts.of(one),
            Wanted(one, wanted.loan).address(),
            one == wanted.show,
        )
        for one, name in names.items()
    ]


def _first_with_a_button(found: list[Words]) -> Words | None:
    elsewhere = (one for one in found if one.address not in {"", "customer-entries"})
    return next(elsewhere, None)


def _beside(wanted: Wanted, number: int, pages: int) -> str:
    if not 1 <= number <= pages:
        return ""
    return Wanted(wanted.show, wanted.loan, number).address()
