"""Errors say what happened, and to whom they belong."""

import inspect

import pytest
from django.utils.translation import gettext_lazy

from xero_sync.codat import exceptions
from xero_sync.codat.exceptions import (
    CodatError,
    CodatRejected,
    MappingIncomplete,
    WritebackBlocked,
    XeroSyncError,
)


def error_classes():
    return [
        found
        for _, found in inspect.getmembers(exceptions, inspect.isclass)
        if issubclass(found, XeroSyncError)
    ]


@pytest.mark.parametrize("kind", error_classes())
def test_an_error_without_words_speaks_by_its_docstring(kind):
    assert str(kind()) == inspect.cleandoc(kind.__doc__)


def test_each_reason_our_side_is_not_ready_has_a_code_of_its_own():
    blocked = [k for k in error_classes() if issubclass(k, WritebackBlocked)]

    codes = [kind().code for kind in blocked]

    assert codes
    assert len(codes) == len(set(codes))


def test_the_code_and_the_field_can_be_given():
    error = MappingIncomplete(code="account_unusable", field="supplier_id")

    assert (error.code, error.field) == ("account_unusable", "supplier_id")


def test_a_message_may_be_translated_when_it_is_shown():
    error = WritebackBlocked(gettext_lazy("Yes"))

    assert str(error) == "Yes"


def test_an_error_of_codat_is_shown_with_its_facts():
    error = CodatRejected(
        method="POST",
        path="/companies/c/push",
        status_code=400,
        correlation_id="abc",
        detail="Too small.",
    )

    assert str(error) == (
        "Codat refused the request; sending it again as it is will not help."
        " (POST /companies/c/push, HTTP 400, correlation abc): Too small."
    )


def test_an_error_made_by_hand_needs_no_facts():
    error = CodatError("No.")

    assert str(error) == "No."
    assert (error.errors, error.meta, error.status_code) == ((), None, None)
