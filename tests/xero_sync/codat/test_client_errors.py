"""Each failure at the wire, and the error that says what to do next."""

import pickle
from datetime import UTC, datetime

import pytest
import requests
import responses

from tests.xero_sync.codat.builders import (
    API_KEY,
    BASE_URL,
    COMPANY,
    IDEMPOTENCY_KEY,
    PUSH_PATH,
    TOKEN,
    error_json,
    make_client,
    push_json,
)
from xero_sync.codat.client import CodatClient
from xero_sync.codat.exceptions import (
    CodatAccessDenied,
    CodatError,
    CodatKeyMissing,
    CodatNoAnswer,
    CodatOutcomeUnknown,
    CodatRejected,
    CodatUnavailable,
)
from xero_sync.codat.verdicts import retry_after


def send(client=None):
    with client or make_client() as open_client:
        return open_client.send_push(
            path=PUSH_PATH, body=b"{}", idempotency_key=IDEMPOTENCY_KEY
        )


def failure_of(kind, **answer):
    with responses.RequestsMock() as wire:
        wire.post(BASE_URL + PUSH_PATH, **answer)
        with pytest.raises(kind) as caught:
            send()
    assert type(caught.value) is kind
    return caught.value


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (300, CodatOutcomeUnknown),
        (301, CodatOutcomeUnknown),
        (400, CodatRejected),
        (401, CodatAccessDenied),
        (402, CodatAccessDenied),
        (403, CodatAccessDenied),
        (404, CodatRejected),
        (405, CodatRejected),
        (408, CodatOutcomeUnknown),
        (409, CodatNoAnswer),
        (413, CodatRejected),
        (422, CodatRejected),
        (429, CodatUnavailable),
        (500, CodatOutcomeUnknown),
        (502, CodatOutcomeUnknown),
        (503, CodatOutcomeUnknown),
        (504, CodatOutcomeUnknown),
    ],
)
def test_the_http_status_decides_what_may_be_done_next(status, kind):
    error = failure_of(kind, status=status, json=error_json(statusCode=500))

    assert error.status_code == status
    assert error.correlation_id == "7eb40d6b415d7bcd99ce658268284056"
    assert error.detail == "Something was wrong."
    assert (error.method, error.path) == ("POST", PUSH_PATH)
    assert error.meta.status_code == status
    assert "Something was wrong." in error.meta.body_text


def test_a_refusal_names_what_codat_found_wrong():
    validation = {
        "errors": [
            {"itemId": "From.Amount", "message": "Too small.", "validatorName": "Min"},
            {"itemId": None, "message": None, "validatorName": None},
        ],
        "warnings": None,
    }

    error = failure_of(
        CodatRejected, status=400, json=error_json(validation=validation)
    )

    first, second = error.errors
    assert (first.item_id, first.message) == ("From.Amount", "Too small.")
    assert (second.item_id, second.message) == ("", "")


def test_a_missing_bank_feed_permission_is_told_by_its_problem_type():
    problem = {
        "type": "invalid-organisation-bank-feeds",
        "title": "Invalid Organisation",
        "status": 403,
        "detail": "The organisation does not support automated bank feeds.",
    }

    error = failure_of(CodatAccessDenied, status=403, json=problem)

    assert error.problem == "invalid-organisation-bank-feeds"
    assert error.detail == "The organisation does not support automated bank feeds."


def test_a_problem_type_written_as_an_address_is_shortened_to_its_last_piece():
    error = failure_of(
        CodatAccessDenied,
        status=403,
        json={"type": "https://errors.test/bank-feeds/invalid-application/"},
    )

    assert error.problem == "invalid-application"


