"""The examples of the description; the tests send them and check the answers."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("examples.json")


@dataclass(frozen=True)
class Example:
    """A request in a world that `given` describes, and its answer."""

    name: str
    given: str
    status: int
    answer: Any = None
    body: Any = None
    path: dict[str, str] = field(default_factory=dict)
    query: dict[str, str] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """The name in words: “TakeOnACompany” is “Take on a company”."""
        return re.sub("(?<!^)(?=[A-Z])", " ", self.name).capitalize()


@cache
def all_examples() -> dict[str, Sequence[Example]]:
    """Return the examples of each operation."""
    content = json.loads(FILE.read_text(encoding="utf-8"))
    return {
        operation: [Example(**one) for one in examples]
        for operation, examples in content.items()
    }


def of_operation(operation_id: str) -> Sequence[Example]:
    """Return the examples of one operation."""
    return all_examples().get(operation_id, [])
