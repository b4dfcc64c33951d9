"""An operator's window, which notes whatever a page tries against its policy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin, urlsplit

from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from django.urls import resolve

WATCH = """
document.addEventListener("securitypolicyviolation", event => console.error(
  `policy: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`))
"""
ADDRESSES = "all => all.map(one => one.href)"
# These end what is looked at, or lead to a file.
LEFT_OUT = {"admin:logout", "admin:jsi18n"}


@dataclass
class Operator:
    """A superuser before a desk's screen."""

    site: str
    browser: Any
    page: Any = None
    # What went wrong, by the address of the page.
    faults: dict[str, list[str]] = field(default_factory=dict)

    def sit_down(self, *, signed_in: bool = True) -> Any:
        """Take a fresh window."""
        self.close()
        context = self.browser.new_context(viewport={"width": 1280, "height": 900})
        context.set_default_timeout(10_000)
        context.add_init_script(WATCH)
        if signed_in:
            context.add_cookies([self._cookie()])
        self.page = context.new_page()
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self._note(f"script: {error}"))
        return self.page

    def close(self) -> None:
        """Close the window."""
        if self.page is not None:
            self.page.context.close()
            self.page = None

    def go(self, path: str) -> Any:
        """Open a page, with all that it loads at once."""
        return self.page.goto(urljoin(self.site, path))

    def walk(self, start: str) -> Iterator[tuple[str, Any]]:
        """Open one page of each kind that links lead to; name it, with its answer."""
        known, waiting = set(), [start]
        while waiting:
            address = waiting.pop(0)
            kind = _kind(address)
            if kind in known:
                continue
            known.add(kind)
            yield kind, self.go(address)
            links = self.page.eval_on_selector_all("a[href]", ADDRESSES)
            waiting += [one for one in links if self._is_ours(one)]

    def _is_ours(self, address: str) -> bool:
        parts = urlsplit(address)
        path = address.startswith(f"{self.site}/admin/") and parts.path
        return bool(path) and not parts.fragment and _kind(address) not in LEFT_OUT

    def _cookie(self) -> dict[str, str]:
        client = Client()
        client.force_login(User.objects.get(username="root"))
        name = settings.SESSION_COOKIE_NAME
        return {"name": name, "value": client.cookies[name].value, "url": self.site}

    def _hear(self, message: Any) -> None:
        # Browsers ask for an icon by themselves, and Chromium tells of each error page.
        is_status = message.text.startswith("Failed to load resource")
        is_fault = message.type in {"error", "warning"}
        if is_fault and not (is_status and ".js" not in message.location["url"]):
            self._note(message.text)

    def _note(self, fault: str) -> None:
        self.faults.setdefault(urlsplit(self.page.url).path, []).append(fault)


def _kind(address: str) -> str:
    return resolve(urlsplit(address).path).view_name
