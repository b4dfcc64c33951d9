"""How the API shows connections and mappings; of an account number the last four."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import Count

from lending.money import as_text
from xero_sync.accounts.options import Choices
from xero_sync.bank_feeds import wording as feed_wording
from xero_sync.codat.accounts import TaxRate
from xero_sync.entries import status as entry_status
from xero_sync.entries.redaction import last_characters, mask_text
from xero_sync.models import (
    AccountMapping,
    Connection,
    LenderAccount,
    SyncRecord,
    WritebackSwitch,
    XeroApp,
)
from xero_sync.models.choices import Reason, State
from xero_sync.writeback import readiness

Shown = dict[str, Any]


def connection(row: Connection) -> Shown:
    """Show a connection, and everything that keeps entries back which go through it."""
    return connections([row])[0]


def connections(rows: Sequence[Connection]) -> list[Shown]:
    """Show many connections, with as many queries as for one."""
    latest = readiness.latest_mappings(connection_ids=[one.pk for one in rows])
    return [_connection(one, latest.get(one.pk)) for one in rows]


def _connection(row: Connection, latest: AccountMapping | None) -> Shown:
    return {
        "id": str(row.pk),
        "company": row.company.reference,
        "codat_company_id": str(row.codat_company_id),
        "codat_connection_id": str(row.codat_connection_id),
        "status": row.status,
        "in_words": str(row.get_status_display()),
        "organisation_name": row.organisation_name,
        "previous_organisation_name": row.previous_organisation_name,
        "organisation_currency": row.organisation_currency,
        "plan_type": row.plan_type,
        "is_demo": row.is_demo,
        "bank_feeds": row.bank_feeds,
        "writeback_on": row.writeback_on,
        "books_locked_up_to": row.ledger_lock_date and row.ledger_lock_date.isoformat(),
        "mapping_version": latest.version if latest else None,
        "problems": [
            {
                "code": one.reason.value,
                "in_words": str(one.reason.label),
                "detail": mask_text(one.detail),
                "who_must_act": one.actor.value,
            }
            for one in entry_status.troubles_of(
                row, latest, feeds_toggle=XeroApp.objects.bank_feeds_toggle().first()
            )
        ],
        "checked_at": row.checked_at and row.checked_at.isoformat(),
        "consented_at": row.consented_at and row.consented_at.isoformat(),
        "beyond_limit_since": row.over_cap_since and row.over_cap_since.isoformat(),
        "created_at": row.created_at.isoformat(),
        "deleted_at": row.deleted_at and row.deleted_at.isoformat(),
    }


def connection_with_entries(row: Connection) -> Shown:
    """Show a connection and how many of its company's entries are in each state."""
    counted = (
        SyncRecord.objects.filter(company=row.company_id)
        .values_list("state")
        .annotate(found=Count("pk"))
    )
    found = dict(counted.order_by())
    return {
        **connection(row),
        "entries": {state: found.get(state, 0) for state in State.values},
    }


def choices(
    row: Connection, offered: Choices, tax_rates: list[TaxRate]
) -> dict[str, list[Shown]]:
    """Show what a mapping can be made of."""
    return {
        "lender_accounts": [
            lender_account(one) for one in row.lender_accounts.order_by("pk")
        ],
        "bank_accounts": [
            {
                "id": one.id,
                "name": mask_text(one.name),
                "nominal_code": one.nominal_code,
                "currency": one.currency,
                "account_number": one.account_number
                and last_characters(one.account_number),
            }
            for one in offered.bank_accounts
        ],
        "expense_accounts": [
            {"id": one.id, "name": one.name, "nominal_code": one.nominal_code}
            for one in offered.expense_accounts
        ],
        "suppliers": [{"id": one.id, "name": one.name} for one in offered.suppliers],
        "tax_rates": [
            {
                "id": one.id,
                "name": one.name,
                "percent": None
                if one.effective_rate is None
                else f"{one.effective_rate.normalize():f}",
            }
            for one in tax_rates
        ],
    }


def lender_account(row: LenderAccount) -> Shown:
    """Show a lender account; its numbers are known to Codat only."""
    return {
        "name": row.name,
        "currency": row.currency,
        "target_account_id": row.target_account_id or None,
        "source_account_id": row.source_account_id or None,
        "feed_status": row.feed_status,
        "feed_start_date": row.feed_start_date and row.feed_start_date.isoformat(),
        "opening_balance": as_text(row.opening_balance, row.currency),
    }


def mapping(row: AccountMapping) -> Shown:
    """Show one version of a choice."""
    return {
        "version": row.version,
        "lender_account": lender_account(row.lender_account),
        "nominated_account": {
            "id": row.nominated_account_id,
            "name": mask_text(row.nominated_account_name),
        },
        "expense_account": {
            "id": row.expense_account_id,
            "name": row.expense_account_name,
        },
        "supplier": {"id": row.supplier_id, "name": row.supplier_name},
        "tax_rate_id": row.tax_rate_id,
        "tax_percent": f"{row.tax_percent.normalize():f}",
        "currency": row.currency,
        "chosen_by": row.chosen_by,
        "chosen_at": row.created_at.isoformat(),
    }


def bank_feeds(row: Connection) -> Shown:
    """Show what statement lines rest on, and where each source account stands."""
    refusal = feed_wording.refusal_of(row.feed_refusal)
    accounts = row.lender_accounts.exclude(source_account_id="").order_by("pk")
    return {
        "on": row.bank_feeds,
        "app_toggle": XeroApp.objects.bank_feeds_toggle().first(),
        "refusal": row.feed_refusal or None,
        "refused_at": row.feed_refused_at and row.feed_refused_at.isoformat(),
        "remedy": str(refusal.remedy) if refusal else "",
        "accounts": _source_accounts(accounts),
    }


def bank_feed(row: LenderAccount) -> Shown:
    """Show where one source account stands."""
    return _source_accounts([row])[0]


def _source_accounts(rows: Iterable[LenderAccount]) -> list[Shown]:
    rows = list(rows)
    lines = SyncRecord.objects.missing_lines().filter(lender_account__in=rows)
    counted = lines.values_list("lender_account").annotate(found=Count("pk"))
    missing = dict(counted.order_by())
    return [_source_account(one, missing.get(one.pk, 0)) for one in rows]


def _source_account(row: LenderAccount, missing: int) -> Shown:
    return {
        "source_account_id": row.source_account_id,
        "target_account_id": row.target_account_id or None,
        "name": row.name,
        "status": row.feed_status,
        "in_words": str(row.get_feed_status_display()),
        "since": row.feed_status_since and row.feed_status_since.isoformat(),
        "checked_at": row.feed_checked_at and row.feed_checked_at.isoformat(),
        "feed_start_date": row.feed_start_date and row.feed_start_date.isoformat(),
        "missing_lines": missing,
    }


def writeback(row: Connection) -> Shown:
    """Show whether a borrower's Xero is written to, since when and by whose word."""
    held = SyncRecord.objects.filter(
        company=row.company_id, state=State.HELD, reason=Reason.WRITEBACK_OFF
    )
    latest = row.switches.order_by("pk").last()
    return {
        "on": row.writeback_on,
        "held_events": held.count(),
        "last_switch": latest and _switch(latest),
    }


def _switch(row: WritebackSwitch) -> Shown:
    return {
        "on": row.on,
        "held_events": row.held_events or None,
        "publish_from": row.publish_from and row.publish_from.isoformat(),
        "switched_by": row.switched_by,
        "switched_at": row.switched_at.isoformat(),
    }
