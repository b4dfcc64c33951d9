"""The committed description, and whether an answer is what it says."""

import json
import re
from functools import cache
from typing import Any

import jsonschema_rs
import yaml

from backoffice.api.description.pages import DESCRIPTION

PROBLEM = "application/problem+json"
# Nobody is promised an operation there.
UNDESCRIBED = {404, 405}


@cache
def description() -> dict[str, Any]:
    # The one in C takes a tenth of the time.
    return yaml.load(DESCRIPTION.read_text(), Loader=yaml.CSafeLoader)


@cache
def operations() -> dict[str, tuple[str, str, dict[str, Any]]]:
    """Each operation by its id: its method, its path and itself."""
    return {
        operation["operationId"]: (method.upper(), path, operation)
        for path, methods in description()["paths"].items()
        for method, operation in methods.items()
    }


def operation_at(method: str, path: str) -> dict[str, Any] | None:
    """The operation that answers, a fixed path before one with a parameter."""
    full = "/api/v1/" + path.partition("?")[0]
    for one_method, template, operation in sorted(
        operations().values(), key=lambda one: "{" in one[1]
    ):
        pattern = re.sub(r"\{\w+\}", "[^/]+", template)
        if one_method == method and re.fullmatch(pattern, full):
            return operation
    return None


def check_described(method: str, path: str, answer: Any) -> None:
    """Fail unless status, headers and body are what the description says."""
    operation = operation_at(method, path)
    if operation is None:
        assert answer.status_code in UNDESCRIBED
        return
    status = str(answer.status_code)
    assert status in operation["responses"], f"{status} is not described"
    response = followed(operation["responses"][status])
    for name, part in response["headers"].items():
        given, header = answer.headers.get(name), followed(part)
        if given is None:
            assert not header.get("required"), f"{name} is missing"
            continue
        value = int(given) if header["schema"]["type"] == "integer" else given
        _validator(json.dumps(header["schema"])).validate(value)
    for name in ("Idempotent-Replayed", "Retry-After"):
        assert name in response["headers"] or name not in answer.headers
    if "content" not in response:
        assert not answer.content
        return
    content = response["content"][answer.headers["Content-Type"]]
    check_content(content["schema"], json.loads(answer.content))


def check_message(message: dict[str, Any]) -> None:
    """Fail unless a message to another service is what the description says."""
    described = description()["webhooks"][message["type"]]["post"]["requestBody"]
    check_content(described["content"]["application/json"]["schema"], message)


def check_content(schema: dict[str, Any], content: Any) -> None:
    """Fail unless a content is what a schema says, and nothing more."""
    _validator(json.dumps(schema)).validate(content)


def followed(part: dict[str, Any]) -> dict[str, Any]:
    """What a part points at, if it does."""
    if "$ref" not in part:
        return part
    found: Any = description()
    for name in part["$ref"].removeprefix("#/").split("/"):
        found = found[name]
    return found


@cache
def _validator(schema: str) -> Any:
    """A validator that also refuses what is not described."""
    components = json.loads(json.dumps(description()["components"]))
    for one in components["schemas"].values():
        if "properties" in one:
            one.setdefault("additionalProperties", False)
    return jsonschema_rs.Draft202012Validator(
        {**json.loads(schema), "components": components}, validate_formats=True
    )
