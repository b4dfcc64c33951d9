"""What makes the description plain to every reader of YAML."""

import re
from typing import Any

from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import SafeDumper  # type: ignore[attr-defined]

# What YAML 1.1 takes for text and YAML 1.2 for a number, such as 090 or 1e3.
NUMBER = re.compile(
    r"[-+]?(0o[0-7]+|0x[0-9a-f]+|(\.[0-9]+|[0-9]+(\.[0-9]*)?)(e[-+]?[0-9]+)?)",
    re.IGNORECASE | re.ASCII,
)


class Quoted(str):
    """Text that some would read as a number without quotes."""

    __slots__ = ()


def _in_quotes(dumper: Any, data: Quoted) -> Any:
    return dumper.represent_scalar("tag:yaml.org,2002:str", str(data), style="'")


SafeDumper.add_representer(Quoted, _in_quotes)


class PlainGenerator(SchemaGenerator):
    """Makes a description in which text stays text."""

    def get_schema(self, *args: Any, **kwargs: Any) -> Any:
        """Return it; the framework's hooks come too early for this."""
        made = super().get_schema(*args, **kwargs)  # type: ignore[no-untyped-call]
        return _with_quotes(made)


def _with_quotes(result: Any) -> Any:
    if isinstance(result, dict):
        return {_with_quotes(name): _with_quotes(one) for name, one in result.items()}
    if isinstance(result, list):
        return [_with_quotes(one) for one in result]
    if isinstance(result, str) and NUMBER.fullmatch(result):
        return Quoted(result)
    return result


def without_marks(result: Any, **_: Any) -> Any:
    """Take out what drf-spectacular notes for a step that we leave out."""
    if isinstance(result, dict):
        result.pop("x-spec-enum-id", None)
        for one in result.values():
            without_marks(one)
    elif isinstance(result, list):
        for one in result:
            without_marks(one)
    return result
