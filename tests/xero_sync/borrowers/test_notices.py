"""Mails to borrowers: owed once for each cause, sent by a job, tried again."""

import re
import smtplib
from datetime import timedelta

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.db import transaction
from django.test import Client
from django.utils import timezone

from lending import services
from lending.exceptions import InvalidValue
from lending.models import Company
from tests.builders import make_company
from tests.worlds import Clock, World
from tests.xero_sync.commands.worlds import run
from xero_sync.borrowers import notices
from xero_sync.connections import daily_check, switches
from xero_sync.connections import status as connection_status
from xero_sync.models import BorrowerNotice
from xero_sync.models.borrowers import NoticeKind
from xero_sync.writeback import inbox

pytestmark = pytest.mark.django_db


class FailingBackend(EmailBackend):
    """A mail server that fails as it is told to, then delivers."""

    failures: list[Exception] = []

    def send_messages(self, messages):
        if self.failures:
            raise self.failures.pop(0)
        return super().send_messages(messages)


@pytest.fixture
def failing(settings, monkeypatch):
    settings.EMAIL_BACKEND = f"{__name__}.FailingBackend"
    failures: list[Exception] = []
    monkeypatch.setattr(FailingBackend, "failures", failures)
    return failures


@pytest.fixture
def clock():
    return Clock()


def owe(company=None, kind=NoticeKind.LINES_MISSED, subject="line-1"):
    company = company or make_company()
    a_moment_ago = timezone.now() - timedelta(seconds=5)
    notices.tell(company=company, kind=kind, subject=subject, now=a_moment_ago)
    return BorrowerNotice.objects.get(company=company, kind=kind, subject=subject)


def test_a_cause_is_told_of_once(mailoutbox):
    company = make_company()
    for subject in ("line-1", "line-1", "line-2"):
        owe(company, subject=subject)

    assert notices.send_due() == (2, 0)
    assert notices.send_due() == (0, 0)
    owe(company)

    assert notices.send_due() == (0, 0)
    assert len(mailoutbox) == 2


def test_a_mail_leads_to_the_companys_own_page_and_nowhere_else(mailoutbox):
    company = make_company(legal_name="Harbour Joinery Ltd")
    owe(company)

    notices.send_due()

    (sent,) = mailoutbox
    assert sent.to == ["accounts@harbour-joinery.example"]
    assert sent.subject.startswith("Example Invoice Finance: ")
    for text in (sent.body, sent.alternatives[0].content):
        (link,) = set(re.findall(r"https?://[^\s\"<]+", text))
        answer = Client().get(link.removeprefix("http://testserver"))
        assert "Harbour Joinery Ltd" in answer.content.decode()
    kept = str(BorrowerNotice.objects.values_list().get())
    assert link not in kept
    assert company.contact_email not in kept


def test_a_mail_that_fails_is_tried_again_later(failing, clock, mailoutbox):
    notice = owe()
    failing += [ConnectionRefusedError("accounts@harbour-joinery.example")]

    assert notices.send_due(now=clock) == (0, 1)
    assert notices.send_due(now=clock) == (0, 0)
    notice.refresh_from_db()
    assert "ConnectionRefusedError" in notice.error
    assert "harbour" not in notice.error
    clock.forward(301)

    assert notices.send_due(now=clock) == (1, 0)
    notice.refresh_from_db()
    assert (notice.attempts, notice.error) == (2, "")
    assert notice.sent_at == clock.now
    assert len(mailoutbox) == 1


def test_after_some_days_a_person_is_asked_and_may_have_it_sent_again(
    failing, clock, mailoutbox
):
    notice = owe()
    while not BorrowerNotice.objects.needing_a_person().exists():
        failing[:] = [smtplib.SMTPServerDisconnected("gone")]
        notices.send_due(now=clock)
        clock.forward(3_600)
    failing.clear()
    took = clock.now - notice.created_at
    assert timedelta(days=2) < took < timedelta(days=5)
    clock.forward(10 * 86_400)
    assert notices.send_due(now=clock) == (0, 0)

    assert notices.send_again(notice=notice, by="user:anna", now=clock.now)

    assert notices.send_due(now=clock) == (1, 0)
    assert not notices.send_again(notice=notice, by="user:anna", now=clock.now)
    assert not BorrowerNotice.objects.needing_a_person().exists()


