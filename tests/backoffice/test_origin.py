"""Who sends a request, and from where."""

import logging
from ipaddress import ip_network

import pytest
from django.test import RequestFactory

from backoffice.origin import OriginMiddleware, address_of
from lending.audit import origin
from lending.audit.origin import Origin, WithOrigin, acting

THEIRS, OURS = "203.0.113.9", "192.0.2.1"


def request(**meta):
    return RequestFactory().get("/admin/", **meta)


@pytest.mark.parametrize(
    ("behind", "forwarded", "address"),
    [
        (False, None, OURS),
        (False, THEIRS, OURS),
        (True, THEIRS, THEIRS),
        (True, f"10.9.9.9, {THEIRS}", THEIRS),
        (True, None, OURS),
        (True, "unknown", None),
        (True, "2001:DB8::1", "2001:db8::1"),
    ],
)
def test_the_address_is_what_our_own_proxy_added_last(
    settings, behind, forwarded, address
):
    settings.BEHIND_TLS_PROXY = behind
    sent = {"HTTP_X_FORWARDED_FOR": forwarded} if forwarded else {}

    assert address_of(request(REMOTE_ADDR=OURS, **sent)) == address


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        # The first proxy names the sender, the second names the first.
        ("10.0.0.2", f"{THEIRS}, 10.0.0.1", THEIRS),
        ("10.0.0.2", f"198.51.100.7, {THEIRS}, 10.0.0.1", THEIRS),
        ("", f"{THEIRS}, 10.0.0.1", THEIRS),
        ("10.0.0.2", None, "10.0.0.2"),
        ("10.0.0.2", "10.0.0.1", "10.0.0.1"),
        ("10.0.0.2", "unknown, 10.0.0.1", None),
        # Who reaches us past the proxies is believed nothing.
        (OURS, THEIRS, OURS),
    ],
)
def test_the_address_is_the_last_that_is_no_proxy_of_ours(
    settings, peer, forwarded, address
):
    settings.BEHIND_TLS_PROXY = True
    settings.TRUSTED_PROXIES = [ip_network("10.0.0.0/24")]
    sent = {"HTTP_X_FORWARDED_FOR": forwarded} if forwarded else {}

    assert address_of(request(REMOTE_ADDR=peer, **sent)) == address


def test_a_socket_of_the_machine_has_no_address():
    assert address_of(request(REMOTE_ADDR="")) is None


def test_each_request_has_a_number_of_its_own_while_it_lasts():
    seen = []
    answer = OriginMiddleware(lambda one: seen.append((one, origin.current())))

    for _ in range(2):
        answer(request())

    (first, during), (second, _) = seen
    assert during.request_id == first.request_id != second.request_id
    assert during.actor() == ""
    assert origin.current() is origin.NOBODY


def test_each_line_of_the_log_has_its_request_and_who_sent_it_from_where():
    def line():
        record = logging.LogRecord("x", logging.INFO, "", 0, "Done.", None, None)
        WithOrigin().filter(record)
        return record.request_id, record.actor, record.address

    known = Origin(request_id="r-1", address="192.0.2.1", known=lambda: "user:anna")
    with acting(known):
        assert line() == ("r-1", "user:anna", "192.0.2.1")
    assert line() == ("-", "", "")
