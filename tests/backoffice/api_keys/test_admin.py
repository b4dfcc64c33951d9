"""Keys of the API in the admin: shown once, revoked, never edited."""

import re
from datetime import timedelta

import pytest
from django.contrib import admin
from django.contrib.sessions.models import Session
from django.urls import reverse
from django.utils import timezone

from backoffice.api_keys.services import authenticate, create_key
from backoffice.models import ApiClient, ApiKey, StoredReply
from tests.backoffice.admin.rows import operator, page, superuser
from tests.builders import make_company
from tests.trail import entries, verbs

pytestmark = pytest.mark.django_db

ADD = "/admin/backoffice/apikey/add/"
KEY = re.compile(r"bok_[0-9a-f]{12}_[A-Za-z0-9_-]{43}")


def make_key(**options):
    now = timezone.now()
    defaults = {"client_name": "loan-system", "scopes": ["events:read"], "now": now}
    return create_key(**defaults | options)[0]


def key_form(**fields):
    return {
        "new_client": "loan-system",
        "scopes": ["events:read", "events:write"],
        "which": "all",
        "requests_per_minute": "1200",
        **fields,
    }


def errors(answer):
    assert answer.status_code == 200
    return dict(answer.context["form"].errors)


def test_a_key_is_made_and_its_text_is_on_that_page_alone():
    client = superuser()

    answer = client.post(ADD, key_form(name="Autumn"))

    (text,) = set(KEY.findall(answer.content.decode()))
    key = ApiKey.objects.get()
    assert authenticate(text=text, now=timezone.now()) == key
    assert (str(key.client), key.name, key.created_by) == (
        "loan-system",
        "Autumn",
        "user:root",
    )
    assert "no-store" in answer.headers["Cache-Control"]
    assert 'data-copy="key-text"' in answer.content.decode()
    secret = text.split("_", 2)[2]
    pages = [
        client.get(page(ApiKey, "changelist")),
        client.get(page(ApiKey, "change", key.pk)),
        client.get(page(ApiKey, "history", key.pk), follow=True),
        client.get(page(ApiClient, "change", key.client.pk)),
        client.get(reverse("admin:index")),
    ]
    assert {one.status_code for one in pages} == {200}
    for one in pages:
        assert secret not in one.content.decode()
        assert key.secret_hash not in one.content.decode()
    (entry,) = entries("api_key.made")
    assert entry.actor == "user:root"
    assert secret not in f"{entry.after} {entry.object_label}"
    assert key.secret_hash not in f"{entry.after} {entry.object_label}"
    assert all(secret not in str(one.get_decoded()) for one in Session.objects.all())


def test_a_key_of_a_known_client_for_chosen_companies_that_expires():
    first = make_key()
    company = make_company()
    day = timezone.localdate() + timedelta(days=30)

    superuser().post(
        ADD,
        key_form(
            client=first.client.pk,
            new_client="",
            which="chosen",
            companies=[company.pk],
            expires=day.isoformat(),
            requests_per_minute="60",
        ),
    )

    key = ApiKey.objects.latest("pk")
    assert key.client == first.client
    assert (key.all_companies, list(key.companies.all())) == (False, [company])
    assert timezone.localtime(key.expires_at).date() == day
    assert key.requests_per_minute == 60


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"new_client": ""}, "client"),
        ({"client": "first"}, "client"),
        ({"new_client": "loan system"}, "new_client"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["events:eat"]}, "scopes"),
        ({"which": "chosen"}, "companies"),
        ({"companies": ["first"]}, "companies"),
        ({"companies": ["x"], "which": "chosen"}, "companies"),
        ({"expires": "2020-01-01"}, "expires"),
        ({"requests_per_minute": "0"}, "requests_per_minute"),
        ({"requests_per_minute": "9999999999"}, "requests_per_minute"),
    ],
)
def test_what_a_key_may_not_be_is_said_at_the_field(fields, field):
    other = make_key(client_name="collections")
    company = make_company()
    if fields.get("client"):
        fields = {"client": other.client.pk}
    if fields.get("companies") == ["first"]:
        fields = {"companies": [company.pk]}

    answer = superuser().post(ADD, key_form(**fields))

    assert list(errors(answer)) == [field]
    assert ApiKey.objects.count() == 1


def test_a_third_live_key_is_refused_at_the_client():
    first = make_key()
    make_key()

    answer = superuser().post(ADD, key_form(client=first.client.pk, new_client=""))

    assert "revoke one first" in str(errors(answer)["client"])


def test_a_key_is_revoked_after_it_was_asked():
    client = superuser()
    key = make_key()
    revoke = page(ApiKey, "revoke", key.pk)

    asked = client.get(revoke)
    key.refresh_from_db()
    assert key.revoked_at is None
    assert "refused from now on" in asked.content.decode()
    client.post(revoke)

    key.refresh_from_db()
    assert key.revoked_by == "user:root"
    assert verbs("api_key.revoked") == ["api_key.revoked"]
    shown = client.get(page(ApiKey, "change", key.pk)).content.decode()
    assert "user:root" in shown
    assert revoke not in shown


