"""Mails that are owed to borrowers: stored with their cause, sent by a job.

Whoever has something to tell stores a row in the transaction of its cause; nobody waits
for a mail server. The job claims a row, sends, and stores that it did. After a process
that died in between the mail goes out again, under the same Message-ID: better twice
than never.
"""

import logging
import smtplib
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import DatabaseError, transaction

from lending.audit import trail
from lending.mailboxes import is_mailable
from lending.models import Company
from xero_sync.borrowers import mails
from xero_sync.models import BorrowerNotice
from xero_sync.runtime import task_queue
from xero_sync.runtime.clock import database_now

logger = logging.getLogger(__name__)

SEND = "xero_sync.borrowers.notices.send"
# After each failed attempt; the last one is some three days after the first.
DELAYS = tuple(
    timedelta(minutes=minutes)
    for minutes in (5, 15, 60, 4 * 60, 12 * 60, 24 * 60, 24 * 60)
)
# One job leaves after this long, so that others get a turn.
SLICE_SECONDS = 30.0
REFUSED_FOR_GOOD = 500


@dataclass(frozen=True)
class MailFault:
    """Why a mail was not sent, and whether to try again is pointless."""

    words: str
    is_final: bool = False


OBSOLETE = MailFault("what it tells is so no more", is_final=True)


def tell(*, company: Company, kind: str, subject: str, now: datetime) -> None:
    """Owe a company a mail about one cause; telling it again changes nothing.

    `kind` is one of `NoticeKind`, `subject` names the cause within it, such as the id
    of an entry. It takes part in the caller's transaction and calls nobody.
    """
    row = BorrowerNotice(
        company=company,
        kind=kind,
        subject=subject,
        created_at=now,
        next_attempt_at=now,
    )
    BorrowerNotice.objects.bulk_create([row], ignore_conflicts=True)
    task_queue.nudge(SEND)


def send(**_ignored: Any) -> str:
    """Send what is due, for as long as a job may take."""
    task_queue.answer(job=SEND)
    ends_at = time.monotonic() + SLICE_SECONDS
    sent, failed = send_due(stop=lambda: time.monotonic() > ends_at)
    return f"{sent} sent, {failed} failed"


def send_due(
    *,
    now: Callable[[], datetime] = database_now,
    stop: Callable[[], bool] = lambda: False,
) -> tuple[int, int]:
    """Send the mails that are due, oldest first.

    Returns:
        How many were sent, and how many could not be.
    """
    sent = failed = 0
    started_at = now()
    due = BorrowerNotice.objects.due(started_at).order_by("next_attempt_at", "pk")
    for pk in list(due.values_list("pk", flat=True)):
        if stop():
            break
        notice = _claim(pk, now())
        if notice is None:
            continue
        fault = _attempt(notice)
        if fault is None:
            sent += 1
            _close(notice, sent_at=now(), error="")
        elif fault is OBSOLETE:
            _close(notice, given_up_at=now(), is_obsolete=True)
        else:
            failed += 1
            _put_off(notice, fault, now())
    return sent, failed


@transaction.atomic
def send_again(*, notice: BorrowerNotice, by: str, now: datetime) -> bool:
    """Take up a mail that was given up, from its first attempt; False if it was not."""
    given_up = BorrowerNotice.objects.filter(pk=notice.pk, given_up_at__isnull=False)
    taken_up = given_up.update(
        given_up_at=None, is_obsolete=False, attempts=0, next_attempt_at=now
    )
    if taken_up:
        trail.record("mail.sent_again", notice, by=by, at=now)
    task_queue.nudge(SEND)
    return bool(taken_up)


@transaction.atomic
def _claim(pk: int, now: datetime) -> BorrowerNotice | None:
    """Take a mail for one attempt; if we die over it, its turn comes again."""
    rows = BorrowerNotice.objects.select_for_update(of=("self",), no_key=True)
    due = rows.select_related("company").due(now)
    notice = due.filter(pk=pk).first()
    if notice is None:
        return None
    notice.next_attempt_at = now + DELAYS[min(notice.attempts, len(DELAYS) - 1)]
    notice.attempts += 1
    notice.save(update_fields=["next_attempt_at", "attempts"])
    return notice


def _attempt(notice: BorrowerNotice) -> MailFault | None:
    """Send a mail; return what went wrong, if anything."""
    try:
        return _sent(notice)
    except DatabaseError:
        # Nothing can be stored; its turn comes again.
        raise
    except smtplib.SMTPRecipientsRefused as exc:
        codes = [code for code, _ in exc.recipients.values()]
        told = ", ".join(str(code) for code in codes)
        is_final = all(code >= REFUSED_FOR_GOOD for code in codes)
        return MailFault(f"the mail server refused the address ({told})", is_final)
    except smtplib.SMTPResponseException as exc:
        return MailFault(f"the mail server answered {exc.smtp_code}")
    except (smtplib.SMTPException, OSError) as exc:
        # Their words may hold the address; their kind says enough.
        return MailFault(f"the mail server did not take it ({type(exc).__name__})")
    except Exception as exc:
        # A bug of ours, which keeps no other mail waiting.
        logger.exception("Mail %s ended in a bug", notice.pk)
        return MailFault(f"it could not be written ({type(exc).__name__})")


def _sent(notice: BorrowerNotice) -> MailFault | None:
    if not mails.is_still_true(notice):
        return OBSOLETE
    address = mails.address_for(notice)
    if not address:
        return MailFault("the company has no contact email")
    if not is_mailable(address):
        return MailFault("no mail can be sent to this address", is_final=True)
    mails.compose(notice).send()
    return None


def _put_off(notice: BorrowerNotice, fault: MailFault, now: datetime) -> None:
    logger.warning("Mail %s was not sent: %s", notice.pk, fault.words)
    is_over = fault.is_final or notice.attempts > len(DELAYS)
    _close(notice, error=fault.words, given_up_at=now if is_over else None)


def _close(notice: BorrowerNotice, **values: object) -> None:
    BorrowerNotice.objects.filter(pk=notice.pk).open().update(**values)
