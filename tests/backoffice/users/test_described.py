"""What the package says of the ways in is what the settings are."""

from datetime import timedelta

import pytest
from django.conf import settings

from backoffice import users
from backoffice.models import RecoveryCodes
from backoffice.users import sign_in
from tests.backoffice.users.people import make, signed_in
from xero_sync.models import links
from xero_sync.portal import entry

SAID = " ".join(str(users.__doc__).split())
LENGTH = {
    one["NAME"].rpartition(".")[2]: one.get("OPTIONS", {}).get("min_length")
    for one in settings.AUTH_PASSWORD_VALIDATORS
}["LongEnough"]


def minutes(span: timedelta) -> int:
    return int(span.total_seconds() // 60)


@pytest.mark.parametrize(
    "sentence",
    [
        f"a password of {LENGTH} characters or more",
        f"one of {RecoveryCodes.COUNT} recovery codes",
        f"{settings.AXES_FAILURE_LIMIT} failures lock a name, and an address,",
        f"for {minutes(settings.AXES_COOLOFF_TIME)} minutes; to go on guessing",
        f"An address may try {sign_in.TRIES_A_MINUTE} times a minute",
        f"{sign_in.AT_ONCE} passwords are looked at together",
        f"a new link can be asked for {entry.A_MINUTE} times a minute",
        f"after {minutes(settings.STAFF_IDLE)} minutes in which nothing was done",
        f"and after {minutes(settings.STAFF_SESSION) // 60} hours, within",
        f"sittings of borrowers after {minutes(links.IDLE)} minutes",
        f"minutes and {minutes(links.AT_MOST) // 60} hours. Anybody",
        f"for {minutes(settings.STAFF_FRESH)} minutes does so anew",
    ],
)
def test_the_limits_are_those_that_are_described(sentence):
    assert sentence in SAID


@pytest.mark.django_db
def test_any_number_of_sessions_at_once_is_described_and_so():
    bert = make()

    many = [signed_in(bert) for _ in range(12)]

    assert "may have any number of them at once" in SAID
    assert {one.get("/admin/").status_code for one in many} == {200}
