"""What is dangerous is used where this page names it, and nowhere else."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest
from django.conf import settings

from tests.marks import on_any_database
from tests.test_architecture import APPS, ROOT, imported, modules

pytestmark = on_any_database

# What runs programs or turns bytes into objects, what is not random enough for a
# secret, and what reaches other machines: by module, and what for.
IMPORTS = {
    "pickle": {"xero_sync/sandbox/keeping.py": "its own file, for a developer"},
    "subprocess": {
        "backoffice/demo/children.py": "the demo's processes, of words of ours",
        "backoffice/demo/guard.py": "the same",
    },
    "random": {"backoffice/webhooks/claims.py": "spreads what is sent again"},
    "socket": {
        "backoffice/demo/children.py": "a free port",
        "backoffice/web/worker.py": "gathers a request before a thread",
        "backoffice/webhooks/sockets.py": "connects to the address that was checked",
        "xero_sync/jobs.py": "the host's name",
    },
    "smtplib": {"xero_sync/borrowers/notices.py": "names of Django's mail's errors"},
    "http.client": {
        "backoffice/demo/sandbox.py": "asks the demo's own processes",
        "backoffice/demo/stage.py": "the same",
        "xero_sync/sandbox/sandbox.py": "the sandbox's webhooks",
    },
}
# Nobody needs these.
IMPORTS |= {
    name: {}
    for name in (
        *("ctypes", "dill", "ftplib", "httpx", "jinja2", "ldap3", "lxml", "marshal"),
        *("paramiko", "pymemcache", "shelve", "ssl", "telnetlib", "urllib.request"),
        *("xml", "xmlrpc", "yaml"),
    )
}
# Statements that are not made by the ORM; their values are parameters.
STATEMENTS = {
    "backoffice/api/framework/idempotency.py": "a whole number of milliseconds",
    "backoffice/storing.py": "a constant",
    "lending/db/append_only.py": "triggers, in a migration",
    "lending/db/guards.py": "a constant",
    "lending/db/runtime_role.py": "names that were checked, by who owns the tables",
    "lending/db/bulk.py": "names of our tables and columns",
    "lending/db/prepared.py": "what the ORM made",
    "xero_sync/runtime/clock.py": "a constant",
}
CALLS = {
    "mark_safe": {"backoffice/users/second_factor.py": "a picture that segno draws"},
    "SafeString": {"backoffice/admin.py": "a dash"},
}
CALLS |= {
    name: {}
    for name in (
        *("eval", "exec", "__import__", "RawSQL", "extra", "raw", "from_string"),
        *("Template", "popen", "system", "spawn", "md5", "sha1"),
        "_create_unverified_context",
    )
}


@cache
def trees() -> dict[str, ast.Module]:
    return {
        str(path.relative_to(ROOT)): ast.parse(path.read_text())
        for path in modules(*APPS)
        if "migrations" not in path.parts
    }


@cache
def calls(module: str) -> list[tuple[str, ast.Call]]:
    return [
        (getattr(node.func, "id", None) or getattr(node.func, "attr", ""), node)
        for node in ast.walk(trees()[module])
        if isinstance(node, ast.Call)
    ]


@pytest.mark.parametrize("name", IMPORTS)
def test_a_dangerous_module_is_imported_where_it_is_named(name):
    found = {
        module
        for module in trees()
        if any(f"{one}.".startswith(f"{name}.") for one in imported(ROOT / module))
    }

    assert found == IMPORTS[name].keys()


@pytest.mark.parametrize("name", CALLS)
def test_a_dangerous_function_is_called_where_it_is_named(name):
    found = {
        module
        for module in trees()
        if any(called == name for called, _ in calls(module))
    }

    assert found == CALLS[name].keys()


def test_sql_is_written_by_few():
    found = {
        module
        for module in trees()
        if any(
            called == "execute" and not isinstance(call.func.value, ast.Call)
            for called, call in calls(module)
            if isinstance(call.func, ast.Attribute)
        )
    }

    assert found == STATEMENTS.keys()


def test_no_certificate_goes_unchecked_and_no_shell_is_asked():
    given = {
        (keyword.arg, keyword.value.value)
        for module in trees()
        for _, call in calls(module)
        for keyword in call.keywords
        if isinstance(keyword.value, ast.Constant)
    }

    assert given & {("verify", False), ("shell", True), ("mark_safe", True)} == set()
    assert not [m for m in trees() if "CERT_NONE" in (ROOT / m).read_text()]


FILES = [
    path.relative_to(ROOT)
    for folder in ("templates", "backoffice/static", "xero_sync/static")
    for path in sorted((ROOT / folder).rglob("*.*"))
]
UNSAFE = re.compile(
    r"\|\s*safe\b|\bsafeseq\b|autoescape off|innerHTML|outerHTML|insertAdjacentHTML"
    r"|document\.write|\beval\(|new Function|postMessage|localStorage|sessionStorage"
    r"|indexedDB|document\.cookie|__proto__|Object\.assign|\son[a-z]{3,}=|javascript:"
)


@pytest.mark.parametrize(
    "path", [one for one in FILES if one.suffix in {".html", ".js"}], ids=str
)
def test_no_page_shows_text_as_html_or_keeps_something_in_the_browser(path: Path):
    assert UNSAFE.findall((settings.BASE_DIR / path).read_text()) == []