def test_a_conflict_says_that_the_first_request_is_still_running():
    error = failure_of(CodatNoAnswer, status=409, json=error_json())

    assert error.in_progress is True


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "17"}, 17.0),
        ({"Retry-After": " 2.5 "}, 2.5),
        ({"Retry-After": "0"}, 0.0),
        ({"Retry-After": "9" * 400}, 86_400.0),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "-5"}, None),
        ({"Retry-After": "nan"}, None),
        ({}, None),
        (
            {
                "Retry-After": "Mon, 01 Jun 2026 09:02:00 GMT",
                "Date": "Mon, 01 Jun 2026 09:00:30 GMT",
            },
            90.0,
        ),
        (
            {
                "Retry-After": "Mon, 01 Jun 2026 08:00:00 GMT",
                "Date": "Mon, 01 Jun 2026 09:00:00 GMT",
            },
            0.0,
        ),
    ],
)
def test_a_rate_limit_says_how_long_to_wait(headers, seconds):
    error = failure_of(CodatUnavailable, status=429, json=error_json(), headers=headers)

    assert error.rate_limited is True
    assert error.retry_after == seconds


def test_a_moment_to_wait_for_is_counted_from_now_when_the_answer_has_no_date():
    now = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)

    wait = retry_after({"Retry-After": "Mon, 01 Jun 2026 09:01:00 GMT"}, now)

    assert wait == 60.0


def test_the_quota_headers_are_kept_with_the_answer():
    error = failure_of(
        CodatUnavailable,
        status=429,
        json=error_json(),
        headers={
            "X-Rate-Limit-Remaining": "0",
            "X-Rate-Limit-Reset": "2026-06-01T23:59:99Z",
        },
    )

    quota = error.meta.rate_limit
    assert quota.remaining == 0
    assert quota.reset == datetime(2026, 6, 1, 23, 59, 59, tzinfo=UTC)


def test_unreadable_quota_headers_do_not_hide_the_answer():
    error = failure_of(
        CodatRejected,
        status=400,
        json=error_json(),
        headers={"X-Rate-Limit-Remaining": "many", "X-Rate-Limit-Reset": "tomorrow"},
    )

    assert error.meta.rate_limit.remaining is None
    assert error.meta.rate_limit.reset is None


@pytest.mark.parametrize(
    "body",
    [
        "<html>ok</html>",
        '{"status": "Pend',
        "[]",
        "null",
        "",
        '"Pending"',
        '{"totalAmount": NaN}',
        "[" * 100_000,
        b"\xff\xfe\x00",
    ],
)
def test_a_success_that_cannot_be_read_leaves_the_outcome_unknown(body):
    error = failure_of(CodatOutcomeUnknown, status=200, body=body)

    assert error.status_code == 200


@pytest.mark.parametrize(
    "changed",
    [
        {"status": "Accepted"},
        {"status": None},
        {"pushOperationKey": "not a key"},
        {"pushOperationKey": None},
    ],
)
def test_an_operation_that_says_nothing_leaves_the_outcome_unknown(changed):
    error = failure_of(CodatOutcomeUnknown, status=200, json=push_json(**changed))

    assert error.meta.status_code == 200


def test_the_page_of_a_gateway_is_kept_as_evidence_but_not_shown_as_a_reason():
    error = failure_of(CodatOutcomeUnknown, status=502, body="<html>Bad</html>")

    assert error.detail == ""
    assert error.meta.body_text == "<html>Bad</html>"


def test_a_long_answer_is_cut():
    error = failure_of(CodatRejected, status=400, json=error_json(error="x" * 50_000))

    assert len(error.detail) == 1_000
    assert len(error.meta.body_text) == 20_000


def test_what_no_database_holds_is_taken_out_of_codats_words():
    error = failure_of(CodatRejected, status=400, body='{"error": "a\\u0000b\\ud800c"}')

    assert error.detail == "ab?c"


@pytest.mark.parametrize("secret", [API_KEY, TOKEN])
def test_a_key_that_codat_repeats_is_nowhere_in_the_error(secret):
    error = failure_of(
        CodatAccessDenied,
        status=401,
        json=error_json(error=f"Key {secret} is unknown", correlationId=secret),
    )

    for shown in (str(error), repr(error), repr(vars(error)), error.meta.body_text):
        assert secret not in shown
    assert error.detail == "Key [hidden] is unknown"


