"""Store a borrower's choice of accounts as the next version."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from lending.audit import trail
from xero_sync.codat.exceptions import OtherVersion
from xero_sync.models import AccountMapping, Connection, MappingRow
from xero_sync.models.mapping_rows import RowRole
from xero_sync.writeback import lost_choices, reconsider
from xero_sync.writeback.transitions import lock_connection

# What the trail says of a choice.
NAMED = (
    "version",
    "lender_account",
    "nominated_account_name",
    "expense_account_name",
    "supplier_name",
    "tax_rate_id",
    "tax_percent",
)
CHOSEN = (
    "lender_account",
    "nominated_account_id",
    "expense_account_id",
    "supplier_id",
    "tax_rate_id",
    "tax_percent",
)
# What stands in the row of fees, by the names that a choice has for it.
OF_THE_FEE = {
    "expense_account_id": "account_id",
    "expense_account_name": "account_name",
    "tax_rate_id": "tax_rate_id",
    "tax_percent": "tax_percent",
}


@transaction.atomic
def store(
    *,
    connection: Connection,
    created_at: datetime,
    expected_version: int | None = None,
    **values: Any,
) -> AccountMapping:
    """Store a choice that has been checked; what is queued follows it.

    The same choice again is the version that there is.

    Raises:
        OtherVersion: another version is in force than the one that was expected
            (0: none).
    """
    # The connection's row orders two choices made at the same time.
    row = lock_connection(connection, now=created_at)
    mapping = row.mappings.order_by("version").last()
    require_version(mapping, expected_version)
    row.note_lost([], now=created_at)
    row.forget_look()
    row.save(update_fields=[*lost_choices.FIELDS])
    if mapping is None or _differs(mapping, values):
        before = trail.values_of(mapping, *NAMED) if mapping else {}
        account = values["lender_account"]
        mapping = AccountMapping.objects.create(
            connection=row,
            version=mapping.version + 1 if mapping else 1,
            created_at=created_at,
            lender_target_account_id=account.target_account_id,
            currency=row.company.currency,
            **{name: one for name, one in values.items() if name not in OF_THE_FEE},
        )
        MappingRow.objects.create(
            mapping=mapping,
            role=RowRole.FEE,
            **{
                OF_THE_FEE[name]: one
                for name, one in values.items()
                if name in OF_THE_FEE
            },
        )
        trail.record_change(
            "connection.accounts_chosen",
            row,
            by=mapping.chosen_by,
            at=created_at,
            before=before,
            after=trail.values_of(mapping, *NAMED),
        )
    reconsider.company(company_id=row.company_id, now=created_at)
    return mapping


def require_version(mapping: AccountMapping | None, expected: int | None) -> None:
    """Refuse a choice that was made with another version in sight (0: none).

    Raises:
        OtherVersion: naming both.
    """
    present = mapping.version if mapping else 0
    if expected is not None and expected != present:
        raise OtherVersion(
            _(
                "Version %(present)s of the accounts is in force, and this choice was "
                "made on version %(expected)s. Look at it and choose again."
            )
            % {"present": present, "expected": expected},
            field="expected_version",
        )


def _differs(mapping: AccountMapping, values: Mapping[str, Any]) -> bool:
    """Tell whether a choice is another; names and who chose do not make it one."""
    return any(getattr(mapping, field) != values[field] for field in CHOSEN)
