"""A mail server with STARTTLS and login, on the test's own loop."""

from __future__ import annotations

import asyncio
import datetime as dt
import ipaddress
import ssl
import tempfile
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any, Self

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.support.gateways.faults import Faulty


class MailServer(Faulty):
    """Asks for TLS and a password before it takes a mail."""

    def __init__(self, login: str, password: str) -> None:
        super().__init__()
        self.taken: list[EmailMessage] = []
        self.to: list[list[str]] = []
        self.port = 0
        self.context = ssl.create_default_context()
        """What a client trusts this server with."""
        self._login = LoginPassword(login.encode(), password.encode())
        self._server: asyncio.Server | None = None
        self._open: list[SMTP] = []

    async def __aenter__(self) -> Self:
        with tempfile.TemporaryDirectory(prefix="hl-mail-") as directory:
            certificate, key = _self_signed(Path(directory))
            tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            tls.load_cert_chain(certificate, key)
            self.context.load_verify_locations(certificate)

        def made() -> SMTP:
            server = SMTP(
                self, tls_context=tls, require_starttls=True, auth_required=True,
                authenticator=self._authenticate, loop=asyncio.get_running_loop(),
            )  # fmt: skip
            self._open.append(server)
            return server

        self._server = await asyncio.get_running_loop().create_server(made, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self.released.set()
        assert self._server is not None
        self._server.close()
        self._abort()
        await self._server.wait_closed()

    def _authenticate(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _how: str, said: Any
    ) -> AuthResult:
        return AuthResult(success=said == self._login, handled=False)

    # --- called by aiosmtpd ---

    async def handle_RCPT(  # noqa: N802 - its name
        self,
        _server: SMTP,
        _session: Session,
        envelope: Envelope,
        address: str,
        _options: list[str],
    ) -> str:
        self.asked += 1
        if self.fault == "break_before":
            self._abort()
        if self.fault == "refuse":
            return f"550 5.1.1 <{address}> no such mailbox"
        if self.fault == "later":
            return "451 4.7.1 greylisted"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - its name
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        assert isinstance(envelope.content, bytes)
        self.taken.append(message_from_bytes(envelope.content, policy=default))
        self.to.append(list(envelope.rcpt_tos))
        if self.fault == "stall":
            await self.released.wait()
        if self.fault == "break_after":
            self._abort()
        return "250 OK"

    def _abort(self) -> None:
        for server in self._open:
            if isinstance(server.transport, asyncio.Transport):
                server.transport.abort()


def _self_signed(directory: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 of a day."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate, private = directory / "mail.crt", directory / "mail.key"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return certificate, private