@pytest.mark.parametrize(
    ("cause", "kind"),
    [
        (requests.ConnectTimeout("x"), CodatUnavailable),
        (requests.exceptions.ProxyError("x"), CodatUnavailable),
        (requests.exceptions.InvalidURL("x"), CodatUnavailable),
        (requests.ReadTimeout("x"), CodatNoAnswer),
        (requests.ConnectionError("reset"), CodatNoAnswer),
        (requests.exceptions.SSLError("broken read"), CodatNoAnswer),
        (requests.exceptions.ChunkedEncodingError("cut"), CodatNoAnswer),
        (requests.exceptions.InvalidHeader("two lengths"), CodatNoAnswer),
        (requests.exceptions.ContentDecodingError("gzip"), CodatOutcomeUnknown),
    ],
)
def test_a_broken_exchange_is_told_by_where_it_broke(cause, kind):
    error = failure_of(kind, body=cause)

    assert error.status_code is None
    assert error.meta is None
    assert error.__cause__ is cause


def test_a_redirect_is_not_followed_and_the_key_does_not_travel():
    elsewhere = "https://elsewhere.test/"
    with responses.RequestsMock(assert_all_requests_are_fired=False) as wire:
        wire.post(BASE_URL + PUSH_PATH, status=307, headers={"Location": elsewhere})
        target = wire.post(elsewhere, json=push_json())

        with pytest.raises(CodatOutcomeUnknown) as caught:
            send()

        assert caught.value.status_code == 307
        assert target.call_count == 0
        assert len(wire.calls) == 1


def test_a_redirect_to_nonsense_is_an_unknown_outcome_too():
    failure_of(
        CodatOutcomeUnknown, status=302, headers={"Location": "http://[nonsense"}
    )


def test_nothing_is_sent_twice_by_itself():
    with responses.RequestsMock() as wire:
        wire.post(BASE_URL + PUSH_PATH, status=503, json=error_json())

        with pytest.raises(CodatOutcomeUnknown):
            send()

        assert len(wire.calls) == 1


def test_reads_fail_by_the_same_rules():
    with responses.RequestsMock() as wire:
        wire.get(f"{BASE_URL}/companies/{COMPANY}", status=404, json=error_json())

        with make_client() as client, pytest.raises(CodatRejected) as caught:
            client.get_company(COMPANY)

    assert caught.value.method == "GET"


def test_a_missing_key_is_named_before_anything_is_sent():
    with pytest.raises(CodatKeyMissing) as caught:
        make_client(api_key="")

    assert caught.value.field == "CODAT_API_KEY"
    assert caught.value.code == "codat_key_missing"


def test_the_settings_make_a_client(settings):
    settings.CODAT_BASE_URL = BASE_URL
    settings.CODAT_API_KEY = API_KEY
    settings.CODAT_CONNECT_TIMEOUT = 1.5
    settings.CODAT_READ_TIMEOUT = 2.5
    with responses.RequestsMock() as wire:
        wire.get(f"{BASE_URL}/companies/{COMPANY}", json={"id": COMPANY})

        with CodatClient.from_settings() as client:
            client.get_company(COMPANY)

        assert wire.calls[0].request.req_kwargs["timeout"] == (1.5, 2.5)


def test_the_settings_without_a_key_make_no_client(settings):
    settings.CODAT_BASE_URL = BASE_URL
    settings.CODAT_API_KEY = ""

    with pytest.raises(CodatKeyMissing):
        CodatClient.from_settings()


@pytest.mark.parametrize(
    "base_url", ["", "codat.test", "ftp://codat.test", "https://user:pw@codat.test"]
)
def test_an_address_that_is_none_is_refused_at_once(base_url):
    with pytest.raises(ValueError, match="CODAT_BASE_URL"):
        make_client(base_url=base_url)


def test_an_error_survives_the_way_through_a_queue():
    error = failure_of(
        CodatUnavailable,
        status=429,
        json=error_json(),
        headers={"Retry-After": "17"},
    )

    copy = pickle.loads(pickle.dumps(error))

    assert isinstance(copy, CodatError)
    assert str(copy) == str(error)
    assert copy.retry_after == 17.0
