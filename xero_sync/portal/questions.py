"""The questions about a borrower's accounts, one a page, and their check at the end."""

import re
from collections.abc import Mapping
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from xero_sync.borrowers import answering, saving
from xero_sync.borrowers.answering import (
    Asked,
    Books,
    BooksUnreadable,
    Group,
    NotTaken,
    Standing,
)
from xero_sync.borrowers.wording import Code, code_of, latest_connection
from xero_sync.models import BorrowerSitting
from xero_sync.portal.answers import SeeOther, look_again
from xero_sync.portal.sittings import ABOUT, in_a_sitting, show_to
from xero_sync.runtime import throttles
from xero_sync.runtime.clock import database_now

CONFLICT, UNAVAILABLE = 409, 503
# Pages of one company that may read at Codat, out of everybody's budget.
A_MINUTE = 60
# Of the accounts, as the page of the check was shown.
VERSION = re.compile(r"[0-9]{1,9}")
# Longer words are no name of anything.
SEARCH_CHARACTERS = 100


def _standing(sitting: BorrowerSitting) -> Standing | None:
    """Return how far they are; None where there is no organisation to ask about."""
    connection = latest_connection(sitting.company)
    if connection is None or code_of(connection) != Code.CONNECTED:
        return None
    return answering.standing(connection)


def _elsewhere(sitting: BorrowerSitting) -> HttpResponse:
    code = code_of(latest_connection(sitting.company))
    is_another = code == Code.ANOTHER_ORGANISATION
    return SeeOther(
        reverse("customer-organisation" if is_another else "customer-connect")
    )


