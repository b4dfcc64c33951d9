"""`manage.py import_codat_company`."""

from uuid import uuid4

from lending.models import Company
from tests.builders import make_company
from tests.xero_sync.commands.worlds import refusal, run
from xero_sync.models import Connection


def test_a_company_of_ours_is_connected(codat):
    make_company(reference="harbour")

    shown = run(
        "import_codat_company",
        "harbour",
        f"--codat-company={codat.company_id}",
        "--bank-feeds",
    )

    connection = Connection.objects.get(company__reference="harbour")
    assert str(connection.codat_connection_id) == codat.connection_id
    assert connection.bank_feeds
    assert "“Harbour Joinery Ltd” in Xero" in shown
    assert "Bank feeds on, write-back off." in shown


def test_bank_feeds_stay_as_they_are_unless_they_are_named(codat):
    codat.adopt()

    run("import_codat_company", "harbour", f"--codat-company={codat.company_id}")

    assert Connection.objects.get().bank_feeds


def test_the_company_is_taken_on_as_well(codat):
    run(
        "import_codat_company",
        "harbour",
        f"--codat-company={codat.company_id}",
        "--create",
        "--legal-name=Harbour Joinery Ltd",
        "--currency=GBP",
        "--country=GB",
    )

    company = Company.objects.get(reference="harbour")
    assert company.connections.count() == 1


def test_a_company_that_cannot_be_connected_is_not_taken_on_either(codat):
    message = refusal(
        "import_codat_company",
        "harbour",
        f"--codat-company={codat.company_id}",
        f"--codat-connection={uuid4()}",
        "--create",
        "--legal-name=Harbour Joinery Ltd",
        "--currency=GBP",
        "--country=GB",
    )

    assert "codat_connection_id" in message
    assert "name one" in message
    assert not Company.objects.exists()


def test_what_is_missing_of_a_new_company_is_named(codat):
    message = refusal(
        "import_codat_company",
        "harbour",
        f"--codat-company={codat.company_id}",
        "--create",
        "--currency=GBP",
        "--country=GB",
    )

    assert message == "legal_name: This field cannot be blank."
    assert not Company.objects.exists()


def test_an_unknown_company_is_refused(codat):
    message = refusal(
        "import_codat_company", "nobody", f"--codat-company={codat.company_id}"
    )

    assert message == "reference: there is no company “nobody”."


def test_a_malformed_id_is_refused(codat):
    message = refusal("import_codat_company", "harbour", "--codat-company=7")

    assert "“7” is no id; copy it whole" in message


def test_a_codat_that_is_away_is_said_plainly(codat, settings):
    make_company(reference="harbour")
    settings.CODAT_BASE_URL = "http://127.0.0.1:1"

    message = refusal(
        "import_codat_company", "harbour", f"--codat-company={codat.company_id}"
    )

    assert message.startswith("Codat could not be reached.")
    assert message.endswith("Check CODAT_BASE_URL, or run this again later.")
    assert not Connection.objects.exists()


def test_a_refused_key_is_said_plainly(codat, settings):
    make_company(reference="harbour")
    settings.CODAT_API_KEY = "another-key"

    message = refusal(
        "import_codat_company", "harbour", f"--codat-company={codat.company_id}"
    )

    assert "Check CODAT_API_KEY" in message
