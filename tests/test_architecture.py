"""The arrows and the doors: who may import what, and what lies at the top level."""

import ast
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from django.conf import settings

from tests.conftest import ONE_IN
from tests.marks import on_any_database

pytestmark = on_any_database
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
    "django_q": {"xero_sync/runtime/task_queue.py"},
    "environ": {"backoffice/settings.py"},
}
# Who may rest on Django's internals, through `lending.db`: where the plain query or
# `bulk_create` in its place, or all of them together, cost a figure of `tests.bench`
# more than a tenth.
PREPARED = {
    "backoffice.api_keys.services": "the key, read by every request",
    "lending.services.batch": "an event's place, read for every event",
    "lending.services.loans": "the loan's lock, taken for every event",
    "xero_sync.runtime.leases": "whether a nudge is needed, after every commit",
    "xero_sync.writeback.budget": "what the limits leave, locked by every claim",
    "xero_sync.writeback.choosing": "whose turn it is, asked in every claim",
    "xero_sync.writeback.readiness": "what a company allows, asked for every event",
}
BULK = {
    "xero_sync.writeback.budget": "what was taken of the limits, in every claim",
    "xero_sync.writeback.claims": "the requests of a claim",
    "xero_sync.writeback.planner": "an event's entries and their first changes",
    "xero_sync.writeback.results": "the evidence of every exchange",
    "xero_sync.writeback.transitions": "lanes woken, states of many entries at once",
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
# The rooms of `xero_sync`, from top to ground: each imports those below it only.
ROOMS = (
    "portal",
    "admin",
    "partner_programme",
    "borrowers",
    "connections",
    "accounts",
    "entries",
    "bank_feeds",
    "organisations",
    "xero_app",
    "monitoring",
    "writeback",
    "webhooks",
    "runtime",
    "signals",
    "models",
    "codat",
)
# Codat and the models are the ground; `backoffice.admin` registers what admin has.
ENTERED_BY_DOORS = tuple(
    one for one in ROOMS if one not in {"admin", "signals", "models", "codat"}
)
# What wires the rooms together and may import all of them.
AT_THE_ROOT = {"__init__", "apps", "checks", "jobs", "receivers", "signals"}
BESIDE = {"management", "migrations", "sandbox", "templatetags"}


def modules(*folders: str) -> Iterator[Path]:
    for folder in folders:
        yield from sorted((ROOT / folder).rglob("*.py"))


@cache
def imported(path: Path) -> frozenset[str]:
    """The full names that a module imports, those inside functions included."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
            names.add(node.module or "")
    return frozenset(names)


def packages(path: Path) -> set[str]:
    return {name.split(".")[0] for name in imported(path)}


@cache
def graph() -> dict[str, set[str]]:
    """Return which of our modules each of our modules imports."""
    paths = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts): path
        for path in modules(*APPS)
        if "migrations" not in path.parts
    }
    names = {name.removesuffix(".__init__"): path for name, path in paths.items()}
    return {
        name: {one for one in imported(path) if one in names} - {name} - parents(name)
        for name, path in names.items()
    }


def parents(module: str) -> set[str]:
    """Return the packages that a module lies in; they are named in its imports."""
    parts = module.split(".")
    return {".".join(parts[:length]) for length in range(1, len(parts))}


def package(module: str) -> str:
    path = ROOT / module.replace(".", "/")
    return module if path.is_dir() else module.rpartition(".")[0]


def is_inside(inner: str, outer: str) -> bool:
    return inner == outer or inner.startswith(f"{outer}.")


def room(module: str) -> str:
    return [*module.split("."), ""][1]


def circles(imports: dict[str, set[str]]) -> list[list[str]]:
    """Return the groups that import each other, directly or by a detour."""
    reached = {name: _reached(name, imports) for name in imports}
    groups = {
        tuple(sorted(other for other in reached[name] if name in reached[other]))
        for name in imports
        if name in reached[name]
    }
    return sorted(list(group) for group in groups)


def _reached(name: str, imports: dict[str, set[str]]) -> set[str]:
    found: set[str] = set()
    ahead = [name]
    while ahead:
        for target in imports.get(ahead.pop(), set()):
            if target not in found:
                found.add(target)
                ahead.append(target)
    return found


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


@pytest.mark.parametrize(
    ("module", "allowed"),
    [
        ("lending.db.prepared", PREPARED.keys() | {"lending.db.lookups"}),
        ("lending.db.bulk", BULK.keys()),
        ("lending.db.lookups", {"lending.apps"}),
    ],
)
def test_djangos_internals_are_rested_on_by_few(module, allowed):
    users = {name for name, targets in graph().items() if module in targets}

    assert users == allowed


def test_rooms_import_only_what_lies_below_them():
    for module, targets in graph().items():
        ours = room(module) if module.startswith("xero_sync.") else ""
        for target in targets:
            theirs = room(target)
            if ours in ROOMS and theirs != ours and target.startswith("xero_sync."):
                assert theirs in ROOMS, f"{module} imports {target}"
                is_below = ROOMS.index(theirs) > ROOMS.index(ours)
                assert is_below, f"{module} imports {target}, which lies above it"


def doors(name: str) -> set[str]:
    """Return the modules that a room's docstring names."""
    text = (ROOT / "xero_sync" / name / "__init__.py").read_text()
    return set(re.findall(r"`(\w+)`", ast.get_docstring(ast.parse(text)) or ""))


@pytest.mark.parametrize("name", ENTERED_BY_DOORS)
def test_a_room_is_entered_by_its_doors(name):
    used = {
        target.split(".")[2]
        for module, targets in graph().items()
        for target in targets
        if target.startswith(f"xero_sync.{name}.") and room(module) != name
    }
    there = {path.stem for path in (ROOT / "xero_sync" / name).glob("*.py")}

    assert used <= doors(name) <= there


def test_every_module_of_the_write_back_has_a_room():
    names = {path.stem for path in (ROOT / "xero_sync").glob("*.py")}
    folders = {path.parent.name for path in (ROOT / "xero_sync").glob("*/*.py")}

    assert names == AT_THE_ROOT
    assert folders <= set(ROOMS) | BESIDE


def test_no_module_imports_itself_by_a_detour():
    assert circles(graph()) == []


def test_no_package_imports_itself_by_a_detour():
    packages_of: dict[str, set[str]] = {}
    for module, targets in graph().items():
        own = package(module)
        theirs = {package(one) for one in targets}
        # A package and what lies inside it are one house.
        packages_of.setdefault(own, set()).update(
            one for one in theirs if not is_inside(one, own) and not is_inside(own, one)
        )

    assert circles(packages_of) == []


def test_every_package_says_what_it_is_for():
    for path in modules(*APPS):
        if path.name == "__init__.py" and not BESIDE & {*path.parts} - {"sandbox"}:
            assert ast.get_docstring(ast.parse(path.read_text())), path


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


def test_the_app_knows_nothing_of_the_programme():
    for path in modules("xero_sync/xero_app"):
        ours = {name for name in imported(path) if "programme" in name.lower()}

        assert not ours, f"{path} imports {ours}"


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


def test_what_a_person_waits_for_in_part_is_there():
    """A grid or a file that was renamed would be run whole, and nobody would know."""
    for begins in ONE_IN:
        path, _, test = begins.partition("::")
        assert f"def {test}" in (ROOT / path).read_text(), begins
