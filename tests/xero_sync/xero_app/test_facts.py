"""What the rest of the product is told about the lender's app."""

from datetime import date

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from xero_sync.models import XeroApp
from xero_sync.xero_app import facts

pytestmark = pytest.mark.django_db


def test_what_nobody_recorded_is_not_known_and_not_off():
    now = facts.current()

    assert (now.integration_on, now.enabled_at_codat, now.bank_feeds_on) == (
        None,
        None,
        None,
    )
    assert (now.privacy_url, now.terms_url) == ("", "")
    assert not now.is_certified
    assert not XeroApp.objects.exists()


def test_what_was_recorded_is_told():
    XeroApp.objects.create(
        client_id="CLIENT",
        secret_ending="abcd",
        integration_on=True,
        enabled_at_codat=False,
        bank_feeds_on=True,
        bank_feeds_approved_on=date(2026, 3, 2),
        privacy_url="https://acme.example/privacy",
        terms_url="https://acme.example/terms",
    )

    now = facts.current()

    assert (now.integration_on, now.enabled_at_codat, now.bank_feeds_on) == (
        True,
        False,
        True,
    )
    assert now.privacy_url == "https://acme.example/privacy"
    assert now.terms_url == "https://acme.example/terms"


@pytest.mark.parametrize("cap", [25, 5, None])
def test_without_certification_the_cap_is_the_setting(settings, cap):
    settings.XERO_CONNECTION_CAP = cap

    assert facts.current().connection_cap == cap


@pytest.mark.parametrize(
    "impossible",
    [
        {"id": 2},
        {"integration_on": True},
        {"integration_on": True, "client_id": "CLIENT"},
        {"integration_on": True, "secret_ending": "abcd"},
        {"bank_feeds_on": True},
        {"sealed_secret": "sealed", "pasted_at": timezone.now()},
    ],
)
def test_the_database_refuses_what_cannot_be(impossible):
    with pytest.raises(IntegrityError), transaction.atomic():
        XeroApp.objects.create(**impossible)
