"""The names callers give to companies, loans and events."""

import re
from string import ascii_letters, digits

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from lending.db.letters import made_of

REFERENCE_LENGTH = 64
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
    first = ascii_letters + digits
    shape = made_of(field, f"{first}._:-", least=1, most=REFERENCE_LENGTH, first=first)
    return models.CheckConstraint(
        condition=shape & ~models.Q(**{field: RESERVED_REFERENCE}),
        name=name,
        violation_error_message=REFERENCE_RULE,
    )
