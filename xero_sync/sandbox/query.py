"""Codat's list conventions: the query language, ordering and paging.

Codat's querying page: `=`, `!=`, `~`, `>`, `<`, `>=`, `<=` joined by `&&` and `||`,
grouped by braces, with dots reaching into objects. Arrays and tests for null do not
exist.
"""

from __future__ import annotations

import operator as operators
import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import quote, urlencode

from xero_sync.sandbox.wire import ApiError, Call, JsonObject, Reply, answer

Test = Callable[[JsonObject], bool]

LONGEST_QUERY = 2048
LARGEST_PAGE = 5000
DEFAULT_PAGE = 100

ORDER = {
    ">": operators.gt,
    "<": operators.lt,
    ">=": operators.ge,
    "<=": operators.le,
}

_TOKEN = re.compile(r"\s*(\{|\}|&&|\|\|)\s*|([^{}&|]+|&(?!&)|\|(?!\|))")
_COMPARISON = re.compile(r"^\s*([A-Za-z_][\w.\-]*)\s*(!=|>=|<=|=|~|>|<)\s*(.*?)\s*$")


def listing(
    call: Call, records: Iterable[JsonObject], *, name: str, fields: frozenset[str]
) -> Reply:
    """Answer a list call: filtered, ordered, one page of it."""
    found = list(records)
    if call.query.get("query"):
        test = compile_query(call.query["query"], name=name, fields=fields)
        found = [record for record in found if test(record)]
    if call.query.get("orderBy"):
        found = _ordered(found, call.query["orderBy"], name=name, fields=fields)
    return answer(_page(call, found))


def compile_query(text: str, *, name: str, fields: frozenset[str]) -> Test:
    """Turn a query into a test of one record.

    Raises:
        ApiError: 400, bad syntax or an unknown property.
    """
    if len(text) >= LONGEST_QUERY:
        raise _malformed("The query is too long.")
    parser = _Parser(_tokens(text), name, fields)
    test = parser.alternatives()
    if parser.tokens:
        raise _malformed("Malformed query.")
    return test


def _malformed(message: str) -> ApiError:
    return ApiError(400, f"Error parsing query - {message}", "ClientsApi")


def _tokens(text: str) -> list[str]:
    tokens: list[str] = []
    for match in _TOKEN.finditer(text):
        sign, words = match.groups()
        if sign:
            tokens.append(sign)
        elif tokens and tokens[-1] not in {"{", "}", "&&", "||"}:
            tokens[-1] += words
        elif words.strip():
            tokens.append(words)
    return tokens


class _Parser:
    def __init__(self, tokens: list[str], name: str, fields: frozenset[str]) -> None:
        self.tokens = tokens
        self.name = name
        self.fields = fields

    def alternatives(self) -> Test:
        tests = [self.conjunction()]
        while self.tokens and self.tokens[0] == "||":
            self.tokens.pop(0)
            tests.append(self.conjunction())
        return lambda record: any(test(record) for test in tests)

    def conjunction(self) -> Test:
        tests = [self.term()]
        while self.tokens and self.tokens[0] == "&&":
            self.tokens.pop(0)
            tests.append(self.term())
        return lambda record: all(test(record) for test in tests)

    def term(self) -> Test:
        if not self.tokens:
            raise _malformed("Malformed query.")
        token = self.tokens.pop(0)
        if token == "{":
            inner = self.alternatives()
            if not self.tokens or self.tokens.pop(0) != "}":
                raise _malformed("Malformed query.")
            return inner
        return self.comparison(token)

    def comparison(self, token: str) -> Test:
        match = _COMPARISON.match(token)
        if match is None or not match.group(3):
            raise _malformed("Malformed query.")
        path, operator, wanted = match.groups()
        _resolve(path, self.name, self.fields)
        return lambda record: _holds(reach(record, path), operator, wanted)


def _resolve(path: str, name: str, fields: frozenset[str]) -> None:
    if path.split(".", maxsplit=1)[0] not in fields:
        raise ApiError(
            400,
            f"Error parsing query - Could not resolve property {path} on {name}",
            "PullApi",
        )


def reach(record: JsonObject, path: str) -> Any:
    """The value at a dotted path; `None` where something is missing."""
    value: Any = record
    for part in path.split("."):
        if not isinstance(value, dict):
            return None
        value = value.get(part)
    return value


def _holds(value: Any, operator: str, wanted: str) -> bool:
    if value is None or isinstance(value, list | dict):
        return operator == "!="
    if operator == "~":
        return wanted.lower() in str(value).lower()
    left, right = _comparable(value, wanted)
    if operator == "=":
        return bool(left == right)
    if operator == "!=":
        return bool(left != right)
    if isinstance(left, str):
        raise _malformed(f"Operator {operator} does not apply to text.")
    return bool(ORDER[operator](left, right))


def _comparable(value: Any, wanted: str) -> tuple[Any, Any]:
    if isinstance(value, bool):
        return str(value).lower(), wanted.lower()
    if isinstance(value, int | Decimal):
        try:
            return Decimal(value), Decimal(wanted)
        except InvalidOperation as exc:
            raise _malformed(f"{wanted} is not a number.") from exc
    moments = _moment(value), _moment(wanted)
    if None not in moments:
        return moments
    return value, wanted


def _moment(text: str) -> datetime | None:
    # Python takes at most six fractional digits, Codat writes seven.
    try:
        found = datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _ordered(
    records: list[JsonObject], order: str, *, name: str, fields: frozenset[str]
) -> list[JsonObject]:
    path = order.removeprefix("-")
    _resolve(path, name, fields)

    def rank(record: JsonObject) -> tuple[bool, Any]:
        value = reach(record, path)
        if value is None:
            return False, ""
        if isinstance(value, int | Decimal):
            return True, Decimal(value)
        return True, _moment(str(value)) or str(value).lower()

    return sorted(records, key=rank, reverse=order.startswith("-"))


def _page(call: Call, records: list[JsonObject]) -> JsonObject:
    number = _positive(call, "page", 1)
    size = _positive(call, "pageSize", DEFAULT_PAGE)
    if size > LARGEST_PAGE:
        raise ApiError(400, f"pageSize must not exceed {LARGEST_PAGE}.")
    start = (number - 1) * size

    def link(page: int) -> JsonObject:
        query = {**call.query, "page": str(page), "pageSize": str(size)}
        return {"href": f"{call.path}?{urlencode(query, quote_via=quote)}"}

    links = {"current": link(number), "self": {"href": call.path}}
    if start + size < len(records):
        links["next"] = link(number + 1)
    if number > 1:
        links["previous"] = link(number - 1)
    return {
        "results": records[start : start + size],
        "pageNumber": number,
        "pageSize": size,
        "totalResults": len(records),
        "_links": links,
    }


def _positive(call: Call, name: str, default: int) -> int:
    text = call.query.get(name) or str(default)
    if not text.isdigit() or int(text) < 1:
        raise ApiError(400, f"{name} must be a whole number above zero.")
    return int(text)
