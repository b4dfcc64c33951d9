"""What was sent and answered, readable, without its secrets and bank details.

Pure functions: the admin shows through them whatever came from or went to a wire.
Nothing of a secret is shown; of an account number the last four characters at most.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

HIDDEN = "••••"
SHOWN_CHARACTERS = 4
# A shorter value in the settings would mask half of every text.
SHORTEST_SECRET = 6

SECRET_NAMES = (
    "authorization",
    "apikey",
    "token",
    "secret",
    "password",
    "cookie",
    "signature",
    "credential",
    "linkurl",
)
ACCOUNT_NAMES = ("accountnumber", "iban")
ROUTING_NAMES = ("sortcode", "routing", "bsb")

_NAME = (
    r"[\w-]*(?:authorization|api[_-]?key|token|secret|password|cookie|signature|"
    r"credential|link[_-]?url)[\w-]*"
)
_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\b(Bearer|Basic)\s+[\w.~+/=-]{6,}", re.IGNORECASE), rf"\1 {HIDDEN}"),
    (re.compile(r"\bwhsec_[\w+/=-]*"), HIDDEN),
    # A JSON web token.
    (re.compile(r"\beyJ[\w-]+\.[\w-]+(?:\.[\w-]*)?"), HIDDEN),
    (
        re.compile(
            rf"(\b{_NAME}\\?[\"']?\s*[:=]\s*\\?[\"']?)(?!{HIDDEN})"
            rf"(?:(?:Bearer|Basic) )?[^\s\"',;}}&\\]+",
            re.IGNORECASE,
        ),
        rf"\1{HIDDEN}",
    ),
    (
        re.compile(
            r"(\b(?:sort[_ -]?code|routing[\w -]*|bsb)\\?[\"']?\s*[:=]?\s*\\?[\"']?)"
            r"\d[\d-]*",
            re.IGNORECASE,
        ),
        rf"\1{HIDDEN}",
    ),
    (re.compile(r"(?<![\d-])\d{2}-\d{2}-\d{2}(?![\d-])"), HIDDEN),
    # A long run of letters and digits is nobody's name; GUIDs have hyphens.
    (re.compile(r"(?<![\w/-])(?=\w*\d)(?=\w*[A-Za-z])\w{40,}(?![\w/-])"), HIDDEN),
)
_ACCOUNT_IN_TEXT = re.compile(
    r"(\baccount[_ -]?(?:number|no\.?)\\?[\"']?\s*[:=]?\s*\\?[\"']?)([\w-]*\d[\w-]*)",
    re.IGNORECASE,
)
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b")


class _Literal(str):
    """A number exactly as it was written."""

    __slots__ = ()


def readable(
    text: str, *, secrets: Iterable[str] = (), limit: int | None = None
) -> str:
    """Return a body masked, laid out if it is JSON, and cut after `limit` characters.

    `secrets` are texts that must not appear wherever they stand.
    """
    try:
        value = json.loads(text, parse_float=_Literal)
    except ValueError:
        shown = mask_text(text, secrets=secrets)
    else:
        shown = _layout(mask(value, secrets=tuple(secrets)))
    if limit is not None and len(shown) > limit:
        return f"{shown[:limit]} …"
    return shown


def mask(value: Any, *, secrets: Sequence[str] = ()) -> Any:
    """Return a JSON value with secrets and bank details masked."""
    if isinstance(value, Mapping):
        return {
            mask_text(str(name), secrets=secrets): _mask_named(name, inner, secrets)
            for name, inner in value.items()
        }
    if isinstance(value, list):
        return [mask(inner, secrets=secrets) for inner in value]
    if isinstance(value, str) and not isinstance(value, _Literal):
        return mask_text(value, secrets=secrets)
    return value


def _mask_named(name: str, value: Any, secrets: Sequence[str]) -> Any:
    plain = re.sub(r"[^a-z]", "", name.lower())
    if value is None or value in ("", [], {}) or isinstance(value, bool):
        return value
    if any(word in plain for word in (*SECRET_NAMES, *ROUTING_NAMES)):
        return HIDDEN
    if any(word in plain for word in ACCOUNT_NAMES):
        return last_characters(str(value))
    return mask(value, secrets=secrets)


def mask_text(text: str, *, secrets: Iterable[str] = ()) -> str:
    """Return a text with what looks like a secret or a bank detail masked."""
    for secret in secrets:
        if len(secret) >= SHORTEST_SECRET:
            text = text.replace(secret, HIDDEN)
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    text = _ACCOUNT_IN_TEXT.sub(lambda m: f"{m[1]}{last_characters(m[2])}", text)
    return _IBAN.sub(lambda match: last_characters(match[0]), text)


def last_characters(value: str) -> str:
    """Return an account number as ••••1234; never more than half of it is shown."""
    bare = re.sub(r"[\s-]", "", value)
    shown = min(SHOWN_CHARACTERS, len(bare) // 2)
    return HIDDEN + (bare[-shown:] if shown else "")


def _layout(value: Any, indent: str = "") -> str:
    """Lay a JSON value out; unlike `json.dumps` it keeps numbers as they were."""
    deeper = f"{indent}  "
    if isinstance(value, dict) and value:
        lines = (
            f"{deeper}{_layout(name)}: {_layout(inner, deeper)}"
            for name, inner in value.items()
        )
        return "{\n" + ",\n".join(lines) + f"\n{indent}}}"
    if isinstance(value, list) and value:
        lines = (f"{deeper}{_layout(inner, deeper)}" for inner in value)
        return "[\n" + ",\n".join(lines) + f"\n{indent}]"
    if isinstance(value, _Literal):
        return str(value)
    return json.dumps(value, ensure_ascii=False)
