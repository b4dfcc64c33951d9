"""Posting off, and on again with what has waited, by what is on the screen alone."""

import pytest

from tests.browser.crawling import WIDTH
from tests.xero_sync.commands.worlds import record_drawdown, record_of
from xero_sync.models import WritebackSwitch

pytestmark = pytest.mark.django_db(transaction=True)
OFF, ON = "main button.stop", "main form button[value=on]"


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (
            "en",
            {
                "on": "Posting is on",
                "off": "Switch posting on",
                "missing": "Choose what becomes of what has waited.",
            },
        ),
        (
            "fr",
            {
                "on": "L’enregistrement est activé",
                "off": "Activer l’enregistrement",
                "missing": "Choisissez que faire de ce qui a attendu.",
            },
        ),
    ],
    ids=["en", "fr"],
)
def test_posting_is_switched_off_and_on_again_with_what_has_waited(
    customer, language, words
):
    customer.company = customer.codat.ready().company
    customer.sit_down(language=language)
    customer.open_link()
    page = customer.page

    def see(name):
        assert page.evaluate(WIDTH) <= page.viewport_size["width"], name
        customer.see(f"posting-{name}")

    page.goto(f"{customer.site}/c/my/posting/")
    assert page.inner_text("h1") == words["on"]
    see("on")
    customer.press(OFF)
    assert page.inner_text("h1") == words["off"]
    see("off")

    loan = record_drawdown(customer.company)
    page.reload()
    assert "loan-1" in page.inner_text("table")
    assert page.locator("input[name=choice]:checked").count() == 0
    see("held")
    customer.press(ON)
    assert page.inner_text(".summary a") == words["missing"]
    see("missing")
    page.check("#id_choice_all")
    customer.press(ON)

    assert page.inner_text("h1") == words["on"]
    assert record_of(loan).state == "queued"
    assert WritebackSwitch.objects.latest("pk").held_events == "publish"