@require_safe
@in_a_sitting()
def overview(request: HttpRequest, sitting: BorrowerSitting) -> HttpResponse:
    """Show how far the questions are, and what is in force."""
    standing = _standing(sitting)
    if standing is None:
        return _elsewhere(sitting)
    run = saving.run_of(standing.connection)
    if not (standing.answers or run):
        # Nothing is to be seen here before the first answer.
        return SeeOther(_next(standing))
    return show_to(
        request,
        sitting,
        "accounts",
        standing=standing,
        gone=standing.connection.unusable_account,
        run=run,
        next_address=_next(standing),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@in_a_sitting()
def question(request: HttpRequest, sitting: BorrowerSitting, name: str) -> HttpResponse:
    """Ask one question; keep its answer and go on to the next."""
    standing = _standing(sitting)
    if standing is None:
        return _elsewhere(sitting)
    try:
        number, count = answering.number_of(name)
    except KeyError:
        raise Http404(name) from None
    posted = request.POST.dict()
    mistakes: dict[str, str] = {}
    try:
        with Books(standing.connection) as books:
            _require_turn(sitting)
            if request.method == "POST":
                try:
                    answering.answer(
                        sitting=sitting,
                        standing=standing,
                        name=name,
                        posted=posted,
                        books=books,
                        now=database_now(),
                    )
                except NotTaken as exc:
                    mistakes = exc.mistakes
                else:
                    return SeeOther(_next(answering.standing(standing.connection)))
            searched = request.GET.get("q", "")[:SEARCH_CHARACTERS]
            asked = answering.ask(standing, name, books, searched=searched)
    except BooksUnreadable:
        return _unreadable(request, sitting, posted)
    typed = {**asked.typed, **(posted if mistakes else {})}
    taken = posted.get(answering.CHOICE, "") if mistakes else asked.taken
    return show_to(
        request,
        sitting,
        "question",
        asked=asked,
        groups=[_group(one, taken, typed, mistakes) for one in asked.groups],
        mistake=mistakes.get(answering.CHOICE, ""),
        mistakes=_linked(mistakes, asked),
        reason="" if mistakes else asked.reason,
        number=_("Your accounts, question %(number)d of %(count)d")
        % {"number": number, "count": count},
        searched=searched,
        nothing_found=bool(searched) and not asked.found,
        back=_back(number),
    )


def _group(
    group: Group, taken: str, typed: Mapping[str, str], mistakes: Mapping[str, str]
) -> dict[str, Any]:
    """Return a group of options as the template shows it, with what was entered."""
    return {
        "heading": group.heading,
        "options": [(one, one.value == taken) for one in group.options],
        "fields": [
            {
                "asked": one,
                "value": typed.get(one.name, ""),
                "mistake": mistakes.get(one.name, ""),
            }
            for one in group.fields
        ],
    }


def _linked(mistakes: Mapping[str, str], asked: Asked) -> list[tuple[str, str]]:
    """Return what is wrong with the place on the page where it is mended."""
    first = f"o-{asked.options[0].value}" if asked.options else "main"
    return [
        (first if name == answering.CHOICE else f"id_{name}", words)
        for name, words in mistakes.items()
    ]


def _back(number: int) -> str:
    """Return the address of the question before, or of Home."""
    if number == 1:
        return reverse("customer-home")
    return reverse("customer-question", kwargs={"name": answering.NAMES[number - 2]})


def _require_turn(sitting: BorrowerSitting) -> None:
    if not throttles.may("books", who=sitting.company.pk, a_minute=A_MINUTE):
        raise BooksUnreadable(BooksUnreadable.__doc__)


def _next(standing: Standing) -> str:
    if name := standing.next_open:
        return reverse("customer-question", kwargs={"name": name})
    return reverse("customer-check")


def _unreadable(
    request: HttpRequest, sitting: BorrowerSitting, posted: Mapping[str, str]
) -> HttpResponse:
    """Say calmly that nothing can be shown now; what was entered comes back."""
    # The form brings its own.
    ours = {"csrfmiddlewaretoken", ABOUT}
    kept = {name: value for name, value in posted.items() if name not in ours}
    answer = show_to(
        request, sitting, "accounts_unreadable", kept=kept, status=UNAVAILABLE
    )
    # Just after the connection, Xero's data are still on their way.
    return answer if kept else look_again(answer)


@require_http_methods(["GET", "HEAD", "POST"])
@in_a_sitting()
def check(request: HttpRequest, sitting: BorrowerSitting) -> HttpResponse:
    """Show all answers; save them as what is in force."""
    standing = _standing(sitting)
    if standing is None:
        return _elsewhere(sitting)
    if request.method == "POST" and "discard" in request.POST:
        saving.keep_in_force(
            sitting=sitting, connection=standing.connection, now=database_now()
        )
        return SeeOther(reverse("customer-accounts"))
    if request.method == "POST":
        return _save(request, sitting, standing)
    if standing.next_open:
        return SeeOther(_next(standing))
    return _check_page(request, sitting, standing)


def _save(
    request: HttpRequest, sitting: BorrowerSitting, standing: Standing
) -> HttpResponse:
    expected = request.POST.get("expected", "")
    try:
        answers = answering.shown(standing.connection, request.POST.get("shown", ""))
    except answering.NotShown:
        return SeeOther(reverse("customer-check"))
    if not VERSION.fullmatch(expected):
        return SeeOther(reverse("customer-check"))
    try:
        with Books(standing.connection) as books:
            _require_turn(sitting)
            made = saving.save(
                sitting=sitting,
                standing=standing,
                answers=answers,
                expected=int(expected),
                books=books,
                now=database_now(),
            )
    except BooksUnreadable:
        return _unreadable(request, sitting, request.POST.dict())
    except saving.SavedMeanwhile:
        return _check_page(request, sitting, standing, answers=answers, status=CONFLICT)
    except saving.NotSaved as exc:
        standing = answering.standing(standing.connection)
        return _check_page(request, sitting, standing, refusal=exc)
    if made is None:
        return SeeOther(reverse("customer-accounts-progress"))
    return SeeOther(reverse("customer-preview"))


def _check_page(
    request: HttpRequest,
    sitting: BorrowerSitting,
    standing: Standing,
    *,
    answers: Mapping[str, answering.Answer] | None = None,
    refusal: saving.NotSaved | None = None,
    status: int = 200,
) -> HttpResponse:
    answers = standing.answers if answers is None else answers
    is_overtaken = status == CONFLICT or standing.is_overtaken
    return show_to(
        request,
        sitting,
        "check",
        items=answering.items_of(answers, present=standing.present),
        theirs=answering.items_of(standing.present) if is_overtaken else [],
        saved_by=standing.latest if is_overtaken else None,
        shown=answering.sign(standing.connection, answers),
        expected=standing.version,
        refusal=refusal,
        is_new=standing.in_force is None,
        status=status,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@in_a_sitting()
def progress(request: HttpRequest, sitting: BorrowerSitting) -> HttpResponse:
    """Show how far it is what has to be made in Xero first; let what stopped go on."""
    standing = _standing(sitting)
    if standing is None:
        return _elsewhere(sitting)
    run = saving.run_of(standing.connection)
    if run is None:
        preview = reverse("customer-preview")
        return SeeOther(preview if standing.in_force else _next(standing))
    if request.method == "POST":
        saving.go_on(sitting=sitting, run=run, now=database_now())
        return SeeOther(reverse("customer-accounts-progress"))
    answer = show_to(request, sitting, "accounts_progress", run=run)
    return look_again(answer) if run.is_under_way else answer
