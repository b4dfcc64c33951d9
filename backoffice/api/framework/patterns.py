"""What values look like, for our own checks and, word for word, for the description."""

from typing import Any

REFERENCE = r"^(?!batch$)[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$"
AMOUNT = r"^[0-9]{1,12}(\.[0-9]{1,3})?$"
SIGNED_AMOUNT = r"^-?[0-9]{1,12}(\.[0-9]{1,3})?$"
# The sum of many amounts may be longer than any of them.
BALANCE = r"^-?[0-9]{1,13}(\.[0-9]{1,3})?$"
PERCENT = r"^[0-9]{1,2}(\.[0-9]{1,3})?$"
DATE = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
MOMENT = (
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?"
    r"(Z|[+-][0-9]{2}:[0-9]{2})$"
)
CURRENCY = r"^[A-Z]{3}$"
COUNTRY = r"^[A-Z]{2}$"
IDEMPOTENCY_KEY = r"^[\x21-\x7e]{1,255}$"
UUID = r"^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$"
CURSOR = r"^[A-Za-z0-9_-]{1,400}={0,2}$"
# PostgreSQL stores no NUL.
NO_NUL = r"^[^\u0000]*$"
NOT_BLANK = r"^[^\u0000]*[^\s\u0000][^\u0000]*$"

# The natural keys as JSON Schema.
REFERENCE_SCHEMA: dict[str, Any] = {"type": "string", "pattern": REFERENCE}
