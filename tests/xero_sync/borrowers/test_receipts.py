"""The borrower gets in writing that posting was switched, and what becomes of it."""

from datetime import UTC, datetime

import pytest

from tests.worlds import World
from xero_sync.borrowers import notices
from xero_sync.connections import switches
from xero_sync.models import BorrowerNotice, Connection

pytestmark = pytest.mark.django_db

# The next day in Paris.
AT = datetime(2026, 6, 30, 22, 30, tzinfo=UTC)


def switch(borrower, on, by="user:anna", **choice):
    return switches.switch_writeback(
        connection=borrower.connection_row, on=on, switched_by=by, now=AT, **choice
    )


def sent(mailoutbox):
    notices.send_due()
    mail = mailoutbox[-1]
    return mail.subject, mail.body, mail.alternatives[0].content


def test_switching_on_says_who_when_and_what_becomes_of_what_waited(mailoutbox):
    borrower = World().borrower(writeback=False, time_zone="Europe/Paris")
    for back in (9, 1):
        borrower.record(borrower.loan(), "drawdown", f"80{back}")
    switch(borrower, True, held_events="leave_out")

    subject, text, html = sent(mailoutbox)

    assert subject.endswith("Posting in your Xero is switched on")
    for words in (text, html):
        assert "Switched on by Example Invoice Finance on 1 Jul 2026, 00:30." in words
        assert "2 financings were left out." in words
        assert "posted in full" not in words


def test_switching_on_says_what_is_posted(mailoutbox):
    borrower = World().borrower(writeback=False)
    borrower.record(borrower.loan(), "drawdown", "800")
    switch(borrower, True, by="borrower:harbour", held_events="publish")

    _, text, html = sent(mailoutbox)

    for words in (text, html):
        assert "Switched on by you on 30 Jun 2026, 23:30." in words
        assert "1 financing had waited and is now posted in full." in words
        assert "left out" not in words


def test_the_borrower_is_told_that_it_was_their_accountant(mailoutbox):
    borrower = World().borrower()
    switch(borrower, False, by="accountant:harbour")

    _, text, html = sent(mailoutbox)

    for words in (text, html):
        assert "Switched off by your accountant on" in words
        assert "If you did not want this, open the page" in words


def test_switching_off_says_that_all_is_kept(mailoutbox):
    borrower = World().borrower()
    switch(borrower, False)

    subject, text, html = sent(mailoutbox)

    assert subject.endswith("Posting in your Xero is switched off")
    for words in (text, html):
        assert "Nothing that stands in Xero is removed." in words
        assert "Everything else is kept" in words


def test_a_receipt_is_written_in_the_companys_language(mailoutbox):
    borrower = World().borrower(
        writeback=False, language="fr", time_zone="Europe/Paris", currency="EUR"
    )
    borrower.record(borrower.loan(), "drawdown", "800")
    switch(borrower, True, held_events="publish")
    on = sent(mailoutbox)
    switch(borrower, False, by="borrower:port")
    off = sent(mailoutbox)

    assert on[0].endswith("L’enregistrement dans votre Xero est activé")
    assert "Activé par Example Invoice Finance le 1 juil. 2026" in on[1]
    assert "1 financement attendait" in on[1]
    assert off[0].endswith("L’enregistrement dans votre Xero est désactivé")
    assert "Désactivé par vous le 1 juil. 2026" in off[1]
    assert "Ouvrir la page" in off[1]


def test_what_is_so_already_gets_no_receipt():
    borrower = World().borrower()
    switch(borrower, True)

    assert not BorrowerNotice.objects.exists()


def test_each_switch_gets_one():
    borrower = World().borrower()
    for on in (False, True, False):
        switch(borrower, on)

    kinds = BorrowerNotice.objects.order_by("pk").values_list("kind", flat=True)
    assert list(kinds) == ["posting_off", "posting_on", "posting_off"]


def test_whoever_was_let_go_hears_nothing_of_a_switch(mailoutbox):
    borrower = World().borrower()
    switch(borrower, False)
    Connection.objects.update(deleted_at=AT)

    assert notices.send_due() == (0, 0)
    assert BorrowerNotice.objects.get().is_obsolete
