"""All that is installed is named, with its version, its reason and its hashes."""

import re
import sys
from importlib.metadata import packages_distributions

import pytest

from tests.marks import on_any_database
from tests.test_architecture import APPS, ROOT, modules, packages

pytestmark = on_any_database
NAMED = re.compile(r"([A-Za-z0-9-]+)(\[\w+\])?==([\w.]+) +# \S.+")
LOCKED = re.compile(
    r"^([a-z0-9-]+)==(\S+)[^\n]*\\\n((?: +--hash=\S+(?: \\)?\n)*)", re.M
)
# What comes with what we name, and is meant to.
ALONG = {"urllib3": "requests rests on it; its connections are made ours"}


def named():
    text = (ROOT / "requirements.txt").read_text()
    lines = [line for line in text.splitlines() if line and line[0] not in "#-"]
    assert lines
    return {line: NAMED.fullmatch(line) for line in lines}


def locked():
    text = (ROOT / ".ci" / "locked.txt").read_text()
    return {name: (version, hashes) for name, version, hashes in LOCKED.findall(text)}


def test_each_package_has_one_version_and_a_reason():
    assert [line for line, match in named().items() if match is None] == []


def test_what_a_package_needs_is_locked_with_its_hashes():
    if not (ROOT / ".ci" / "locked.txt").exists():
        pytest.skip("not a git checkout")
    found = locked()

    for match in named().values():
        assert found[match[1].lower()][0] == match[3]
    text = (ROOT / ".ci" / "locked.txt").read_text()
    assert len(found) == len(re.findall(r"^[a-z0-9-]+==", text, re.M))
    assert all("sha256:" in hashes for _, hashes in found.values())


def test_nothing_is_imported_that_is_not_named():
    known = {match[1].lower() for match in named().values()}
    wheels = packages_distributions()
    foreign = {
        name
        for path in modules(*APPS)
        for name in packages(path)
        if name not in sys.stdlib_module_names and name not in {*APPS, "tests", ""}
    }

    unnamed = {
        name
        for name in foreign
        if not known & {one.lower().replace("_", "-") for one in wheels.get(name, [])}
    }
    assert unnamed == ALONG.keys()
