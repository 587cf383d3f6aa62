"""A certificate and a key that can't serve are told before anything starts."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from config.errors import SettingsError
from config.load import load


def write_pair(directory: Path, *, password: bytes | None = None) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + dt.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    directory.mkdir(exist_ok=True)
    (directory / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    lock = serialization.BestAvailableEncryption(password) if password else None
    (directory / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            lock or serialization.NoEncryption(),
        )
    )


def settings_file(directory: Path, certificate: str, key: str) -> Path:
    path = directory / "hotline.toml"
    path.write_text(f'[console]\ntls_certificate = "{certificate}"\ntls_key = "{key}"\n')
    return path


def test_pair_is_taken(tmp_path: Path) -> None:
    write_pair(tmp_path / "a")
    settings = load(settings_file(tmp_path, "a/cert.pem", "a/key.pem"), {})
    assert settings.console.tls_key == tmp_path / "a/key.pem"


@pytest.mark.parametrize(
    ("certificate", "key", "expected"),
    [
        ("a/cert.pem", "b/key.pem", "expected the key of tls_certificate"),
        ("a/cert.pem", "locked/key.pem", "found a key locked by a password"),
        ("a/cert.pem", "a/cert.pem", "console.tls_key: found no PRIVATE KEY in"),
        ("a/key.pem", "a/key.pem", "console.tls_certificate: found no CERTIFICATE in"),
        ("a/cert.pem", "a/none.pem", "(No such file or directory), expected a readable PEM file"),
        ("a", "a/key.pem", "(Is a directory), expected a readable PEM file"),
    ],
)
def test_pair_that_cannot_serve_is_told(
    tmp_path: Path, certificate: str, key: str, expected: str
) -> None:
    write_pair(tmp_path / "a")
    write_pair(tmp_path / "b")
    write_pair(tmp_path / "locked", password=b"geheim")
    with pytest.raises(SettingsError) as caught:
        load(settings_file(tmp_path, certificate, key), {})
    (mistake,) = caught.value.mistakes
    assert expected in str(mistake)
