"""What is done about connections, feeds and the Xero app, as the trail says it."""

from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lending import formats
from lending.audit import wording
from lending.models import AuditEntry
from xero_sync.models.choices import HeldEvents
from xero_sync.models.programme import (
    ActKind,
    CheckpointStatus,
    PartnerStep,
    PartnerType,
    Preparation,
)
from xero_sync.models.setups import StopReason

# What an act of the programme is about, if it is about something.
ABOUT = {
    ActKind.TYPE_CHOSEN: PartnerType,
    ActKind.PREPARED: Preparation,
    ActKind.UNPREPARED: Preparation,
    ActKind.STEP_TAKEN: PartnerStep,
    ActKind.STEP_WITHDRAWN: PartnerStep,
}


def _act(entry: AuditEntry) -> str:
    kind = ActKind(entry.verb.partition(".")[2])
    about, words = ABOUT.get(kind), str(kind.label)
    if about:
        words = f"{words}: {about(entry.after['subject']).label}"
    return f"{words} ({entry.after['happened_on']})"


def _review(entry: AuditEntry) -> str:
    return _("Checkpoint %(name)s: %(status)s") % {
        "name": entry.after["checkpoint"],
        "status": CheckpointStatus(entry.after["status"]).label,
    }


def _scopes(entry: AuditEntry) -> str:
    parts = []
    if added := entry.after["added"]:
        parts.append(_("added %s") % ", ".join(added))
    if removed := entry.after["removed"]:
        parts.append(_("removed %s") % ", ".join(removed))
    return _("Scopes changed (%(at)s): %(what)s") % {
        "at": formats.moment(parse_datetime(entry.after["changed_at"])),
        "what": "; ".join(parts),
    }


def _stopped(entry: AuditEntry) -> str:
    reason = StopReason(entry.after["stopped_for"]).label
    return _("The setup of the accounts stopped: %(why)s.") % {"why": reason}


def _not_fulfilled(entry: AuditEntry) -> str:
    return _("What the customer wanted was refused: %(why)s.") % {
        "why": entry.after["why"]
    }


def _finished(entry: AuditEntry) -> str:
    return _("The setup of the accounts is done: version %(number)s.") % {
        "number": entry.after["version"]
    }


def _held_for_pushes(entry: AuditEntry) -> str:
    return _(
        "Was held: %(count)d pushes at Codat are not known here, as after an older "
        "backup was restored."
    ) % {"count": entry.after["pushes"]}


def _named_ours(entry: AuditEntry) -> str:
    return _("Said: %(count)d pushes are ours. %(entries)d entries linked.") % {
        "count": entry.after["pushes"],
        "entries": entry.after["entries"],
    }


def _named_anothers(entry: AuditEntry) -> str:
    return _("Said: %(count)d pushes are another system's.") % {
        "count": entry.after["pushes"]
    }


def _switched_on(entry: AuditEntry) -> str:
    words = [_("Switched write-back on.")]
    if held := entry.after.get("held_events"):
        words.append(
            _("Held loans: %(what)s. %(published)d published, %(left_out)d left out.")
            % {
                "what": HeldEvents(held).label,
                "published": entry.after["loans_published"],
                "left_out": entry.after["loans_left_out"],
            }
        )
    return " ".join(words)


wording.register(
    {
        "company.link_made": gettext_lazy("Made a customer's link to hand on."),
        "company.link_mailed": gettext_lazy("Had the customer's link mailed."),
        "company.link_revoked": gettext_lazy("Revoked a link of the customer."),
        "company.link_shared": gettext_lazy("Had a link mailed to their accountant."),
        "company.links_revoked": gettext_lazy("Revoked the customer's links."),
        "mail.sent_again": gettext_lazy("Had a mail sent again that was given up."),
        "connection.made": gettext_lazy("Connected the company to Xero."),
        "connection.consented": gettext_lazy("Agreed on our page to what we do."),
        "connection.accounts_chosen": gettext_lazy("Chose the accounts."),
        "setup.begun": gettext_lazy("Began to set the accounts up in Xero."),
        "setup.tried_again": gettext_lazy("Let the setup of the accounts go on."),
        "setup.given_up": gettext_lazy(
            "Gave the setup of the accounts up for another choice."
        ),
        "connection.writeback_off": gettext_lazy("Switched write-back off."),
        "connection.bank_feeds_on": gettext_lazy("Switched bank feeds on."),
        "connection.bank_feeds_off": gettext_lazy("Switched bank feeds off."),
        "connection.marked_demo": gettext_lazy("Marked it as a demo company."),
        "connection.unmarked_demo": gettext_lazy(
            "Took the mark of a demo company off."
        ),
        "connection.same_organisation": gettext_lazy("Said: the same organisation."),
        "connection.other_organisation": gettext_lazy(
            "Said: another organisation; accounts to be chosen anew."
        ),
        "connection.let_go_after_restore": gettext_lazy(
            "Let the company go on; of the pushes that are left nobody said whose."
        ),
        "connection.disconnected": gettext_lazy("Disconnected it."),
        "connection.cut_wanted": gettext_lazy("Wanted it disconnected."),
        "connection.off_boarded": gettext_lazy("Deleted it for good."),
        "lender_account.adopted": gettext_lazy(
            "Took an account in Xero as the lender account."
        ),
        "lender_account.made": gettext_lazy(
            "Made the lender account in Xero, without a bank feed."
        ),
        "feed.created": gettext_lazy("Made the source account."),
        "feed.connected": gettext_lazy("Connected the feed to an account in Xero."),
        "feed.disconnected": gettext_lazy("Disconnected the feed."),
        "feed.connection_wanted": gettext_lazy("Wanted the feed connected."),
        "feed.cut_wanted": gettext_lazy("Wanted the feed disconnected."),
        "feed.renamed": gettext_lazy("Renamed the source account."),
        "feed.balance_changed": gettext_lazy("Changed the opening balance."),
        "feed.start_changed": gettext_lazy("Changed the start date."),
        "feed.closed": gettext_lazy("Closed the feed for good."),
        "feed.seen": gettext_lazy("Saw at Codat how the feed stands."),
        "codat.webhook_registered": gettext_lazy("Registered our address at Codat."),
        "xero_app.changed": gettext_lazy("Changed the record of the Xero app."),
        "xero_app.keys_saved": gettext_lazy("Recorded the keys."),
        "xero_app.pasted": gettext_lazy(
            "Recorded that Codat's portal has the keys; the secret is erased here."
        ),
        "xero_app.secret_shown": gettext_lazy("Had the client secret shown."),
        "xero_app.seen": gettext_lazy("Saw at Codat whether Xero is enabled."),
    }
)
wording.register(
    {"connection.writeback_on": _switched_on},
    said={"held_events", "loans_published", "loans_left_out"},
)
wording.register(
    {
        "connection.held_after_restore": _held_for_pushes,
        "connection.pushes_named_ours": _named_ours,
        "connection.pushes_named_anothers": _named_anothers,
    },
    said={"pushes", "entries"},
)
wording.register({"setup.stopped": _stopped}, said={"stopped_for"})
wording.register({"setup.finished": _finished}, said={"version"})
wording.register(
    {
        "feed.wish_refused": _not_fulfilled,
        "connection.wish_refused": _not_fulfilled,
    },
    said={"why"},
)
wording.register(
    {f"programme.{kind}": _act for kind in ActKind},
    said={"subject", "happened_on"},
)
wording.register(
    {"programme.reviewed": _review, "xero_app.scopes_changed": _scopes},
    said={"checkpoint", "status", "changed_at", "added", "removed"},
)
