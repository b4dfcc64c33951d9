"""The small parts a body for Codat is made of, and its way into bytes.

Free text that a person reads is cut to Xero's limit. An identifier, a code or an amount
is never altered: one that cannot be right is refused with ValueError, a float or a
datetime with TypeError.
"""

import json
import re
import unicodedata
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

Body = dict[str, Any]

SORT_CODE_DIGITS = 6

_ENCODER = json.JSONEncoder(ensure_ascii=False)


def encode(body: Any) -> bytes:
    """Return the body as compact UTF-8 JSON, properties in the order they were put.

    A Decimal becomes a JSON number with all its digits, 800.00 as 800.00.

    Raises:
        TypeError: the body holds a float, or something JSON has no word for.
    """
    return _json(body).encode()


def midnight(value_date: date) -> str:
    """Return a day as Codat wants it: no zone, since it is the business's own day."""
    if isinstance(value_date, datetime):
        raise TypeError("a day is needed, not a moment")
    return f"{value_date.isoformat()}T00:00:00"


def exact(name: str, figure: Decimal) -> Decimal:
    """Return the amount as it came; it must be a finite Decimal."""
    if not isinstance(figure, Decimal):
        raise TypeError(f"{name} must be a Decimal")
    if not figure.is_finite():
        raise ValueError(f"{name} must be a finite number")
    return figure


def positive(name: str, figure: Decimal) -> None:
    """Refuse zero and less."""
    if exact(name, figure) <= 0:
        raise ValueError(f"{name} must be greater than zero")


def negated(figure: Decimal) -> Decimal:
    """Change the sign without rounding; zero stays a plain zero."""
    return figure.copy_negate() if figure else figure.copy_abs()


def currency_code(code: str) -> str:
    """Return a currency as it came; it must be of three capital letters."""
    if not re.fullmatch("[A-Z]{3}", code):
        raise ValueError("currency must be a three-letter code")
    return code


def identifier(name: str, value: str) -> str:
    """Return an identifier as it came; it must not be empty or padded."""
    if not value or value != value.strip():
        raise ValueError(f"{name} is missing")
    return value


def limited(name: str, value: str, characters: int) -> str:
    """Return the identifier or code unaltered; it must fit."""
    if len(identifier(name, value)) > characters:
        raise ValueError(f"{name} has more than {characters} characters")
    return value


def sort_code_digits(written: str) -> str:
    """Return the six digits of a sort code, written with or without separators."""
    digits = re.sub("[ -]", "", written)
    if not re.fullmatch(f"[0-9]{{{SORT_CODE_DIGITS}}}", digits):
        raise ValueError(f"a sort code has {SORT_CODE_DIGITS} digits")
    return digits


def reference_to(name: str, record_id: str) -> Body:
    """Return a reference to a record by its id."""
    return {"id": identifier(name, record_id)}


def required_text(name: str, value: str, characters: int) -> str:
    """Return the text cut to the limit; something must be left of it."""
    cut = cut_text(value, characters)
    if not cut:
        raise ValueError(f"{name} is missing")
    return cut


def cut_text(value: str, characters: int) -> str:
    """Put the text on one line, drop what cannot be printed, cut it to the limit."""
    printable = (
        " " if character.isspace() else character
        for character in value
        if character.isspace() or unicodedata.category(character) not in {"Cc", "Cs"}
    )
    return " ".join("".join(printable).split())[:characters].rstrip()


def _json(value: Any) -> str:
    if isinstance(value, str):
        return _ENCODER.encode(value)
    if isinstance(value, Decimal):
        return format(exact("amount", value), "f")
    if isinstance(value, Mapping):
        pairs = (f"{json.dumps(str(k))}:{_json(v)}" for k, v in value.items())
        return "{" + ",".join(pairs) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(_json(item) for item in value) + "]"
    if value is None or isinstance(value, bool | int):
        return _ENCODER.encode(value)
    raise TypeError(f"a body cannot hold a {type(value).__name__}")
