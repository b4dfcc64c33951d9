"""What engineers read: the description, its page, and what the codes mean."""

from functools import cache
from pathlib import Path

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from backoffice.api.framework.problem_codes import all_codes, explain

DESCRIPTION = Path(__file__).with_name("openapi.yaml")


@require_safe
def schema(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    """Return the committed description; a test holds it against the code."""
    return HttpResponse(_description(), content_type="application/yaml")


@require_safe
def problem(request: HttpRequest, code: str) -> HttpResponse:
    """Show what a code means, and the remedy."""
    explanation = explain(code)
    if explanation is None:
        raise Http404
    return render(request, "api/problems.html", {"codes": {code: explanation}})


@require_safe
def problems(request: HttpRequest) -> HttpResponse:
    """Show all codes."""
    return render(request, "api/problems.html", {"codes": all_codes()})


@cache
def _description() -> bytes:
    return DESCRIPTION.read_bytes()
