"""Whether a body has the shape of a create model.

Codat's push page: a property which the model does not list may itself be an error.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from xero_sync.sandbox.model_nodes import Node
from xero_sync.sandbox.wire import JsonObject, read_day

LARGEST_AMOUNT = 10**15


def issue(item: str, message: str, validator: str = "XeroValidator") -> JsonObject:
    """An entry of `validation.errors` or `.warnings`."""
    return {"itemId": item, "message": message, "validatorName": validator}


def is_amount(value: Any) -> bool:
    """Whether a JSON value is a number of a size that money can have."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return False
    return -LARGEST_AMOUNT < value < LARGEST_AMOUNT


def problems(
    model: Node, body: Any, *, tolerated: frozenset[str] = frozenset()
) -> list[JsonObject]:
    """Everything about a body which its model does not allow.

    Args:
        tolerated: dotted paths outside the model which are let through.
    """
    return list(_check(model, body, "", tolerated))


def _check(
    model: Node, value: Any, path: str, tolerated: frozenset[str]
) -> Iterator[JsonObject]:
    kind = model["type"]
    if kind == "Object":
        yield from _check_object(model, value, path, tolerated)
    elif kind == "Array":
        yield from _check_array(model, value, path, tolerated)
    elif not _is_scalar(kind, value):
        yield issue(path, f"{path} is not a valid {kind}.")
    elif "options" in model and value not in {it["value"] for it in model["options"]}:
        yield issue(path, f"{path} has an unknown value: {value}.")


def _check_object(
    model: Node, value: Any, path: str, tolerated: frozenset[str]
) -> Iterator[JsonObject]:
    if not isinstance(value, dict):
        yield issue(path, f"{path or 'Body'} is not a valid Object.")
        return
    known = model["properties"]
    for name in value:
        inner = f"{path}.{name}" if path else name
        if name not in known and inner not in tolerated:
            yield issue(inner, f"{inner} is not supported by Xero.")
    for name, child in known.items():
        inner = f"{path}.{name}" if path else name
        found = value.get(name)
        blank = found == "" and child["type"] in {"String", "DateTime"}
        if found is not None and not blank:
            yield from _check(child, found, inner, tolerated)
        elif child["required"]:
            yield issue(inner, f"{inner} must be provided.")


def _check_array(
    model: Node, value: Any, path: str, tolerated: frozenset[str]
) -> Iterator[JsonObject]:
    if not isinstance(value, list):
        yield issue(path, f"{path} is not a valid Array.")
        return
    if not value and model["required"]:
        yield issue(path, f"{path} must be provided.")
    for item in value:
        yield from _check_object(model, item, path, tolerated)


def _is_scalar(kind: str, value: Any) -> bool:
    if kind == "Number":
        return is_amount(value)
    if kind == "Boolean":
        return isinstance(value, bool)
    if kind == "DateTime":
        return read_day(value) is not None
    return isinstance(value, str)
