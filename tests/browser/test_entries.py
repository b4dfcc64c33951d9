"""The entries: a filter, what is to be done, the file, by what is on the screen."""

import pytest

from tests.browser.crawling import WIDTH
from tests.browser.test_pages import posting

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    ("language", "needs_you", "to_do", "download", "column"),
    [
        (
            "en",
            "Needs you",
            "Reconnect your Xero; then it goes out by itself.",
            "Download for your accountant",
            "Amount",
        ),
        (
            "fr",
            "À vous d’agir",
            "Reconnectez votre Xero ; elle partira alors automatiquement.",
            "Télécharger pour votre comptable",
            "Montant",
        ),
    ],
    ids=["en", "fr"],
)
def test_entries_are_filtered_acted_on_and_taken_away(
    customer, language, needs_you, to_do, download, column
):
    posting(customer)
    customer.company.sync_records.filter(reason="invoice_not_found").update(
        reason="not_linked"
    )
    customer.sit_down(language=language)
    customer.open_link()
    page = customer.page

    def see(name):
        assert page.evaluate(WIDTH) <= page.viewport_size["width"], name
        customer.see(f"entries-{name}")

    page.goto(f"{customer.site}/c/my/entries/")
    every = page.locator("tbody tr").count()
    see("all")
    customer.press(f'.tabs a:has-text("{needs_you}")')
    few = page.locator("tbody tr").count()
    current = page.inner_text(".tabs [aria-current]")
    see("needs-you")

    assert 0 < few < every
    assert current == f"{needs_you} ({few})"
    with page.expect_download() as taken:
        page.click(f'text="{download}"')
    heads, *rows = taken.value.path().read_text("utf-8-sig").splitlines()
    assert column in heads
    assert len(rows) == few
    assert taken.value.suggested_filename.endswith(".csv")
    customer.press(f'tbody a:has-text("{to_do}") >> nth=0')
    assert page.url == f"{customer.site}/c/my/connect/"
