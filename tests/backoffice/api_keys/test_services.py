"""Keys: made, used, expired, revoked, and never readable again."""

import hashlib
from datetime import timedelta
from threading import Barrier, Thread

import pytest
from django.db import connection
from django.utils import timezone

from backoffice.api_keys import services as api_keys
from backoffice.api_keys.services import (
    KeyRefused,
    authenticate,
    create_key,
    revoke_key,
)
from backoffice.models import ApiClient, ApiKey, KeyScope
from tests.backoffice.api.conftest import Service, make_service
from tests.backoffice.api.conftest import service as service
from tests.builders import make_company

NOW = timezone.now()
MINUTE = timedelta(minutes=1)


def make_key(**options):
    return create_key(
        **{"client_name": "loan-system", "scopes": ["events:read"], "now": NOW}
        | options
    )


def test_only_a_hash_of_the_secret_is_kept(db):
    key, text = make_key()

    mark, prefix, secret = text.split("_", 2)
    assert (mark, prefix) == ("bok", key.prefix)
    assert key.secret_hash == hashlib.sha256(secret.encode()).hexdigest()
    kept = {str(value) for value in ApiKey.objects.values().get().values()}
    assert not any(secret in value for value in kept)


def test_every_key_has_a_secret_of_its_own(db):
    _, first = make_key()
    _, second = make_key()

    assert first.split("_")[1] != second.split("_")[1]
    assert first.split("_", 2)[2] != second.split("_", 2)[2]


def test_a_key_is_accepted_until_it_expires(db):
    key, text = make_key(expires_at=NOW + MINUTE)

    assert authenticate(text=text, now=NOW) == key
    assert authenticate(text=text, now=NOW + MINUTE) is None


def test_a_revoked_key_is_refused_and_keeps_who_revoked_it(db):
    key, text = make_key()

    revoke_key(key=key, revoked_by="user:anna", now=NOW)
    revoke_key(key=key, revoked_by="user:ben", now=NOW + MINUTE)

    assert authenticate(text=text, now=NOW) is None
    key.refresh_from_db()
    assert (key.revoked_by, key.revoked_at) == ("user:anna", NOW)


def test_the_keys_of_a_client_that_is_switched_off_are_refused(db):
    _, text = make_key()
    ApiClient.objects.update(is_active=False)

    assert authenticate(text=text, now=NOW) is None
    with pytest.raises(KeyRefused, match="loan-system is switched off") as refused:
        make_key()
    assert refused.value.field == "client"


def test_two_keys_are_live_at_once_so_that_one_can_follow_the_other(db):
    first, _ = make_key()
    make_key()

    with pytest.raises(KeyRefused, match="has 2 live keys already; revoke one first"):
        make_key()
    revoke_key(key=first, revoked_by="user:anna", now=NOW)

    make_key()
    make_key(client_name="collections")


def test_an_expired_key_makes_room(db):
    make_key(expires_at=NOW + MINUTE)
    make_key(expires_at=NOW + MINUTE)

    make_key(now=NOW + MINUTE)