def test_nothing_of_a_key_can_be_edited():
    key = make_key()
    before = ApiKey.objects.values().get()

    answer = superuser().post(
        page(ApiKey, "change", key.pk), {"created_by": "me", "secret_hash": "0" * 64}
    )

    assert answer.status_code == 403
    assert ApiKey.objects.values().get() == before


def test_those_who_may_only_look_see_no_buttons_and_can_do_nothing():
    client = operator("backoffice.view_apikey", "backoffice.view_apiclient")
    key = make_key()

    listed = client.get(page(ApiKey, "changelist")).content.decode()
    shown = client.get(page(ApiKey, "change", key.pk)).content.decode()
    owner = client.get(page(ApiClient, "change", key.client.pk)).content.decode()

    assert key.prefix in listed
    assert ADD not in listed + shown + owner
    assert "revoke/" not in shown
    assert 'name="is_active"' not in owner
    assert client.get(ADD).status_code == 403
    assert client.post(ADD, key_form()).status_code == 403
    assert client.post(page(ApiKey, "revoke", key.pk)).status_code == 403
    key.refresh_from_db()
    assert key.revoked_at is None


def test_staff_without_permission_see_nothing():
    key = make_key()
    client = operator("lending.view_company")

    for model, row in ((ApiKey, key), (ApiClient, key.client)):
        assert client.get(page(model, "changelist")).status_code == 403
        assert client.get(page(model, "change", row.pk)).status_code == 403


def test_those_who_may_not_see_keys_do_not_see_them_at_their_client():
    key = make_key()

    shown = operator("backoffice.view_apiclient").get(
        page(ApiClient, "change", key.client.pk)
    )

    assert shown.status_code == 200
    assert key.prefix not in shown.content.decode()


def test_a_client_is_switched_off_with_all_its_keys_and_keeps_its_name():
    key = make_key()
    client = superuser()

    client.post(page(ApiClient, "change", key.client.pk), {"name": "other"})

    owner = ApiClient.objects.get()
    assert (owner.name, owner.is_active) == ("loan-system", False)
    listed = client.get(page(ApiKey, "changelist")).content.decode()
    assert "Client switched off" in listed
    shown = client.get(page(ApiClient, "change", owner.pk)).content.decode()
    assert f"{ADD}?client=" not in shown


def test_what_a_person_should_look_at_stands_out():
    now = timezone.now()
    used = make_key()
    ApiKey.objects.update(last_used_at=now)
    ends = make_key(expires_at=now + timedelta(days=3))
    make_key(client_name="b", now=now - timedelta(3), expires_at=now)
    make_key(client_name="c", now=now - timedelta(6))
    make_key(client_name="d", now=now - timedelta(7))

    listed = superuser().get(page(ApiKey, "changelist")).content.decode()

    assert re.search(r'needs-a-look">Never used, expires in 3 days<', listed)
    assert re.search(r'state">Live<', listed)
    # Of two that were never used, only the older one is in doubt.
    assert len(re.findall(r'state">Never used<', listed)) == 1
    assert len(re.findall(r'needs-a-look">Never used<', listed)) == 1
    assert re.search(r'state">Expired<', listed)
    assert used.prefix in listed
    assert ends.prefix in listed


def test_keys_are_narrowed_to_those_that_are_accepted():
    live, revoked = make_key(), make_key()
    ApiKey.objects.filter(pk=revoked.pk).update(revoked_at=timezone.now())
    off = make_key(client_name="switched-off")
    ApiClient.objects.filter(pk=off.client.pk).update(is_active=False)
    client = superuser()

    def shown(choice):
        answer = client.get(page(ApiKey, "changelist"), {"accepted": choice})
        return list(answer.context["cl"].result_list)

    assert shown("yes") == [live]
    assert shown("no") == [off, revoked]
    listed = client.get(page(ApiClient, "changelist")).context["cl"].result_list
    assert {one.name: one.accepted for one in listed} == {
        "loan-system": 1,
        "switched-off": 0,
    }


@pytest.mark.parametrize("model", [ApiKey, ApiClient])
def test_a_list_asks_no_more_as_it_grows(model, django_assert_max_num_queries):
    client = superuser()
    for number in range(20):
        make_key(client_name=f"service-{number}", companies=[make_company()])

    with django_assert_max_num_queries(8):
        assert client.get(page(model, "changelist")).status_code == 200


@pytest.mark.parametrize("model", [ApiKey, ApiClient])
def test_neither_keys_nor_clients_can_be_deleted(model):
    key = make_key()
    row = key if model is ApiKey else key.client

    assert superuser().post(page(model, "delete", row.pk)).status_code == 403


def test_what_was_answered_is_not_listed():
    assert not admin.site.is_registered(StoredReply)
