"""After `manage.py reseal` the old keys may go: everything opens with the new one."""

import re
from datetime import timedelta

import pytest
from cryptography.fernet import Fernet
from django.apps import apps
from django.contrib.auth.models import User
from django.utils import timezone

from backoffice import resealing
from backoffice.models import ApiClient, Authenticator, StoredReply, WebhookSecret
from backoffice.webhooks.services import create_endpoint
from lending.db import encryption
from lending.models import AuditEntry, Seal
from lending.seals import checking, sealing
from tests.builders import make_event
from tests.test_architecture import APPS, ROOT, modules
from tests.worlds import World
from tests.xero_sync.commands.worlds import refusal, run
from xero_sync.accounts.choice import Choice, NewExpenseAccount
from xero_sync.models import AccountDraft, XeroApp

pytestmark = pytest.mark.django_db


@pytest.fixture
def new_key(settings):
    """Something is sealed everywhere; then a new key stands before the old one."""
    create_endpoint(
        url="https://hooks.example.com/x", created_by="test", now=timezone.now()
    )
    anna = User.objects.create_user("anna", is_staff=True)
    Authenticator.objects.create(user=anna, sealed_key=encryption.seal("ab" * 20))
    StoredReply.objects.create(
        client=ApiClient.objects.create(name="loan-system"),
        header_key="repeat-1",
        call="POST /api/v1/events",
        fingerprint={"salt": encryption.seal("salt"), "/amount": "hash"},
        body=encryption.seal("whsec_shown_once").encode(),
    )
    XeroApp.objects.update_or_create(
        pk=1, defaults={"sealed_secret": encryption.seal("xero's")}
    )
    world = World()
    borrower = world.borrower()
    world.begin(borrower, Choice(expense_account=NewExpenseAccount("478")))
    AccountDraft.objects.create(
        connection=borrower.connection,
        answers={"lender": {"kind": "plain", "number": encryption.seal("4321")}},
        based_on=1,
        changed_by="test",
        changed_at=world.clock.now,
    )
    settings.FIELD_ENCRYPTION_KEYS = [
        Fernet.generate_key().decode(),
        *settings.FIELD_ENCRYPTION_KEYS,
    ]
    return settings.FIELD_ENCRYPTION_KEYS[0]


def opened():
    return {
        f"{column.model}.{column.name}": [
            encryption.unseal(one) for *_, texts in column.rows() for one in texts
        ]
        for column in resealing.SEALED_COLUMNS
    }


def sealed_anywhere():
    """Each sealed text in any column of ours, whoever put it there."""
    for app in ("backoffice", "lending", "xero_sync"):
        for model in apps.get_app_config(app).get_models():
            for row in model._base_manager.values():
                for value in row.values():
                    text = bytes(value) if isinstance(value, memoryview) else value
                    yield from re.findall(r"gAAAAA[\w=-]+", str(text))


def test_nothing_that_is_sealed_is_left_under_the_old_key(new_key, settings):
    run("reseal")

    settings.FIELD_ENCRYPTION_KEYS = [new_key]
    found = [encryption.unseal(one) for one in sealed_anywhere()]
    assert len(found) >= len(resealing.SEALED_COLUMNS)


def test_each_secret_is_encrypted_anew_and_still_the_same(new_key, settings):
    before = opened()
    assert all(before.values())

    words = run("reseal")

    assert "the others may go" in words
    assert "backoffice.WebhookSecret.encrypted: 1 encrypted anew" in words
    settings.FIELD_ENCRYPTION_KEYS = [new_key]
    assert opened() == before
    assert StoredReply.objects.get().fingerprint["/amount"] == "hash"


def test_a_second_time_there_is_nothing_to_do(new_key):
    run("reseal")

    assert set(resealing.reseal().done.values()) == {0}


def test_the_seals_of_days_need_no_old_key_either(new_key, settings):
    make_event()
    later = timezone.now() + timedelta(days=2)
    old = settings.FIELD_ENCRYPTION_KEYS[1]
    settings.FIELD_ENCRYPTION_KEYS = [old]
    sealing.seal_finished(now=later)
    settings.FIELD_ENCRYPTION_KEYS = [new_key, old]

    run("reseal")

    settings.FIELD_ENCRYPTION_KEYS = [new_key]
    # The command's own entry is of a day that we have sealed before its end.
    broken = [one for one in checking.check().broken if one.table == "lending.seal"]
    assert (broken, Seal.objects.exists()) == ([], True)


def test_what_no_key_opens_is_named_and_the_rest_is_done(new_key, settings):
    lost = WebhookSecret.objects.get()
    stranger = Fernet(Fernet.generate_key()).encrypt(b"whsec_x").decode()
    WebhookSecret.objects.update(encrypted=stranger)

    words = refusal("reseal")

    assert words.startswith("Put the key back that sealed these")
    assert resealing.reseal().unreadable == [
        f"backoffice.WebhookSecret.encrypted of {lost.pk}"
    ]
    settings.FIELD_ENCRYPTION_KEYS = [new_key]
    assert encryption.unseal(Authenticator.objects.get().sealed_key) == "ab" * 20


def test_what_has_changed_since_it_was_read_is_left_as_it_is(new_key):
    column = resealing.SEALED_COLUMNS[1]
    row, value, texts = next(column.rows())
    WebhookSecret.objects.update(encrypted="a newer one")

    column.store(row, value, dict.fromkeys(texts, "an older one"))

    assert WebhookSecret.objects.get().encrypted == "a newer one"


def test_it_stands_in_the_trail_without_a_secret(new_key):
    run("reseal")

    (entry,) = AuditEntry.objects.filter(verb="encryption.resealed")
    assert entry.after["backoffice.WebhookSecret.encrypted"] == 1
    assert new_key not in str(entry.after)


def test_whoever_seals_something_is_known_here():
    """One more module that seals: name its column in SEALED_FIELDS first."""
    found = {
        str(path.relative_to(ROOT))
        for path in modules(*APPS)
        if re.search(
            r"encryption\.seal\(|encryption import .*\bseal\b", path.read_text()
        )
    }

    assert found == {
        "backoffice/api/framework/fingerprints.py",
        "backoffice/api/framework/replies.py",
        "backoffice/models/users.py",
        "backoffice/webhooks/services.py",
        "xero_sync/accounts/choice.py",
        "xero_sync/accounts/plans.py",
        "xero_sync/borrowers/questions/plain.py",
        "xero_sync/xero_app/keys.py",
    }
