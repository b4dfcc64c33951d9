"""Whether what is there under a natural key is what is being sent again."""

from collections.abc import Mapping
from typing import Any

from backoffice.api.framework.problems import FieldFault, Problem

CODE = "reference_taken"


def same_or_conflict(stored: Mapping[str, Any], given: Mapping[str, Any]) -> None:
    """Pass the same content, as it was answered when the resource was made.

    What a person has mended since does not turn a repeat into something else.

    Raises:
        Problem: 422, naming the fields that differ.
    """
    differing = {
        field: (stored[field], value)
        for field, value in given.items()
        # A field that came later was not asked for then.
        if stored.get(field, value) != value
    }
    if differing:
        words = "; ".join(
            f"{field} is {was}, not {value}"
            for field, (was, value) in differing.items()
        )
        raise _taken(
            f"reference: “{stored['reference']}” is there with other content: {words}.",
            list(differing),
        )


def taken() -> Problem:
    """Say of a resource that the key may not see only that its reference is taken."""
    return _taken("reference: it is already in use; choose another.", ["reference"])


def _taken(words: str, fields: list[str]) -> Problem:
    faults = [FieldFault(words, pointer=f"/{field}", code=CODE) for field in fields]
    return Problem(CODE, words, faults=faults)
