"""The questions about the accounts, answered by what is on the screen alone."""

import pytest
from django.conf import settings as django_settings

from tests.browser.crawling import Look, look_at
from tests.browser.customers import DESK, PHONE
from tests.marks import more

pytestmark = pytest.mark.django_db(transaction=True)
GO_ON = "main form[method=post] button"


@pytest.mark.parametrize(
    ("size", "language", "new_fee", "error"),
    [
        (PHONE, "fr", "Un nouveau compte", "Erreur"),
        *more((DESK, "en", "A new account", "Error")),
    ],
    ids=["phone-fr", "desk-en"],
)
def test_the_questions_are_answered_by_what_is_on_the_screen(
    customer, settings, size, language, new_fee, error
):
    settings.LENDER_ACCOUNT_NUMBER, settings.LENDER_SORT_CODE = "12345678", "123456"
    customer.company = customer.codat.adopt().company
    customer.sit_down(size=size, language=language, script=True, bypass_csp=True)
    customer.open_link()
    look, page = Look(), customer.page

    def see(name):
        look_at(page, page.url, look)
        customer.see(f"questions-{name}")

    page.goto(f"{customer.site}/c/my/accounts/lender/")
    for name in ("lender", "bank"):
        see(name)
        customer.press(GO_ON)
    # What belongs to a new account is asked once it is wanted.
    assert not page.is_visible("#id_code")
    page.click(f'text="{new_fee}"')
    assert page.is_visible("#id_code")
    page.fill("#id_code", "404")
    customer.press(GO_ON)
    assert page.title().startswith(f"{error}")
    assert page.input_value("#id_code") == "404"
    see("fee-error")
    page.click(".summary a >> nth=0")
    assert page.evaluate("document.activeElement.id") == "id_code"
    page.click("text=404 Bank Fees")
    customer.press(GO_ON)
    for name in ("tax", "supplier", "check"):
        see(name)
        customer.press(GO_ON)
    see("progress")

    assert look.found == {}
    assert look.visited[-1] == "/c/my/accounts/progress/"
    assert django_settings.LENDER_NAME in page.content()
