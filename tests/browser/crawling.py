"""Every page that can be reached from one, each looked at in the same way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

from django.conf import settings

AXE = Path(settings.BASE_DIR) / ".data/browser/node_modules/axe-core/axe.min.js"
MOST_BYTES = 100_000
NARROWEST = 320
# Links within a sentence are as high as their line.
SMALL = """
() => [...document.querySelectorAll(
    'a[href], button, input:not([type=hidden]), summary')]
  .filter(one => !one.classList.contains('skip') && !one.closest('p, dd, .hint, li'))
  .filter(one => one.getClientRects().length)
  .map(one => [one.closest('label') || one, one.outerHTML])
  .map(([box, html]) => box.getBoundingClientRect().height + ' ' + html)
  .filter(one => parseFloat(one) < 44)
"""
WIDTH = "document.documentElement.scrollWidth"
# WCAG 2.2 A and AA, and what axe calls good practice.
RUN_AXE = """
async () => (await axe.run(document)).violations.map(
  one => one.id + ': ' + one.nodes.map(node => node.html).join(' | '))
"""


@dataclass
class Look:
    """What was found on the pages, by the address of each."""

    found: dict[str, list[str]] = field(default_factory=dict)
    visited: list[str] = field(default_factory=list)

    def add(self, address: str, *matters: str) -> None:
        """Note what is wrong with a page."""
        if matters:
            self.found.setdefault(address, []).extend(matters)


def addresses(page: Any, start: str) -> Iterator[str]:
    """Go to each page of the borrowers' that links lead to, from one on."""
    known, waiting = {start}, [start]
    while waiting:
        address = waiting.pop(0)
        page.goto(address)
        yield address
        links = page.eval_on_selector_all("a[href]", "them => them.map(a => a.href)")
        for link in links:
            clean = urljoin(link, urlsplit(link).path)
            is_ours = urlsplit(clean).path.startswith(("/c/my/", "/connect/"))
            if is_ours and clean not in known and not clean.endswith(".csv"):
                known.add(clean)
                waiting.append(clean)


def look_at(page: Any, address: str, look: Look) -> None:
    """Look at the page that is open: its weight, its width, its targets, axe."""
    look.visited.append(urlsplit(address).path)
    answer = page.request.get(page.url)
    if len(answer.body()) > MOST_BYTES:
        look.add(address, f"{len(answer.body())} bytes")
    if (count := page.locator("h1").count()) != 1:
        look.add(address, f"{count} h1")
    if small := page.evaluate(SMALL):
        look.add(address, *[f"small: {one}" for one in small])
    size = page.viewport_size
    if page.evaluate(WIDTH) > size["width"]:
        look.add(address, f"wider than {size['width']} px")
    page.set_viewport_size({"width": NARROWEST, "height": size["height"]})
    if page.evaluate(WIDTH) > NARROWEST:
        look.add(address, f"wider than {NARROWEST} px")
    page.set_viewport_size(size)
    if AXE.exists():
        page.evaluate(AXE.read_text())
        look.add(address, *page.evaluate(RUN_AXE))