def test_an_address_that_is_refused_for_good_is_not_tried_again(failing, clock):
    owe()
    failing += [smtplib.SMTPRecipientsRefused({"a@b.example": (550, b"no such user")})]

    notices.send_due(now=clock)

    notice = BorrowerNotice.objects.needing_a_person().get()
    assert notice.error == "the mail server refused the address (550)"


def test_an_address_that_is_refused_for_now_is_tried_again(failing, clock):
    owe()
    failing += [smtplib.SMTPRecipientsRefused({"a@b.example": (451, b"grey")})]

    notices.send_due(now=clock)
    clock.forward(301)

    assert notices.send_due(now=clock) == (1, 0)


def test_one_mail_that_fails_does_not_stop_the_next(failing, clock, mailoutbox):
    owe(subject="first")
    owe(subject="second")
    failing += [TimeoutError()]

    assert notices.send_due(now=clock) == (1, 1)


# The validator of addresses takes it; its name for the wire would be too long.
UNDELIVERABLE = f"anna@{60 * 'é'}.com"


def test_an_address_that_no_mail_can_have_is_given_up_and_keeps_nobody_waiting(
    clock, mailoutbox
):
    company = make_company()
    Company.objects.filter(pk=company.pk).update(contact_email=UNDELIVERABLE)
    owe(company)
    owe()

    assert notices.send_due(now=clock) == (1, 1)

    notice = BorrowerNotice.objects.needing_a_person().get()
    assert notice.company == company
    assert notice.error == "no mail can be sent to this address"


@pytest.mark.parametrize(
    ("kind", "subject"),
    [
        # Neither row is there: a bug of ours, while it is looked at or written.
        (NoticeKind.ADDRESS_CHANGED, "0"),
        (NoticeKind.ACCOUNTANT_LINK, "no id"),
    ],
)
def test_a_mail_that_fails_by_a_bug_keeps_nobody_waiting_and_is_tried_again(
    clock, mailoutbox, kind, subject, caplog
):
    broken = owe(kind=kind, subject=subject)
    owe()

    assert notices.send_due(now=clock) == (1, 1)

    broken.refresh_from_db()
    assert broken.given_up_at is None
    assert broken.next_attempt_at > clock.now
    assert f"Mail {broken.pk} ended in a bug" in caplog.text


@pytest.mark.parametrize(
    "keep",
    [
        make_company,
        lambda **values: services.update_company(company=make_company(), **values),
    ],
    ids=["taken on", "changed"],
)
def test_a_company_is_not_kept_with_an_address_that_no_mail_can_have(keep):
    with pytest.raises(InvalidValue, match="contact_email") as refused:
        keep(contact_email=UNDELIVERABLE)

    assert refused.value.field == "contact_email"
    assert not Company.objects.filter(contact_email=UNDELIVERABLE).exists()


def test_without_an_address_the_mail_waits_for_one(clock, mailoutbox):
    company = make_company(contact_email="")
    notice = owe(company)
    assert notices.send_due(now=clock) == (0, 1)
    notice.refresh_from_db()
    assert notice.error == "the company has no contact email"

    company.contact_email = "new@example.com"
    company.save()
    clock.forward(301)

    assert notices.send_due(now=clock) == (1, 0)
    assert mailoutbox[0].to == ["new@example.com"]


def test_a_sender_that_died_is_followed_by_one_with_the_same_message_id(clock):
    owe()
    claimed = notices._claim(BorrowerNotice.objects.get().pk, clock.now)
    notices.mails.compose(claimed).send()
    # It died here; nobody else takes the mail before its turn comes again.
    assert notices.send_due(now=clock) == (0, 0)
    clock.forward(301)

    assert notices.send_due(now=clock) == (1, 0)

    first, second = mail.outbox
    assert first.extra_headers["Message-ID"] == second.extra_headers["Message-ID"]


