"""Which function answers which call."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from xero_sync.sandbox.wire import ApiError, Reply

Handler = Callable[..., Reply]


class Route:
    """A method and a path with `{named}` segments, bound to a function."""

    def __init__(self, method: str, template: str, handler: Handler) -> None:
        self.method = method
        self.handler = handler
        pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template)
        self.pattern = re.compile(f"^{pattern}$")


def find(
    routes: Iterable[Route], method: str, path: str
) -> tuple[Handler, dict[str, str]]:
    """The function for a call, and what the path names.

    Raises:
        ApiError: 404 for an unknown path, 405 for an unknown method on a known one.
    """
    known = False
    for route in routes:
        match = route.pattern.match(path)
        if match is None:
            continue
        known = True
        if route.method == method:
            return route.handler, match.groupdict()
    if known:
        raise ApiError(405, f"{method} is not allowed here")
    raise ApiError(404, f"No such path: {path}")
