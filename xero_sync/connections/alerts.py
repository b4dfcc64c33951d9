"""What about connections needs an operator, in sentences."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from lending import formats
from lending.models import Company
from xero_sync.bank_feeds import wording as feed_wording
from xero_sync.connections import stray_wording
from xero_sync.models import Connection
from xero_sync.models.choices import ConnectionStatus
from xero_sync.models.connections import DEMO_PLAN, ConnectionQuerySet
from xero_sync.xero_app import cap, facts, scopes

# Each connection is looked at once a day; one not read for longer could not be.
CHECKED_WITHIN = timedelta(hours=26)
# So many siblings are named at most.
MOST_NAMED = 20


@dataclass(frozen=True)
class Alert:
    """Something that needs an operator, and the filter of the list that shows it."""

    sentence: str
    query: str = ""


def alerts(*, now: datetime) -> list[Alert]:
    """Return everything about connections that needs an operator, urgent first."""
    live = Connection.objects.live()
    changed = live.filter(organisation_changed=True).count()
    withdrawn = live.filter(status=ConnectionStatus.DEAUTHORIZED).count()
    unread = live.filter(not_read_since(now - CHECKED_WITHIN)).count()
    again = len(scopes.waiting_for_consent())
    found = [*_of_the_limit(), *_of_our_links()]
    if changed:
        found.append(
            Alert(
                ngettext(
                    "%(count)d connection may lead to another organisation; nothing "
                    "is sent until you say which one it is.",
                    "%(count)d connections may lead to another organisation; nothing "
                    "is sent until you say which one it is.",
                    changed,
                )
                % {"count": changed},
                "organisation_changed__exact=1",
            )
        )
    found += _of_strays(live)
    if withdrawn:
        found.append(
            Alert(
                ngettext(
                    "%(count)d borrower has withdrawn access in Xero; entries wait "
                    "until they reconnect.",
                    "%(count)d borrowers have withdrawn access in Xero; entries wait "
                    "until they reconnect.",
                    withdrawn,
                )
                % {"count": withdrawn},
                f"status__exact={ConnectionStatus.DEAUTHORIZED}",
            )
        )
    if lost := live.exclude(unusable_account="").count():
        found.append(
            Alert(
                ngettext(
                    "Something that %(count)d borrower chose is gone in their Xero; "
                    "their entries wait until they choose another.",
                    "Something that %(count)d borrowers chose is gone in their Xero; "
                    "their entries wait until they choose another.",
                    lost,
                )
                % {"count": lost},
                "unusable_account__isempty=0",
            )
        )
    if refused := live.exclude(feed_refusal="").count():
        found.append(
            Alert(
                ngettext(
                    "Xero refuses the bank feed of %(count)d connection; its statement "
                    "lines wait until you have mended the cause.",
                    "Xero refuses the bank feeds of %(count)d connections; their "
                    "statement lines wait until you have mended the cause.",
                    refused,
                )
                % {"count": refused},
                "feed_refusal__isempty=0",
            )
        )
    if again:
        found.append(
            Alert(
                ngettext(
                    "%(count)d borrower has to consent again to what Xero is asked "
                    "for; the partner programme's page names them.",
                    "%(count)d borrowers have to consent again to what Xero is asked "
                    "for; the partner programme's page names them.",
                    again,
                )
                % {"count": again}
            )
        )
    if unread:
        found.append(
            Alert(
                ngettext(
                    "%(count)d connection could not be read at Codat for more than "
                    "a day.",
                    "%(count)d connections could not be read at Codat for more than "
                    "a day.",
                    unread,
                )
                % {"count": unread},
                urlencode({"checked_at__lt": (now - CHECKED_WITHIN).isoformat()}),
            )
        )
    return found


def _of_strays(live: ConnectionQuerySet) -> list[Alert]:
    held = live.exclude(held_after_restore_since=None).count()
    if not held:
        return []
    words = ngettext(
        "Xero may have more of %(count)d company than we know, as after an older "
        "backup was restored; nothing is sent until you say whose those pushes are.",
        "Xero may have more of %(count)d companies than we know, as after an older "
        "backup was restored; nothing is sent until you say whose those pushes are.",
        held,
    )
    return [Alert(words % {"count": held}, "held_after_restore_since__isempty=0")]


def _of_our_links() -> list[Alert]:
    """Say that nobody can consent to what nobody can read."""
    app = facts.current()
    if app.privacy_url and app.terms_url:
        return []
    words = _(
        "No customer can connect their Xero: the links to your privacy policy and your "
        "terms are missing. Enter both on the page Xero app, under Links."
    )
    return [Alert(words)]


def _of_the_limit() -> list[Alert]:
    beyond = cap.surplus().select_related("company").order_by("over_cap_since")
    found = [
        Alert(
            _(
                "%(company)s became linked although Xero's limit of connections was "
                "reached. Decide who is disconnected, or become a certified partner."
            )
            % {"company": one.company},
            "over_cap_since__isempty=0",
        )
        for one in beyond
    ]
    return [*found, *(Alert(one) for one in [cap.warning()] if one)]


def not_read_since(moment: datetime) -> Q:
    """Match the connections that have not been read at Codat since a moment."""
    never = Q(checked_at=None) & (
        Q(last_linked_at__lt=moment) | Q(last_linked_at=None, created_at__lt=moment)
    )
    return Q(checked_at__lt=moment) | never


def standing(connection: Connection) -> list[str]:
    """Say how a connection stands: its state, its organisation, what is to be done."""
    return [
        one
        for one in (
            _state(connection),
            _organisation(connection),
            stray_wording.standing(connection),
            _surplus(connection),
            _doubtful_demo(connection),
            _refused_feeds(connection),
            _consent(connection),
            _siblings(connection.company),
        )
        if one
    ]


def _state(connection: Connection) -> str:
    checked = connection.checked_at or connection.last_linked_at
    when = (
        _("Last read at Codat: %(time)s") % {"time": formats.moment(checked)}
        if checked
        else _("Not read at Codat yet.")
    )
    return f"{connection.get_status_display()}. {when}"


def _organisation(connection: Connection) -> str:
    if not connection.organisation_changed:
        return ""
    if connection.organisation_name == connection.previous_organisation_name:
        return _(
            "The organisation is called “%(name)s” as before, but the connection led "
            "elsewhere meanwhile, or the base currency is another one. Nothing is sent "
            "until you say whether it is the same organisation."
        ) % {"name": connection.organisation_name}
    return _(
        "The organisation is called “%(name)s” now and was called “%(before)s”. "
        "Nothing is sent until you say whether it is the same under another name, or "
        "another one whose accounts are to be chosen."
    ) % {
        "name": connection.organisation_name,
        "before": connection.previous_organisation_name or "–",
    }


def _surplus(connection: Connection) -> str:
    if connection.over_cap_since is None or not cap.usage().is_exceeded:
        return ""
    return _(
        "It became linked beyond Xero's limit of connections. Nothing was cut off: "
        "decide who is disconnected, or become a certified partner."
    )


def _doubtful_demo(connection: Connection) -> str:
    plan = connection.plan_type
    if not connection.marked_demo or plan in {"", DEMO_PLAN}:
        return ""
    return _(
        "It is marked as a demo company's, but Xero calls its plan “%(plan)s”. If it "
        "is none, it takes a place of Xero's limit: take the mark back."
    ) % {"plan": plan}


def _refused_feeds(connection: Connection) -> str:
    refusal = feed_wording.refusal_of(connection.feed_refusal)
    return f"{refusal.cause} {refusal.remedy}" if refusal else ""


def _consent(connection: Connection) -> str:
    missing = scopes.must_consent_again(connection)
    if connection.status != ConnectionStatus.LINKED or not missing:
        return ""
    return _(
        "The borrower has to consent again, because Xero is asked for more since: "
        "%(names)s. Disconnect here and have them connect again."
    ) % {"names": ", ".join(sorted(missing))}


def _siblings(company: Company) -> str:
    if not company.borrower_reference:
        return ""
    of_borrower = Company.objects.filter(borrower_reference=company.borrower_reference)
    others = of_borrower.exclude(pk=company.pk).order_by("reference")[:MOST_NAMED]
    names = ", ".join(others.values_list("reference", flat=True))
    if not names:
        return ""
    # Codat's page on setting Xero up.
    return _(
        "The same borrower has other organisations: %(names)s. Several "
        "organisations under one login at Xero may be cut off without notice: advise a "
        "login for each."
    ) % {"names": names}
