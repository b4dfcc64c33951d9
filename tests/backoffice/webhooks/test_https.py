"""Over https the receiver has to prove who it is."""

from datetime import UTC, datetime, timedelta

import pytest
import requests.adapters
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from backoffice.webhooks import sending
from tests.backoffice.webhooks.receiver import listening

NOW = datetime.now(UTC)


def certificate_for(name, folder):
    """A certificate that vouches for itself, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - timedelta(days=1))
        .not_valid_after(NOW + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    path = folder / f"{name}.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return path


@pytest.fixture
def trust(monkeypatch):
    """Have the HTTP library trust what one file holds, and nothing else."""
    return lambda path: monkeypatch.setattr(
        requests.adapters, "DEFAULT_CA_BUNDLE_PATH", str(path)
    )


def post(receiver):
    return sending.post(url=receiver.url, body=b"{}", headers={}, now=NOW)


def test_a_receiver_with_a_trusted_certificate_gets_the_message(
    on_this_machine, tmp_path, trust
):
    certificate = certificate_for("localhost", tmp_path)
    trust(certificate)

    with listening(certificate) as receiver:
        answer = post(receiver)

    assert (answer.status_code, answer.error) == (204, "")
    assert len(receiver.requests) == 1


def test_a_certificate_that_nobody_vouches_for_gets_nothing(on_this_machine, tmp_path):
    with listening(certificate_for("localhost", tmp_path)) as receiver:
        answer = post(receiver)

    assert answer.error == "not_trusted"
    assert receiver.requests == []


def test_a_certificate_of_another_name_gets_nothing(on_this_machine, tmp_path, trust):
    certificate = certificate_for("other.example", tmp_path)
    trust(certificate)

    with listening(certificate) as receiver:
        answer = post(receiver)

    assert answer.error == "not_trusted"
    assert receiver.requests == []


def test_a_private_address_is_refused_before_the_handshake(settings, tmp_path, trust):
    settings.DEBUG = True
    certificate = certificate_for("localhost", tmp_path)
    trust(certificate)

    with listening(certificate) as receiver:
        answer = post(receiver)

    assert answer.error == "address_refused"


def test_an_answer_over_https_that_comes_too_late_is_cut_off(
    on_this_machine, tmp_path, trust
):
    certificate = certificate_for("localhost", tmp_path)
    trust(certificate)

    with listening(certificate) as receiver:
        receiver.gate.clear()
        answer = sending.post(
            url=receiver.url, body=b"{}", headers={}, now=NOW, timeout=1.0
        )

    assert answer.error == "timed_out"
