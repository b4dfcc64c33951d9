"""The lender's logo, where the bank feed is shown and asked for."""

import pytest

from tests.xero_sync.portal.journeys import Customer
from xero_sync.checks import check_logo

pytestmark = pytest.mark.django_db

PAGES = ["/c/my/feed/", "/c/my/accounts/lender/"]
ELSEWHERE = "https://cdn.lender.example:8443/logo.png?v=2"
OURS = "admin/img/icon-yes.svg"


@pytest.fixture
def ready(codat, settings):
    settings.LENDER_ACCOUNT_NUMBER, settings.LENDER_SORT_CODE = "12345678", "123456"
    return Customer(codat=codat, company=codat.ready().company)


def policy_of(answer):
    return dict(
        one.strip().split(" ", 1)
        for one in answer.headers["Content-Security-Policy"].split(";")
    )


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize(
    ("logo", "source", "allowed"),
    [
        (ELSEWHERE, ELSEWHERE, "'self' https://cdn.lender.example:8443"),
        (OURS, f"/static/{OURS}", "'self'"),
    ],
)
def test_the_logo_is_shown_with_its_words_and_allowed_by_the_policy(
    ready, settings, page, logo, source, allowed
):
    settings.LENDER_LOGO = logo

    answer = ready.get(page)

    image = f'<img class="logo" src="{source}" alt="Logo: {settings.LENDER_NAME}">'
    assert answer.content.decode().count(image) == 1
    assert policy_of(answer)["img-src"] == allowed


@pytest.mark.parametrize("page", PAGES)
def test_without_a_logo_none_is_shown(ready, page):
    answer = ready.get(page)

    assert "<img" not in answer.content.decode()
    assert policy_of(answer)["img-src"] == "'self'"


@pytest.mark.parametrize(
    ("logo", "is_there"),
    [
        ("", True),
        (ELSEWHERE, True),
        (OURS, True),
        ("no/such/file.png", False),
        ("http://lender.example/logo.png", False),
        ("https://lender.example/a;script-src *", False),
        ("https://user:password@lender.example/logo.png", False),
        ("data:image/png;base64,AAAA", False),
    ],
)
def test_a_logo_that_no_page_could_show_is_found_at_the_start(settings, logo, is_there):
    settings.LENDER_LOGO = logo

    assert [one.id for one in check_logo()] == ([] if is_there else ["xero_sync.E005"])
