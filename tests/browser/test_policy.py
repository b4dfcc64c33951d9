"""The operators' pages under their content security policy: nothing is blocked."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import User

from backoffice.api_keys.services import create_key
from lending.models import Loan, LoanEvent
from tests.backoffice.admin.rows import NOW, make_evidence, page
from tests.backoffice.trail.acts import delivery, given_up, link
from tests.browser.operators import Operator
from tests.builders import make_loan
from tests.marks import thorough

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def operator(live_server, browser):
    """An operator who is signed in."""
    User.objects.create_superuser("root", password="correct horse")
    made = Operator(site=live_server.url, browser=browser)
    made.sit_down()
    yield made
    made.close()


@pytest.fixture
def rows():
    make_evidence()
    create_key(client_name="loan-system", scopes=["events:read"], now=NOW)
    for make in (delivery, given_up, link):
        make(None)


@thorough
def test_no_page_of_the_admin_breaks_its_policy(operator, rows):
    visited = set()

    for name, answer in operator.walk("/admin/"):
        assert answer.status == 200, name
        assert "script-src 'self';" in answer.headers["content-security-policy"], name
        visited.add(name)

    assert operator.faults == {}
    lists = {
        f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"
        for model in admin.site._registry
    }
    assert lists <= visited
    pages = {one.rpartition("_")[2] for one in visited}
    assert {"change", "add", "background", "reverse", "close"} <= pages


def test_pages_before_the_admin_and_errors_keep_to_it(operator):
    operator.go("/admin/nowhere/")
    operator.sit_down(signed_in=False)
    window = operator.page
    operator.go("/admin/login/")
    window.fill("#id_username", "root")
    window.fill("#id_password", "wrong")
    window.click("[type=submit]")
    window.locator(".errornote").wait_for()

    assert operator.faults == {}


def test_the_pages_of_the_api_keep_to_it(operator):
    window = operator.page
    operator.go("/api/v1/problems")
    operator.go("/api/v1/docs/")

    window.locator(".opblock-summary-control").first.click()
    window.locator(".opblock-body .response").first.wait_for()
    window.locator(".authorize").first.click()
    window.locator(".modal-ux").wait_for()

    assert operator.faults == {}


def test_a_second_factor_is_set_up(operator, settings):
    settings.STAFF_SECOND_FACTOR = True
    window = operator.page

    operator.go("/admin/")
    window.click("[name=begin]")

    assert window.locator(".qr svg").bounding_box()["width"] > 100
    assert operator.faults == {}


def test_the_overview_is_searched_and_its_colours_are_changed(operator):
    window = operator.page
    operator.go(page(Loan, "changelist"))

    window.fill("#nav-filter", "loan events")
    window.click("#header .theme-toggle")

    assert window.locator("#nav-sidebar .model-loanevent").is_visible()
    assert not window.locator("#nav-sidebar .model-company").is_visible()
    assert window.get_attribute("html", "data-theme") in {"light", "dark"}
    assert operator.faults == {}


def test_a_loan_is_chosen_while_it_is_typed(operator):
    window = operator.page
    loan = make_loan(reference="L-81")
    operator.go(page(LoanEvent, "add"))

    window.click(".select2-selection")
    window.fill(".select2-search__field", "L-8")
    window.click(".select2-results__option:has-text('L-81')")

    assert window.input_value("#id_loan") == str(loan.pk)
    assert operator.faults == {}


def test_a_list_is_narrowed_and_its_filters_fold(operator):
    window = operator.page
    make_loan()
    operator.go(page(Loan, "changelist"))
    folded = "#changelist-filter details >> nth=0"

    window.click(f"{folded} >> summary")
    assert window.get_attribute(folded, "open") is None
    operator.go(page(Loan, "changelist"))
    assert window.get_attribute(folded, "open") is None
    window.click("#changelist-filter a:has-text('Borrower')")
    window.locator(".paginator", has_text="0 loans").wait_for()

    assert "collection_route__exact=borrower" in window.url
    assert operator.faults == {}
