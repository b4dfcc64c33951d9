"""Whatever an operator does on a page of the admin leaves one entry."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import Client

from lending.admin.base import BackOfficeAdmin
from lending.audit import wording
from lending.models import AuditEntry
from tests.backoffice.admin.rows import page
from tests.backoffice.trail.acts import ACTS, NONE

pytestmark = pytest.mark.django_db


def every_act():
    return {
        f"{model._meta.label_lower}.{action.name}"
        for model, page_of in admin.site._registry.items()
        if isinstance(page_of, BackOfficeAdmin)
        for action in page_of.object_actions
    }


@pytest.fixture
def anna():
    user = User.objects.create_superuser("anna", password="correct horse")
    client = Client()
    client.force_login(user)
    return client


def test_every_act_leaves_an_entry_or_says_why_it_leaves_none():
    assert every_act() == ACTS.keys() | NONE.keys()
    assert not ACTS.keys() & NONE.keys()
    assert all(NONE.values())


@pytest.mark.parametrize("name", ACTS)
def test_an_act_leaves_one_entry(name, anna, codat):
    act = ACTS[name]
    obj = act.on(codat)
    before = set(AuditEntry.objects.values_list("pk", flat=True))

    answer = anna.post(page(type(obj), name.rpartition(".")[2], obj.pk), act.typed)

    form = (answer.context or {}).get("form")
    assert not (form and form.errors), form.errors
    done = AuditEntry.objects.exclude(pk__in=before).order_by("pk")
    assert [one.verb for one in done] == [act.leaves, *act.then]
    assert all(wording.sentence(one) != one.verb for one in done)
    (main, *_) = done
    is_codats = main.verb == "xero_app.seen"
    assert main.actor == ("Codat" if is_codats else "user:anna")
    assert main.reason == act.typed.get("reason", main.reason)
    assert main.address == "127.0.0.1"
    assert len({one.request_id for one in done} - {""}) == 1
    assert "correct horse" not in f"{main.before}{main.after}{main.reason}"
