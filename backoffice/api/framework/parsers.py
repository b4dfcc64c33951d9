"""Bodies as RFC 8259 means them, and nothing else."""

import json
from collections import Counter
from collections.abc import Mapping
from http import HTTPStatus
from math import isfinite
from typing import IO, Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

from backoffice.api.framework.problems import Problem

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
            found = json.loads(
                raw.decode("utf-8"),
                object_pairs_hook=_once_each,
                parse_constant=_no_constant,
                parse_float=_finite,
            )
            if b"\\u" in raw:
                # Half of a surrogate pair is no character; nothing could store it.
                json.dumps(found, ensure_ascii=False).encode()
        except (ValueError, RecursionError) as exc:
            raise ParseError(f"The body is not valid JSON: {_words(exc)}") from exc
        return found


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        counted = Counter(name for name, _ in pairs)
        twice = counted.most_common(1)[0][0]
        raise ValueError(f"“{twice}” is there twice")
    return found


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not isfinite(number):
        raise ValueError(f"{text} is too large for a number")
    return number


def _words(exc: ValueError | RecursionError) -> str:
    """Say what is wrong without half a character, which no answer could carry."""
    if isinstance(exc, RecursionError):
        return "it is nested too deeply."
    if isinstance(exc, UnicodeError):
        return "it is not UTF-8, or has half of a surrogate pair."
    return str(exc).encode(errors="backslashreplace").decode()