def disconnected(world):
    """A borrower who has withdrawn their consent; our row does not know it yet."""
    borrower = world.borrower()
    world.sandbox.set_connection_status(borrower.codat_connection, "Deauthorized")
    return borrower


@pytest.mark.parametrize("learned_by", ["webhook", "daily check", "refused call"])
def test_a_withdrawal_is_told_of_however_we_learn_of_it(learned_by, mailoutbox):
    world = World()
    borrower = disconnected(world)
    if learned_by == "webhook":
        world.sandbox.tick()
        inbox.read(now=world.clock.now)
        world.check_connections()
    elif learned_by == "daily check":
        daily_check.check_all(client=world.client, now=world.clock.now)
    else:
        borrower.record(borrower.loan(), "drawdown", "800")
        world.drain()
        world.check_connections()

    assert notices.send_due() == (1, 0)
    assert mailoutbox[0].to == [borrower.company.contact_email]


def test_a_withdrawal_is_told_of_once_however_often_it_is_seen(mailoutbox):
    world = World()
    borrower = disconnected(world)

    for _ in range(2):
        world.sandbox.tick()
        world.check_connections()
        daily_check.check_all(client=world.client, now=world.clock.now)

    assert borrower.connection.status == "Deauthorized"
    assert notices.send_due() == (1, 0)
    assert "withdrawn" in mailoutbox[0].body


def test_another_change_of_a_withdrawn_connection_is_no_withdrawal():
    world = World()
    borrower = disconnected(world)
    refresh(world, borrower)

    switches.switch_writeback(
        connection=borrower.connection,
        on=False,
        switched_by="test",
        now=world.clock.now,
    )

    told = BorrowerNotice.objects.order_by("pk").values_list("kind", flat=True)
    assert list(told) == ["access_withdrawn", "posting_off"]


def test_a_second_withdrawal_is_told_of_again(mailoutbox):
    world = World()
    borrower = world.borrower()
    for status in ("Deauthorized", "Linked", "Deauthorized"):
        world.sandbox.set_connection_status(borrower.codat_connection, status)
        refresh(world, borrower)
        notices.send_due()

    assert len(mailoutbox) == 2


def test_what_is_over_before_it_is_sent_is_not_sent(mailoutbox):
    world = World()
    borrower = world.borrower()
    for status in ("Deauthorized", "Linked"):
        world.sandbox.set_connection_status(borrower.codat_connection, status)
        refresh(world, borrower)

    assert notices.send_due() == (0, 0)

    assert not mailoutbox
    assert BorrowerNotice.objects.get().is_obsolete
    assert not BorrowerNotice.objects.needing_a_person().exists()


@pytest.mark.parametrize("status", ["Unlinked", "Linked"])
def test_only_a_withdrawal_is_told_of(status):
    world = World()
    borrower = world.borrower()
    world.sandbox.set_connection_status(borrower.codat_connection, status)

    refresh(world, borrower)

    assert not BorrowerNotice.objects.exists()


def refresh(world, borrower):
    connection_status.refresh(
        connection=borrower.connection, client=world.client, now=world.clock.now
    )


def test_the_mail_is_owed_with_the_change_or_not_at_all():
    world = World()
    borrower = disconnected(world)

    with transaction.atomic():
        refresh(world, borrower)
        assert BorrowerNotice.objects.exists()
        transaction.set_rollback(True)

    assert not BorrowerNotice.objects.exists()
    assert borrower.connection.status == "Linked"


def test_a_dead_mail_server_keeps_nobody_waiting(failing):
    """Telling calls no server: it fails only when the job sends."""
    failing += [TimeoutError()] * 3
    world = World()
    borrower = disconnected(world)

    refresh(world, borrower)

    assert len(failing) == 3
    assert BorrowerNotice.objects.count() == 1


def test_the_command_sends_what_is_due(mailoutbox):
    owe()

    assert "1 sent, 0 could not be sent." in run("send_mails")
    assert len(mailoutbox) == 1
