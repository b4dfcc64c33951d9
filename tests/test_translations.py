"""The compiled catalogues are those of the sources."""

import ast
import gettext
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from django.conf import settings

from tests.marks import on_any_database

pytestmark = on_any_database
SOURCES = sorted(settings.BASE_DIR.glob("*/locale/*/LC_MESSAGES/django.po"))

# What of an entry's words is the borrower's; the rest is the operators'.
OF_ENTRIES = (
    "borrower_wording",
    "example",
    "fates",
    "forecast_wording",
    "names",
    "posted",
    "spreadsheet",
)


def catalogue(path: Path) -> dict[str, str]:
    with path.open("rb") as file:
        return gettext.GNUTranslations(file)._catalog  # type: ignore[attr-defined]


def test_there_are_catalogues():
    assert len(SOURCES) >= 2


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.parts[-5])
def test_a_compiled_catalogue_is_that_of_its_source(source, tmp_path):
    if shutil.which("msgfmt") is None:
        pytest.skip("needs msgfmt, from the package gettext")
    fresh = tmp_path / "django.mo"

    subprocess.run(["msgfmt", "--check-format", "-o", fresh, source], check=True)

    assert catalogue(fresh) == catalogue(source.with_suffix(".mo"))


# What says a text; one with a number is known by its singular.
SAYING = {"_", "gettext", "gettext_lazy", "ngettext"}


def french_texts() -> dict[str, str]:
    """What each text is in French, both of those with a number."""
    path = settings.BASE_DIR / "xero_sync/locale/fr/LC_MESSAGES/django.mo"
    found: dict[str, str] = {}
    for key, text in catalogue(path).items():
        name = key if isinstance(key, str) else key[0]
        found[name] = f"{found.get(name, '')}{text}"
    return found


def said_by(path: Path) -> list[ast.expr]:
    """What a module gives to be translated."""
    return [
        node.args[0]
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in SAYING
    ]


def texts_for_borrowers() -> set[str]:
    """What is said to borrowers, in modules and in templates."""
    found: set[str] = set()
    told = (
        "borrowers/**/*",
        "portal/**/*",
        "accounts/progress",
        *(f"entries/{one}" for one in OF_ENTRIES),
    )
    for pattern in told:
        for path in (settings.BASE_DIR / "xero_sync").glob(f"{pattern}.py"):
            found |= {ast.literal_eval(one) for one in said_by(path)}
    for folder in ("templates/customer", "templates/email"):
        for path in (settings.BASE_DIR / folder).iterdir():
            tags = re.findall(r"{%\s*(?:block)?trans.*?%}", path.read_text())
            said = [re.fullmatch(r'{% translate "([^"]+)" %}', tag) for tag in tags]
            assert all(said), f"{path}: a text that this test cannot read"
            found |= {one[1] for one in said if one}
    return found


def test_whatever_a_borrower_reads_is_there_in_french():
    french = french_texts()

    texts = texts_for_borrowers()

    assert len(texts) > 100
    assert {text for text in texts if not french.get(text)} == set()


def said_anywhere() -> set[str]:
    """What is said by whatever the French of this catalogue is for."""
    found: set[str] = set()
    for room in ("xero_sync", "lending"):
        for path in (settings.BASE_DIR / room).rglob("*.py"):
            given = [one for one in said_by(path) if isinstance(one, ast.Constant)]
            found |= {str(one.value) for one in given}
    for folder in ("templates/customer", "templates/email"):
        for path in (settings.BASE_DIR / folder).iterdir():
            found |= {*re.findall(r'{% translate "([^"]+)"', path.read_text())}
    return found


def test_no_french_text_is_left_of_what_is_said_no_more():
    texts = {text for text in french_texts() if text}

    assert texts - said_anywhere() == set()


# One width before each sign; a wide one before a colon and within quotation marks.
WRONG_SPACES = re.compile(r"[ \u00a0][;?!]|[ \u202f][:»]|«[ \u202f]")


def test_french_sets_its_spaces_before_double_signs():
    for text in french_texts().values():
        assert not WRONG_SPACES.search(text), text
