"""From the link to a connected Xero, by what is on the screen alone."""

from urllib.parse import urlsplit

import pytest

from tests.browser.customers import DESK, PHONE
from tests.marks import more

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("size", [PHONE, *more(DESK)], ids=["phone", "desk"])
def test_a_borrower_connects_in_french_without_script(customer, size):
    customer.sit_down(size=size, language="fr")
    customer.open_link()
    page = customer.page

    # The button stands on the first screen.
    first = page.locator("main a.button")
    assert first.bounding_box()["y"] + 48 < size["height"]
    customer.press("main a.button")
    page.check("#agree")
    assert page.locator("main form button").bounding_box()["y"] < size["height"]
    customer.press("main form button")

    assert "/_sandbox/link/" in page.url
    page.click("button")
    page.wait_for_load_state()

    assert page.url.startswith(f"{customer.site}/c/return/")
    assert customer.connection.status == "Linked"
    customer.press("main a.button")
    assert urlsplit(page.url).path == "/c/my/accounts/lender/"
    page.goto(f"{customer.site}/c/my/")
    assert page.locator(".good.tag").count() == 1


def test_no_address_in_the_browsers_history_holds_the_token(customer):
    customer.sit_down()
    customer.open_link()

    assert urlsplit(customer.page.url).path == "/c/my/"
    cookies = {one["name"]: one for one in customer.page.context.cookies()}
    assert cookies["customer"]["httpOnly"]
    assert cookies["customer"]["sameSite"] == "Lax"
