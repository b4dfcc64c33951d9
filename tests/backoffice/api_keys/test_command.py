"""`manage.py api_key`: the text once on standard output, everything else readable."""

import io
import os
import subprocess
import sys
from datetime import timedelta

import pytest
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from backoffice.api_keys.services import authenticate
from backoffice.models import ApiClient, ApiKey
from lending import formats
from tests.builders import make_company

pytestmark = pytest.mark.django_db

CREATE = ("create", "--name=loan-system", "--scopes=events:read,events:write")


def run(*arguments):
    """What it printed, and what it said beside that."""
    out, beside = io.StringIO(), io.StringIO()
    call_command("api_key", *arguments, stdout=out, stderr=beside)
    return out.getvalue(), beside.getvalue()


def refusal(*arguments):
    with pytest.raises(CommandError) as refused:
        run(*arguments)
    return str(refused.value)


def test_a_name_and_scopes_make_a_key_that_works():
    printed, said = run(*CREATE)

    key = ApiKey.objects.get()
    assert authenticate(text=printed.removesuffix("\n"), now=timezone.now()) == key
    assert (key.client.name, key.name) == ("loan-system", "loan-system")
    assert key.scopes == ["events:read", "events:write"]
    assert key.created_by.startswith("command:")
    assert printed.strip() not in said
    assert f"Made {key.prefix} “loan-system” of loan-system" in said


def test_everything_about_a_key_can_be_chosen():
    for reference in ("acme", "birch"):
        make_company(reference=reference)
    day = timezone.localdate() + timedelta(days=3)

    _, said = run(
        *("create", "--name=Autumn", "--client=collections", "--scopes=events:read"),
        *("--company=acme", "--company=birch", "--requests-per-minute=60"),
        f"--expires={day}",
    )

    key = ApiKey.objects.get()
    assert (key.client.name, key.name) == ("collections", "Autumn")
    assert [one.reference for one in key.companies.order_by("pk")] == ["acme", "birch"]
    assert timezone.localtime(key.expires_at).date() == day
    words = "events:read, acme, birch, 60 requests a minute, expires"
    assert f"{words} {formats.day(day)}, 00:00." in said


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--scopes=events:eat"], "--scopes: events:eat: choose from events:read"),
        (["--scopes=,"], "--scopes: –: choose from"),
        (["--name=Loan system"], "--client: Name the client with letters"),
        (["--expires=2020-01-01"], "--expires: A key has to expire in the future."),
        (["--expires=soon"], "“soon” is no date; write it as YYYY-MM-DD"),
        (["--company=nobody"], "--company: there is no company “nobody”"),
        (["--requests-per-minute=0"], "--requests-per-minute: Allow between 1 and"),
        (["--requests-per-minute=many"], "--requests-per-minute"),
    ],
)
def test_what_cannot_be_is_refused_by_option_and_remedy(arguments, words):
    assert words in refusal(*CREATE, *arguments)
    assert not ApiClient.objects.exists()


def test_a_third_live_key_is_refused():
    run(*CREATE)
    run(*CREATE)

    assert refusal(*CREATE) == (
        "--client: loan-system has 2 live keys already; revoke one first."
    )


def test_keys_are_listed_without_their_text():
    printed, _ = run(*CREATE)
    key = ApiKey.objects.get()

    listed, _ = run("list")

    assert listed == (
        f"{key.prefix} “loan-system” of loan-system: events:read events:write, "
        "all companies, 1200 requests a minute; no use yet; Never used\n"
    )
    assert key.secret_hash not in listed
    assert printed.strip() not in listed


def test_what_is_refused_is_listed_when_it_is_asked_for():
    run(*CREATE)
    run("revoke", ApiKey.objects.get().prefix)

    assert run("list")[0] == "There is none.\n"
    assert run("list", "--all")[0].endswith("; Revoked\n")
    assert run("list", "--all", "--client=collections")[0] == "There is none.\n"


def test_a_key_is_revoked_by_its_prefix():
    printed, _ = run(*CREATE)
    prefix = ApiKey.objects.get().prefix

    first, _ = run("revoke", prefix)
    again, _ = run("revoke", prefix)

    assert first == f"{prefix} of loan-system is refused from now on.\n"
    assert again == f"{prefix} of loan-system was revoked before.\n"
    assert authenticate(text=printed.strip(), now=timezone.now()) is None


def test_a_key_pasted_for_its_prefix_is_not_repeated():
    printed, _ = run(*CREATE)

    message = refusal("revoke", printed.strip())

    assert message.startswith("prefix: There is no key with this prefix")
    assert printed.strip() not in message


def test_a_database_without_tables_is_named_with_the_remedy(tmp_path):
    environment = {**os.environ, "DATABASE_URL": f"sqlite:///{tmp_path / 'empty'}"}

    done = subprocess.run(
        [sys.executable, "manage.py", "api_key", "list"],
        cwd=settings.BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert "run manage.py migrate first" in done.stderr
    assert "Traceback" not in done.stderr