@pytest.mark.django_db(transaction=True)
def test_keys_made_at_the_same_moment_are_not_more_than_two():
    together = Barrier(6)
    refused = []

    def make():
        try:
            together.wait(10)
            make_key()
        except KeyRefused:
            refused.append(1)
        finally:
            connection.close()

    threads = [Thread(target=make) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert ApiClient.objects.count() == 1
    assert ApiKey.objects.live(NOW).count() == 2
    assert len(refused) == 4


def test_the_last_use_is_written_once_a_minute(db, django_assert_num_queries):
    key, text = make_key()
    authenticate(text=text, now=NOW)
    with django_assert_num_queries(1):
        authenticate(text=text, now=NOW + MINUTE / 2)
    key.refresh_from_db()
    assert key.last_used_at == NOW

    authenticate(text=text, now=NOW + MINUTE)

    key.refresh_from_db()
    assert key.last_used_at == NOW + MINUTE


@pytest.mark.parametrize(
    ("options", "field", "words"),
    [
        ({"scopes": []}, "scopes", "choose from events:read"),
        ({"scopes": ["events:eat"]}, "scopes", "events:eat: choose from"),
        ({"client_name": ""}, "client", "Name the client with letters"),
        ({"client_name": "loan system"}, "client", "Name the client with letters"),
        ({"name": "x" * 101}, "name", "at most 100 characters"),
        ({"expires_at": NOW}, "expires", "in the future"),
        ({"companies": []}, "companies", "Choose at least one company"),
        ({"requests_per_minute": 0}, "requests_per_minute", "between 1 and"),
        ({"requests_per_minute": 10**10}, "requests_per_minute", "between 1 and"),
    ],
)
def test_what_a_key_may_not_be_is_said_at_the_field(db, options, field, words):
    with pytest.raises(KeyRefused, match=words) as refused:
        make_key(**options)

    assert refused.value.field == field
    assert not ApiClient.objects.exists()


# --- In the header ------------------------------------------------------------------


def odd_headers(text):
    mark, prefix, secret = text.split("_", 2)
    return {
        "nothing": "",
        "another scheme": f"Basic {text}",
        "no scheme": text,
        "the scheme alone": "Bearer",
        "the scheme and a space": "Bearer ",
        "two keys": f"Bearer {text} {text}",
        "a comma": f"Bearer {text}, Bearer {text}",
        "quotes": f'Bearer "{text}"',
        "another prefix": f"Bearer {mark}_{'0' * 12}_{secret}",
        "another secret": f"Bearer {mark}_{prefix}_{'A' * 43}",
        "a part of it": f"Bearer {text[:-1]}",
        "more than it": f"Bearer {text}A",
        "a null byte": f"Bearer {text}\x00",
        "letters of no ASCII": "Bearer ключ",
        "very long": "Bearer " + "A" * 60_000,
    }


@pytest.mark.parametrize("what", odd_headers("a_b_c"))
def test_an_odd_header_is_a_401_that_says_how_to_send_a_key(db, caplog, what):
    service = make_service()
    header = odd_headers(service.secret)[what]

    answer = service.get("companies/acme", Authorization=header)

    assert answer.status_code == 401, answer.content
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="api"'
    assert answer.json()["code"] == "not_authenticated"
    assert service.secret not in answer.content.decode() + caplog.text


def test_no_header_at_all_is_a_401(db, client):
    answer = client.get("/api/v1/companies/acme")

    assert answer.status_code == 401
    assert "Authorization: Bearer" in answer.json()["detail"]


def test_the_scheme_is_read_in_any_case(service):
    answer = service.get("companies/acme", Authorization=f"bEARER {service.secret}")

    assert answer.status_code == 404


def test_a_login_to_the_admin_is_no_key(admin_client):
    assert admin_client.get("/api/v1/companies/acme").status_code == 401


def test_a_key_appears_in_no_log(service, caplog, monkeypatch):
    secret = service.secret.split("_", 2)[2]
    caplog.set_level("DEBUG")
    service.post("companies", {"reference": 1})
    service.get("companies/nothing")
    service.get("nothing")
    service.get("companies/x", Authorization=f"Basic {service.secret}")
    service.get("companies/x", Authorization=f"Bearer {service.secret}x")

    def broken(**_options):
        raise RuntimeError("a bug")

    # Only a bug makes a traceback, and there is none to be had.
    monkeypatch.setattr(api_keys, "authenticate", broken)
    answer = service.get("companies/acme")

    assert answer.status_code == 500
    assert "RuntimeError" in caplog.text
    assert secret not in caplog.text
    assert secret not in answer.content.decode()


# --- How often ----------------------------------------------------------------------


def test_a_key_that_calls_too_often_is_told_when_to_come_back(db):
    service = make_service(requests_per_minute=2)
    codes = [service.get("companies/x").status_code for _ in range(2)]

    answer = service.get("companies/x")

    assert codes == [404, 404]
    assert answer.status_code == 429
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert 1 <= int(answer.headers["Retry-After"]) <= 60
    assert answer.json()["retry"] == {
        "allowed": True,
        "after_seconds": int(answer.headers["Retry-After"]),
    }


def test_one_key_does_not_use_up_anothers_requests(db):
    busy = make_service(requests_per_minute=1)
    quiet = make_service(requests_per_minute=1)
    busy.get("companies/x")

    assert busy.get("companies/x").status_code == 429
    assert quiet.get("companies/x").status_code == 404


def test_the_next_minute_is_a_new_one(db, monkeypatch):
    service = make_service(requests_per_minute=1)
    service.get("companies/x")
    assert service.get("companies/x").status_code == 429

    monkeypatch.setattr("xero_sync.runtime.throttles.time.time", lambda: 1e10)

    assert service.get("companies/x").status_code == 404


def test_a_key_of_two_companies_sees_both(db):
    companies = [make_company(reference=name) for name in ("acme", "birch")]
    key, text = make_key(companies=companies, scopes=KeyScope.values)
    service = Service(key, text)

    assert service.get("companies/acme").status_code == 200
    assert service.get("companies/birch").status_code == 200
