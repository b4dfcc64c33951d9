"""The arrows and the doors: who may import what, and what lies at the top level."""

import ast
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

ROOT: Path = settings.BASE_DIR
APPS = ("backoffice", "xero_sync", "lending")

# What each app must never import.
FORBIDDEN = {
    "lending": {"xero_sync", "backoffice"},
    "xero_sync": {"backoffice"},
    "backoffice": set(),
}
# The only modules that may import a package.
DOORS = {
    "requests": {"xero_sync/codat/client.py", "backoffice/webhooks/sending.py"},
    "django_q": {"xero_sync/task_queue.py"},
    "environ": {"backoffice/settings.py"},
}
TOP_LEVEL = {
    "backoffice",
    "lending",
    "xero_sync",
    "templates",
    "tests",
    "manage.py",
    "requirements.txt",
    "README.md",
}
DOT_NAMES = {
    ".ci",
    ".gitignore",
    ".env.example",
    ".pytest.ini",
    ".ruff.toml",
    ".mypy.ini",
    ".coveragerc",
    ".pre-commit-config.yaml",
}
MOST_LINES = 400


def modules(*folders: str) -> Iterator[Path]:
    for folder in folders:
        yield from sorted((ROOT / folder).rglob("*.py"))


def imported(path: Path) -> set[str]:
    """The full names that a module imports, those inside functions included."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
            names.add(node.module or "")
    return names


def packages(path: Path) -> set[str]:
    return {name.split(".")[0] for name in imported(path)}


@pytest.mark.parametrize("app", APPS)
def test_no_arrow_points_back(app):
    for path in modules(app):
        backwards = packages(path) & FORBIDDEN[app]

        assert not backwards, f"{path} imports {backwards}"


@pytest.mark.parametrize("package", DOORS)
def test_a_package_has_one_door(package):
    users = {
        str(path.relative_to(ROOT))
        for path in modules(*APPS)
        if package in packages(path)
    }

    assert users == DOORS[package]


def test_the_lenders_book_has_never_heard_of_codat():
    for path in modules("lending"):
        assert "codat" not in path.read_text().lower(), path


def test_the_sandbox_shares_nothing_with_what_it_checks():
    for path in modules("xero_sync/sandbox"):
        foreign = {
            name
            for name in imported(path)
            if name.split(".")[0] in {"django", "rest_framework", *APPS}
            and not name.startswith("xero_sync.sandbox")
        }

        assert not foreign, f"{path} imports {foreign}"


def test_payloads_and_client_know_no_models():
    for path in modules("xero_sync/codat"):
        ours = {
            name
            for name in imported(path)
            if name.split(".")[0] in APPS and not name.startswith("xero_sync.codat")
        }

        assert not ours, f"{path} imports {ours}"


def test_no_module_is_too_long_to_read():
    for path in modules(*APPS):
        if "migrations" in path.parts:
            continue

        assert len(path.read_text().splitlines()) <= MOST_LINES, path


def test_the_top_level_is_what_the_design_names():
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode or not listed.stdout:
        pytest.skip("not a git checkout")

    names = {line.split("/")[0] for line in listed.stdout.splitlines()}

    assert names <= TOP_LEVEL | DOT_NAMES
    assert {name for name in names if not name.startswith(".")} == TOP_LEVEL
