"""Builders for the nodes of an options model.

Codat's options page: a node has a type, names, whether it is required, its properties
or choices, and remarks about validation.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypedDict, Unpack

from xero_sync.sandbox.wire import JsonObject

Node = JsonObject
MUST = "Must be provided."
GUID = "Must be a valid GUID."


class Rules(TypedDict, total=False):
    """What else a node may say."""

    required: bool
    options: Iterable[str]
    field: str
    warn: Iterable[str]
    info: Iterable[str]


def node(
    kind: str,
    name: str,
    *,
    properties: dict[str, Node] | None = None,
    **rules: Unpack[Rules],
) -> Node:
    """A node; it is required unless the rules say otherwise."""
    made: Node = {"type": kind, "displayName": name, "description": name}
    if properties is not None:
        made["properties"] = properties
    choices = [
        {"value": value, "type": "String", "displayName": value, "required": False}
        for value in rules.get("options", ())
    ]
    if choices:
        made["options"] = choices
    made["required"] = rules.get("required", True)
    field = rules.get("field", name)
    warnings = [{"field": field, "details": it} for it in rules.get("warn", ())]
    information = [{"field": field, "details": it} for it in rules.get("info", ())]
    if warnings or information:
        made["validation"] = {"warnings": warnings, "information": information}
    return made


def text(name: str, **rules: Unpack[Rules]) -> Node:
    """A string."""
    return node("String", name, **rules)


def number(name: str, **rules: Unpack[Rules]) -> Node:
    """A number."""
    return node("Number", name, **rules)


def moment(name: str, **rules: Unpack[Rules]) -> Node:
    """A date-time."""
    return node("DateTime", name, **rules)


def record(name: str, properties: dict[str, Node], **rules: Unpack[Rules]) -> Node:
    """An object."""
    return node("Object", name, properties=properties, **rules)


def listed(name: str, properties: dict[str, Node], **rules: Unpack[Rules]) -> Node:
    """An array of objects."""
    return node("Array", name, properties=properties, **rules)


def reference(name: str, field: str, *warn: str, required: bool = True) -> Node:
    """A reference to another record by its id."""
    identifier = text(
        "Identifier", field=f"{field}.Id", warn=warn, info=[MUST], required=required
    )
    return record(name, {"id": identifier}, required=required)
