"""The names callers give to companies, loans and events."""

import re

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

REFERENCE_LENGTH = 64
# \A and \Z mean the same to Python's engine (SQLite) and to PostgreSQL's.
REFERENCE_PATTERN = r"\A[A-Za-z0-9][A-Za-z0-9._:-]{0,63}\Z"
RESERVED_REFERENCE = "batch"
REFERENCE_RULE = _(
    "Use up to 64 letters, digits, dots, underscores, colons or hyphens, beginning "
    "with a letter or a digit; “batch” is reserved."
)


def is_reference(value: str) -> bool:
    """Whether a caller may use this as a reference."""
    return value != RESERVED_REFERENCE and bool(re.search(REFERENCE_PATTERN, value))


def validate_reference(value: str) -> None:
    """Refuse a malformed or reserved reference in a form or a model check."""
    if not is_reference(value):
        raise ValidationError(REFERENCE_RULE, code="invalid_reference")


def reference_constraint(field: str, *, name: str) -> models.CheckConstraint:
    """The same rule, held by the database."""
    return models.CheckConstraint(
        condition=models.Q(**{f"{field}__regex": REFERENCE_PATTERN})
        & ~models.Q(**{field: RESERVED_REFERENCE}),
        name=name,
        violation_error_message=REFERENCE_RULE,
    )
