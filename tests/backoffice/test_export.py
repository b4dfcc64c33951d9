"""What is held about one borrower is given whole, and nothing of anybody else."""

import json
import re
import stat

import pytest
from django.apps import apps

from backoffice import export
from lending.models import AuditEntry
from tests.builders import make_company
from tests.worlds import World
from tests.xero_sync.commands.worlds import refusal, run

pytestmark = pytest.mark.django_db

EVERY = {
    model._meta.label
    for app in export.OURS
    for model in apps.get_app_config(app).get_models()
}


@pytest.fixture
def borrowers():
    """Two who have done the same."""
    world = World()
    made = [world.borrower(reference=name) for name in ("harbour", "quayside")]
    for one in made:
        loan = one.loan()
        one.record(loan, "drawdown", "500")
        one.record(loan, "fee", "20")
    world.run()
    return made


def test_every_table_is_about_borrowers_or_has_a_reason():
    about = {model._meta.label for model in export.about_companies()}

    assert about | export.NAMED.keys() | export.LEFT_OUT.keys() == EVERY
    assert not (about | export.NAMED.keys()) & export.LEFT_OUT.keys()
    assert export.HIDDEN.keys() <= about


def test_whatever_looks_like_a_secret_is_hidden():
    secret = re.compile(r"hash|secret|sealed_|token|encrypted|salt")
    for model in export.about_companies():
        label = model._meta.label
        for field in model._meta.concrete_fields:
            if secret.search(field.attname):
                assert field.attname in export.HIDDEN[label], (label, field.attname)


def test_it_holds_all_of_one_and_nothing_of_another(borrowers):
    _, theirs = borrowers

    found = json.loads(run("export_borrower", "harbour"))

    assert [one["reference"] for one in found["lending.Company"]] == ["harbour"]
    assert len(found["lending.LoanEvent"]) == 2
    records = found["xero_sync.SyncRecord"]
    assert {one["state"] for one in records} == {"written"}
    assert len(found["xero_sync.WriteAttempt"]) >= len(records)
    assert json.loads(found["xero_sync.WriteRequest"][0]["body"])
    assert found["xero_sync.WebhookMessage"]
    text = json.dumps(found)
    for foreign in (
        theirs.company.reference,
        str(theirs.connection_row.pk),
        theirs.codat_connection,
        *theirs.company.loans.values_list("reference", flat=True),
    ):
        assert foreign not in text


def test_a_row_of_the_trail_says_who_exported_it(borrowers):
    run("export_borrower", "harbour")

    (entry,) = AuditEntry.objects.filter(verb="company.exported")
    assert entry.company.reference == "harbour"
    assert entry.actor.startswith("command:")


def test_the_file_is_for_its_owner_alone_and_never_written_over(borrowers, tmp_path):
    path = tmp_path / "harbour.json"

    assert run("export_borrower", "harbour", "--output", path).startswith("Written to")

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert json.loads(path.read_text())["lending.Company"]
    before = AuditEntry.objects.count()
    words = refusal("export_borrower", "harbour", "--output", path)
    assert words == f"--output: {path} is there already; name another file."
    # What was refused left nothing behind.
    assert AuditEntry.objects.count() == before


def test_a_folder_that_is_not_there_is_named(borrowers, tmp_path):
    words = refusal("export_borrower", "harbour", "--output", tmp_path / "x" / "y")

    assert "cannot be written: No such file or directory" in words


def test_a_company_that_is_not_there_is_named():
    make_company(reference="acme")

    assert "nowhere" in refusal("export_borrower", "nowhere")


def test_a_company_that_has_done_nothing_has_only_itself():
    make_company(reference="acme")

    found = json.loads(run("export_borrower", "acme"))

    assert {label for label, rows in found.items() if rows} == {
        "lending.AuditEntry",
        "lending.Company",
    }
