"""Bodies as RFC 8259 means them, and nothing else."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import IO, Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

from backoffice.api.problems import Problem

# A batch of a hundred events with the longest texts is a tenth of this.
LARGEST_BODY = 1_000_000


class StrictJSONParser(BaseParser):
    """Reads JSON that says one thing: no name twice, no NaN, UTF-8, not too large."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,  # noqa: ARG002
        parser_context: Mapping[str, Any] | None = None,  # noqa: ARG002
    ) -> Any:
        """Return what the body says.

        Raises:
            Problem: 413, the body is too large.
            ParseError: it is no JSON, or says a name twice.
        """
        raw = stream.read(LARGEST_BODY + 1)
        if len(raw) > LARGEST_BODY:
            raise Problem(
                "body_too_large",
                f"The body exceeds {LARGEST_BODY} bytes; send less at once.",
                status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            )
        try:
            return json.loads(
                raw.decode("utf-8"),
                object_pairs_hook=_once_each,
                parse_constant=_no_constant,
            )
        except (ValueError, RecursionError) as exc:
            raise ParseError(f"The body is not valid JSON: {exc}") from exc


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"“{twice}” is there twice")
    return found


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")
