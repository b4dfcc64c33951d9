"""Staff come in by password and code, and show once more who they are, in a browser."""

import pytest

from backoffice.models import Authenticator, RecoveryCodes
from backoffice.users import roles
from backoffice.users.second_factor import new_codes
from tests.backoffice.users.people import PASSWORD, code_of, make
from tests.browser.crawling import WIDTH
from tests.marks import more

pytestmark = pytest.mark.django_db(transaction=True)
SIZES = {"phone": (360, 740), "desk": (1280, 800)}


@pytest.fixture(params=["phone", *more("desk")])
def desk(request, site, browser, settings, screenshots):
    """A browser of an administrator's; it looks at each page and keeps a picture."""
    settings.STAFF_SECOND_FACTOR = True
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    width, height = SIZES[request.param]
    context = browser.new_context(
        base_url=site, viewport={"width": width, "height": height}
    )
    page = context.new_page()

    def see(name):
        page.screenshot(path=screenshots / f"staff-{name}-{request.param}.png")
        assert page.evaluate(WIDTH) <= width, name

    page.see = see
    yield page
    context.close()


def press(page, words):
    page.get_by_role("button", name=words, exact=True).first.click()


def give_password(page):
    page.goto("/admin/")
    page.fill("#id_username", "ada")
    page.fill("#id_password", PASSWORD)
    page.see("sign-in")
    press(page, "Log in")


def give_code(page, code):
    page.fill("#id_code", code)
    press(page, "Go on")


@pytest.fixture
def ada(db):
    roles.synchronise()
    return make("ada", role="administrator")


def test_an_administrator_sets_up_a_second_factor(desk, ada):
    give_password(desk)
    assert desk.inner_text("h1") == "Set up your second factor"
    desk.see("begin")
    press(desk, "Begin")
    assert desk.locator(".qr svg").bounding_box()["width"] > 200
    desk.see("set-up")
    give_code(desk, "000000")
    assert "That code was not right" in desk.inner_text(".errornote")
    # One wrong code asks for a second's wait.
    desk.wait_for_timeout(1_100)
    give_code(desk, code_of(ada))
    assert desk.locator(".recovery-codes code").count() == RecoveryCodes.COUNT
    desk.see("recovery-codes")
    desk.get_by_role("link", name="They are kept").click()
    assert desk.inner_text("h1") == "Overview"

    desk.goto("/admin/sessions/")
    assert "this one" in desk.inner_text("table")
    desk.see("sessions")
    desk.goto("/admin/auth/group/")
    desk.see("roles")
    desk.get_by_role("link", name="operator").click()
    assert "lending.add_loanevent" in desk.inner_text("#content")
    desk.see("role")


def test_a_role_is_given_once_they_have_shown_who_they_are(desk, ada, settings):
    bert, codes = make("bert"), new_codes(ada)
    Authenticator.objects.create(
        user=ada, name="app", sealed_key=Authenticator.new_key()
    )
    give_password(desk)
    assert desk.inner_text("h1") == "Your code"
    desk.see("code")
    give_code(desk, code_of(ada))
    assert desk.inner_text("h1") == "Overview"

    settings.STAFF_FRESH *= 0
    desk.goto(f"/admin/auth/user/{bert.pk}/change/")
    desk.get_by_label("operator").check()
    desk.see("user")
    press(desk, "Save")
    assert desk.inner_text("h1") == "Is it you?"
    desk.see("confirm")
    desk.fill("#id_password", PASSWORD)
    give_code(desk, codes[0])
    assert "was changed successfully" in desk.inner_text(".messagelist")
    assert [one.name for one in bert.groups.all()] == ["operator"]
