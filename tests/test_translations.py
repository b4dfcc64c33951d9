"""The compiled catalogues are those of the sources."""

import gettext
import shutil
import subprocess
from pathlib import Path

import pytest
from django.conf import settings

SOURCES = sorted(settings.BASE_DIR.glob("*/locale/*/LC_MESSAGES/django.po"))


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
