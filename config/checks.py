"""What binds the sections together, and what only the machine can tell."""

from __future__ import annotations

import zoneinfo
from collections.abc import Sequence
from pathlib import Path

from config.model import Asterisk, Console, Line, Queue
from config.reader import Table
from config.words import describe

_EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 - compared with, nothing is bound here


def zone(table: Table, name: str) -> None:
    """The zone must be one that this machine knows."""
    if not name:
        return
    try:
        zoneinfo.ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        table.mistake(
            "zone",
            describe(name),
            'a zone of the time zone database such as "Asia/Shanghai" (package tzdata)',
        )


def ports(console: tuple[Table, Console], asterisk: tuple[Table, Asterisk]) -> None:
    """No two parts on one port of one address, none inside the range of the sound."""
    listen, phones = console[1].listen, asterisk[1]
    taken = [
        (console[0], "port", "console.port", listen.host, listen.port),
        (asterisk[0], "sip_port", "asterisk.sip_port", phones.host, phones.sip_port),
        (asterisk[0], "http_port", "asterisk.http_port", phones.host, phones.http_port),
    ]
    for at, (table, key, _, host, port) in enumerate(taken):
        if not table.fine(key, "host"):
            continue
        for _, _, other, other_host, other_port in taken[:at]:
            shared = host == other_host or host in _EVERYWHERE or other_host in _EVERYWHERE
            if port == other_port and shared:
                table.mistake(key, str(port), f"another port than {other}")
    table = asterisk[0]
    if table.fine("sip_port", "rtp_first", "rtp_last") and (
        phones.rtp_first <= phones.sip_port <= phones.rtp_last
    ):
        expected = "a port outside of rtp_first to rtp_last"
        table.mistake("sip_port", str(phones.sip_port), expected)


def numbers(lines: Sequence[tuple[Table, Line]]) -> None:
    """A dialled number leads to one line."""
    seen: dict[str, str] = {}
    for table, line in lines:
        for number in line.numbers:
            if number in seen:
                table.mistake(
                    "numbers", describe(number), f"a number not yet of the line {seen[number]}"
                )
            else:
                seen[number] = line.name


def overflow(queues: Sequence[tuple[Table, Queue]]) -> None:
    """Overflow leads on and never back (a loop is told once, at a queue that the place wrote)."""
    ahead = {queue.name: queue.overflow_to for _, queue in queues if queue.name}
    told: set[str] = set()
    for table, queue in sorted(queues, key=lambda read: read[0].shipped):
        way = [queue.name]
        following = ahead.get(queue.name)
        while following is not None and following not in way:
            way.append(following)
            following = ahead.get(following)
        if following == queue.name and queue.name not in told:
            told.update(way)
            shown = " > ".join([*way, queue.name])
            table.mistake("overflow_to", f"a loop {shown}", "a way that ends")


def tls(table: Table, certificate: Path | None, key: Path | None) -> None:
    """Certificate and key must be readable PEM files that belong together."""
    if certificate is None or key is None:
        return
    readable = [
        _pem(table, "tls_certificate", certificate, "CERTIFICATE"),
        _pem(table, "tls_key", key, "PRIVATE KEY"),
    ]
    if not all(readable):
        return
    import ssl  # only here: it costs more time than all the rest of the reading

    def no_password() -> str:
        raise ValueError("encrypted")

    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, no_password)
    except ValueError:
        table.mistake("tls_key", "a key locked by a password", "a key without one")
    except (ssl.SSLError, OSError) as error:
        reason = getattr(error, "reason", None) or type(error).__name__
        table.mistake("tls_key", f"{str(key)!r} ({reason})", "the key of tls_certificate")


def _pem(table: Table, key: str, path: Path, kind: str) -> bool:
    try:
        text = path.read_text(encoding="ascii", errors="replace")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no path"
        table.mistake(key, f"{describe(str(path))} ({reason})", "a readable PEM file")
        return False
    if f"{kind}-----" not in text:
        table.mistake(key, f"no {kind} in {describe(str(path))}", f"a PEM file with a {kind}")
        return False
    return True
