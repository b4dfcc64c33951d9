"""What a mail to a borrower says, in the company's language, with a fresh link."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from lending import formats
from lending.models import AuditEntry
from xero_sync.borrowers import account_matters, links, receipts
from xero_sync.borrowers.questions import listing
from xero_sync.borrowers.wording import Words
from xero_sync.models import (
    AccountMapping,
    BorrowerLink,
    BorrowerNotice,
    WritebackSwitch,
)
from xero_sync.models.borrowers import ASKED, NoticeKind
from xero_sync.models.choices import ConnectionStatus
from xero_sync.runtime.clock import database_now
from xero_sync.xero_app import scopes


@dataclass(frozen=True)
class Text:
    """The words of one mail."""

    title: str
    paragraphs: tuple[str, ...]
    # What the link says; a mail without one says nothing here.
    button: str


def is_still_true(notice: BorrowerNotice) -> bool:
    """Whether a mail still tells how things are."""
    live = notice.company.connections.live().first()
    match notice.kind:
        case NoticeKind.ACCESS_WITHDRAWN:
            return live is not None and live.status == ConnectionStatus.DEAUTHORIZED
        case NoticeKind.CONSENT_AGAIN:
            return live is not None and bool(scopes.must_consent_again(live))
        case NoticeKind.ACCOUNTANT_LINK:
            theirs = BorrowerLink.objects.open(database_now())
            return theirs.filter(pk=notice.subject).exists()
        case NoticeKind.POSTING_ON | NoticeKind.POSTING_OFF:
            # Whoever was let go for good has nothing left to switch.
            return live is not None
        case NoticeKind.CHOICE_LOST:
            found = account_matters.lost(notice.company)
            return any(one.cause == notice.subject for one in found)
        case NoticeKind.ACCOUNTS_AWAITED:
            return account_matters.awaited(notice.company) == notice.subject
        case _:
            return True


def address_for(notice: BorrowerNotice) -> str:
    """Return whom a mail goes to; empty where we have no address."""
    if notice.kind == NoticeKind.ACCOUNTANT_LINK:
        return BorrowerLink.objects.get(pk=notice.subject).sent_to
    if notice.kind == NoticeKind.ADDRESS_CHANGED:
        was = AuditEntry.objects.get(pk=notice.subject).before["contact_email"]
        return str(was)
    return notice.company.contact_email


def compose(notice: BorrowerNotice) -> EmailMultiAlternatives:
    """Return the mail, addressed to whom its kind says."""
    company = notice.company
    # What goes to an address that is theirs no more opens nothing.
    is_link = notice.kind != NoticeKind.ADDRESS_CHANGED
    link, until = _link_in(notice) if is_link else ("", None)
    with translation.override(company.language):
        text = TEXTS[NoticeKind(notice.kind)](notice)
        context = {
            "text": text,
            "link": link,
            "until": formats.long_day(company.today(until)) if until else "",
            "language": company.language,
            "company": company,
            "lender": settings.LENDER_NAME,
            "contact": settings.LENDER_CONTACT_EMAIL,
        }
        mail = EmailMultiAlternatives(
            # A name from Xero may hold what no header may.
            subject=" ".join(f"{settings.LENDER_NAME}: {text.title}".splitlines()),
            body=render_to_string("email/notice.txt", context),
            to=[address_for(notice)],
            reply_to=list(filter(None, [settings.LENDER_CONTACT_EMAIL])),
            # The same on every attempt, so that a second copy can be told.
            headers={
                "Message-ID": _message_id(notice),
                "Auto-Submitted": "auto-generated",
            },
        )
        mail.attach_alternative(
            render_to_string("email/notice.html", context), "text/html"
        )
    return mail


def _link_in(notice: BorrowerNotice) -> tuple[str, datetime]:
    """Make the link that a mail carries; return it, and until when it opens."""
    if notice.kind == NoticeKind.ACCOUNTANT_LINK:
        theirs = BorrowerLink.objects.get(pk=notice.subject)
        return links.write_out(theirs), theirs.expires_at
    now = database_now()
    link = links.make(
        company=notice.company,
        made_by=f"mail:{notice.pk}",
        now=now,
        starts_at_task=notice.subject.startswith(ASKED) or notice.kind in ASKING,
    )
    return link, now + links.lasts()


def _message_id(notice: BorrowerNotice) -> str:
    host = urlsplit(settings.PUBLIC_BASE_URL).hostname or "localhost"
    return f"<notice-{notice.pk}.{int(notice.created_at.timestamp())}@{host}>"


def _link(_notice: BorrowerNotice) -> Text:
    return Text(
        _("Your link to the Xero connection"),
        (
            _("With this link you open the page of your Xero connection."),
            _(
                "The link is meant for you alone: whoever has it can do all that you "
                "can. Please do not forward it."
            ),
            _(
                "Does somebody else look after your Xero, such as your accountant? "
                "Open the page and send them a link of their own."
            ),
        ),
        _("Open the page"),
    )


def _accountant_link(notice: BorrowerNotice) -> Text:
    return Text(
        _("Your link to the Xero connection of %(company)s")
        % {"company": notice.company.legal_name},
        (
            _("%(company)s asks you to look after their Xero connection with us.")
            % {"company": notice.company.legal_name},
            _(
                "With this link you choose the accounts, see what will be posted, and "
                "switch posting on. They are told of what you do."
            ),
        ),
        _("Open the page"),
    )


def _accountant_acted(notice: BorrowerNotice) -> Text:
    what, *_when, link_id = notice.subject.split(" ")
    theirs = BorrowerLink.objects.filter(pk=link_id).first()
    sent_to = theirs.sent_to if theirs else ""
    how = (
        _("They opened your page with the link that was sent to %(address)s.")
        % {"address": sent_to}
        if sent_to
        else _("They opened your page with a link for your accountant.")
    )
    return Text(
        _("Your accountant has changed something"),
        (
            _acts()[what],
            how,
            _("If you did not want this, open the page and withdraw their link."),
        ),
        _("Open the page"),
    )


def _acts() -> dict[str, str]:
    """Say what an accountant did, by the words that `sittings.acted` was given."""
    return {
        "connected": _("Your accountant went to Xero to connect it."),
        "accounts": _("Your accountant chose the accounts."),
        "feed": _("Your accountant changed the bank feed."),
    }


def _accounts_chosen(notice: BorrowerNotice) -> Text:
    mapping = AccountMapping.objects.select_related(
        "lender_account", "connection__company"
    ).get(pk=notice.subject)
    lines = [
        _("%(term)s: %(answer)s")
        % {"term": one.term(), "answer": one.told(one.in_force(mapping))[0]}
        for one in listing.QUESTIONS
    ]
    return Text(
        _("Your accounts for the entries in Xero"),
        (
            _("These accounts were chosen on %(when)s:")
            % {
                "when": formats.moment(
                    mapping.created_at, ZoneInfo(notice.company.time_zone)
                )
            },
            *lines,
            _("They count for what is posted from now on. What is posted stays."),
            _("You can change them at any time. Was it not you? Contact us."),
        ),
        _("See the accounts"),
    )


def _access_withdrawn(_notice: BorrowerNotice) -> Text:
    return Text(
        _("Your Xero is no longer connected"),
        (
            _("Our access to your Xero was withdrawn there."),
            _(
                "We have stopped reading your books and making entries in them. "
                "Nothing is lost: what is still to be entered waits, and is entered "
                "in order once you reconnect."
            ),
            _("If you disconnected on purpose, you do not need to do anything."),
        ),
        _("See and reconnect"),
    )


def _lines_rejected(_notice: BorrowerNotice) -> Text:
    return Text(
        _("Xero has not accepted some statement lines"),
        (
            _(
                "Some lines of the bank statement that we send to your Xero were not "
                "accepted there. The payments themselves are not affected."
            ),
            _(
                "We keep these lines, clear up the cause and send them again, in "
                "order. Please do not enter them by hand: they would stand there twice."
            ),
        ),
        _("See how things are"),
    )


def _lines_missed(_notice: BorrowerNotice) -> Text:
    return Text(
        _("Some statement lines come late"),
        (
            _(
                "Some lines of the bank statement that we send to your Xero could not "
                "be delivered on time. The payments themselves are not affected."
            ),
            _(
                "We keep these lines and deliver them, in order, as soon as it is "
                "possible again. Please do not enter them by hand: they would stand "
                "there twice."
            ),
        ),
        _("See how things are"),
    )


def _lines_sent_again(_notice: BorrowerNotice) -> Text:
    return Text(
        _("The missing statement lines are in your Xero"),
        (
            _(
                "The statement lines that were missing have arrived in your Xero, each "
                "once and in order. You do not need to do anything."
            ),
        ),
        _("See how things are"),
    )


def _receipt(notice: BorrowerNotice) -> Text:
    switch = WritebackSwitch.objects.get(pk=notice.subject)
    title, paragraphs = receipts.of_switch(switch, zone=notice.company.time_zone)
    return Text(title, paragraphs, _("Open the page"))


def _consent_again(_notice: BorrowerNotice) -> Text:
    return Text(
        _("Your Xero has to be connected anew"),
        (
            _("We need one more permission in Xero than you have given us."),
            _("Open the page and reconnect. It takes a minute."),
            _("What you saved is kept, and nothing is lost meanwhile."),
        ),
        _("See and reconnect"),
    )


def _choice_lost(notice: BorrowerNotice) -> Text:
    found = account_matters.lost(notice.company)
    # One that was mended since we looked whether it is still so is not among them.
    same = [one.choice for one in found if one.cause == notice.subject]
    return _of(account_matters.words_of(*same))


def _address_changed(_notice: BorrowerNotice) -> Text:
    return Text(
        _("Our messages to you go to another address from now on"),
        (
            _(
                "The email address that we write to about your Xero connection was "
                "changed. This is the last message to the old one."
            ),
            _("If you did not ask for this, tell us at once."),
        ),
        button="",
    )


def _accounts_awaited(_notice: BorrowerNotice) -> Text:
    return _of(account_matters.words_of_awaited())


def _of(words: Words) -> Text:
    return Text(words.title, words.sentences, words.button)


# Their link leads to what they ask for.
ASKING = (NoticeKind.CHOICE_LOST, NoticeKind.ACCOUNTS_AWAITED)
TEXTS: dict[NoticeKind, Callable[[BorrowerNotice], Text]] = {
    NoticeKind.LINK: _link,
    NoticeKind.ACCOUNTANT_LINK: _accountant_link,
    NoticeKind.ACCOUNTANT_ACTED: _accountant_acted,
    NoticeKind.ACCOUNTS_CHOSEN: _accounts_chosen,
    NoticeKind.CONSENT_AGAIN: _consent_again,
    NoticeKind.ACCESS_WITHDRAWN: _access_withdrawn,
    NoticeKind.LINES_REJECTED: _lines_rejected,
    NoticeKind.LINES_MISSED: _lines_missed,
    NoticeKind.LINES_SENT_AGAIN: _lines_sent_again,
    NoticeKind.POSTING_ON: _receipt,
    NoticeKind.POSTING_OFF: _receipt,
    NoticeKind.CHOICE_LOST: _choice_lost,
    NoticeKind.ADDRESS_CHANGED: _address_changed,
    NoticeKind.ACCOUNTS_AWAITED: _accounts_awaited,
}
