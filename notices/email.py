"""E-mail over SMTP, in a thread: STARTTLS or TLS, login, one message to all of a recipient's."""

from __future__ import annotations

import asyncio
import smtplib
import ssl
import time
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from config.channels import Email
from notices.outcome import Notice, Outcome, later, refused, sent, unknown

LOGIN_WAIT_S = 60.0
SHARE = 0.8
"""Of a try's time: the thread ends before the worker stops waiting for it."""


class Left:
    """The time that is left of one try: a slow server is left before the mail is handed over."""

    def __init__(self, limit_s: float) -> None:
        self._ends = time.monotonic() + limit_s

    def __call__(self) -> float:
        """Seconds; raises TimeoutError when there are none."""
        left = self._ends - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left

    def give(self, server: smtplib.SMTP) -> None:
        """The next answer may take no longer."""
        if server.sock is not None:
            server.sock.settimeout(self())


class Mail:
    """Sends to the addresses of a recipient. A mail that broke off after its end is not repeated."""

    name = "email"
    idempotent = False

    def __init__(
        self, settings: Email, send_s: float, context: ssl.SSLContext | None = None
    ) -> None:
        self._settings = settings
        self._limit_s = send_s * SHARE
        self._context = context

    async def start(self) -> None:
        """Each mail has a connection of its own."""

    async def stop(self) -> None:
        """Nothing is held."""

    async def send(self, notice: Notice) -> Outcome:
        return await asyncio.to_thread(self._send, notice)

    def _send(self, notice: Notice) -> Outcome:
        """In a thread; a library's error is never passed on, for it names the recipient."""
        left = Left(self._limit_s)
        try:
            server = self._open(left)
        except smtplib.SMTPResponseException as error:
            return _by_code(error.smtp_code, "邮件服务器未接受连接")
        except ssl.SSLError:
            return later("邮件服务器证书核对未通过", LOGIN_WAIT_S)
        except (OSError, smtplib.SMTPException):
            return later("无法连接邮件服务器")
        try:
            return self._deliver(server, notice, left)
        finally:
            server.close()

    def _open(self, left: Left) -> smtplib.SMTP:
        """Connected, and encrypted as the settings want it."""
        settings = self._settings
        context = self._context or ssl.create_default_context()
        if settings.security == "tls":
            return smtplib.SMTP_SSL(settings.host, settings.port, timeout=left(), context=context)
        server = smtplib.SMTP(settings.host, settings.port, timeout=left())
        try:
            if settings.security == "starttls":
                left.give(server)
                server.starttls(context=context)
        except BaseException:
            server.close()
            raise
        return server

    def _deliver(self, server: smtplib.SMTP, notice: Notice, left: Left) -> Outcome:
        settings = self._settings
        try:
            left.give(server)
            server.ehlo_or_helo_if_needed()
            if settings.login:
                left.give(server)
                server.login(settings.login, settings.password)
            left.give(server)
            wrong = _envelope(server, settings.sender, notice.to)
            left.give(server)
        except smtplib.SMTPAuthenticationError as error:
            return later(f"邮件服务器登录被拒（{error.smtp_code}）", LOGIN_WAIT_S)
        except smtplib.SMTPResponseException as error:
            return _by_code(error.smtp_code, "邮件服务器拒绝")
        except (OSError, smtplib.SMTPException):
            return later("与邮件服务器的连接中断")
        if wrong is not None:
            return wrong
        return _data(server, self._written(notice))

    def _written(self, notice: Notice) -> bytes:
        mail = EmailMessage()
        subject = f"{self._settings.subject}：{notice.label}"
        mail["Subject"] = f"{subject} {notice.number}".strip()
        mail["From"] = self._settings.sender
        mail["To"] = ", ".join(notice.to)
        mail["Date"] = format_datetime(datetime.fromtimestamp(notice.at_ms / 1000, UTC))
        # The same at each try: a mailbox that looks can tell a repetition.
        mail["Message-ID"] = f"<{notice.once}@{self._settings.sender.partition('@')[2]}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(notice.text + "\n")
        return mail.as_bytes(policy=SMTP.clone(cte_type="7bit"))


def _envelope(server: smtplib.SMTP, sender: str, to: tuple[str, ...]) -> Outcome | None:
    """Name sender and recipients; None when all were accepted."""
    code, _ = server.mail(sender)
    if code != 250:
        return _by_code(code, "邮件服务器不接受发件人")
    for address in to:
        code, _ = server.rcpt(address)
        if code not in (250, 251):
            return _by_code(code, "邮件服务器不接受收件人")
    return None


def _data(server: smtplib.SMTP, written: bytes) -> Outcome:
    """Hand the mail over. From the moment its last dot is sent nobody can say, but the answer."""
    try:
        code, _ = server.data(written)
    except smtplib.SMTPDataError as error:
        return _by_code(error.smtp_code, "邮件服务器不接受邮件")
    except (OSError, smtplib.SMTPException):
        return unknown("邮件发出后连接中断")
    return sent() if code == 250 else _by_code(code, "邮件服务器不接受邮件")


def _by_code(code: int, what: str) -> Outcome:
    """4xx is for now, 5xx for good (RFC 5321, 4.2.1)."""
    sentence = f"{what}（{code}）"
    return refused(sentence) if 500 <= code < 600 else later(sentence)
