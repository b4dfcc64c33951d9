"""Pushes of unknown origin in words, for who has to say whose they are."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from lending import formats
from xero_sync.codat.push import PushStatus
from xero_sync.models import Connection, StrayPush, SyncRecord
from xero_sync.writeback.stray_marks import is_being_looked_up


def standing(connection: Connection) -> str:
    """Say that a company is held for such pushes, and what to do; "" if it is not."""
    if connection.held_after_restore_since is None:
        return ""
    left = connection.stray_pushes.unsettled().count()
    count = ngettext(
        "Codat lists %(count)d push on this connection that no request of ours made.",
        "Codat lists %(count)d pushes on this connection that no request of ours made.",
        left,
    ) % {"count": left}
    advice = _(
        "That is so after an older backup was restored, or where another system writes "
        "through the connection. Nothing is sent since %(time)s. Record again what was "
        "lost since the backup; what bears our mark is found by itself. Then say of "
        "the rest which entries of ours they are, or that they are another system's, "
        "or let the company go on: what is in Xero already and was not linked is then "
        "written once more."
    )
    since = formats.moment(connection.held_after_restore_since)
    return f"{count} {advice}" % {"time": since}


def name(push: StrayPush, accounts: Mapping[str, str]) -> str:
    """Name a push by what is known of it; `accounts` are those of its connection."""
    return " · ".join(
        [
            push.data_type or _("unknown type"),
            formats.moment(push.requested_on),
            *what_it_wrote(push, accounts),
        ]
    )


def what_it_wrote(push: StrayPush, accounts: Mapping[str, str]) -> list[str]:
    """Say what a push wrote, as far as that could be read."""
    wrote = push.wrote
    if not wrote:
        return [_not_read(push)]
    currency = push.connection.company.currency
    words = []
    if "amount" in wrote:
        words.append(formats.money(Decimal(wrote["amount"]), currency))
    if wrote.get("date"):
        words.append(formats.day(date.fromisoformat(wrote["date"])))
    if wrote.get("reference"):
        words.append(wrote["reference"])
    if "from" in wrote:
        ends = [accounts.get(wrote[end], wrote[end]) for end in ("from", "to")]
        words.append(" → ".join(ends))
    return words


def _not_read(push: StrayPush) -> str:
    if push.status == PushStatus.TIMED_OUT:
        return _("it timed out at Codat, and may be in Xero")
    if is_being_looked_up(push):
        return _("what it wrote is being looked up")
    return _("what it wrote cannot be read; look in Xero")


def account_names(connection: Connection) -> dict[str, str]:
    """Return the names of the accounts that were ever chosen, by their ids in Xero."""
    accounts = connection.lender_accounts.values_list("target_account_id", "name")
    nominated = connection.mappings.values_list(
        "nominated_account_id", "nominated_account_name"
    )
    return {**dict(nominated), **dict(accounts)}


def entry(record: SyncRecord) -> str:
    """Name an entry that a push may turn out to be."""
    amount = formats.money(record.event.amount, record.loan.company.currency)
    parts = (
        record.get_step_display(),
        record.event.external_id,
        amount,
        formats.day(record.value_date),
        record.loan.reference,
    )
    return " · ".join(map(str, parts))
