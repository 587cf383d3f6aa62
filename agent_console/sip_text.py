"""Whether a SIP message of a browser speaks for its own telephone. Pure text.

Asterisk checks the password; this keeps a signed-in page from even trying to be
somebody else. What can be read in two ways is refused rather than guessed at.
"""

from __future__ import annotations

import re

MAX_MESSAGE = 64 * 1024
KEEP_ALIVE = ("\r\n\r\n", "\r\n")

_REQUEST = re.compile(r"([A-Z]{3,16}) (sips?:\S+) SIP/2\.0")
_STATUS = re.compile(r"SIP/2\.0 [1-6][0-9]{2} [^\r\n]*")
_HEADER = re.compile(r"([A-Za-z][A-Za-z0-9.!%*_+`'~-]*)[ \t]*:[ \t]*([^\r\n]*)")
_USER = re.compile(
    r'(?:(?:"[^"\\<>]*"|[^"<>:;@,]*)[ \t]*<)?'  # a name, then the bracket
    r'sips?:([^"<>:;@,\s]+)(?::[^"<>@,\s]*)?@[^"<>@,\s]+'
    r'(?:>(?:[ \t]*;[^"<>,]*)?)?'
)
_DIGEST_USER = re.compile(r'\busername\s*=\s*"([^"]*)"', re.IGNORECASE)
_COMPACT = {"f": "from", "t": "to", "l": "content-length", "m": "contact", "v": "via"}
_ONCE = ("from", "to", "call-id", "cseq", "content-length")


class NotAllowed(Exception):
    """The message is refused; `reason` may be shown in a close frame (ASCII)."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def check(message: str, endpoint: str) -> None:
    """Let a message of `endpoint`'s browser through, or raise NotAllowed."""
    if message in KEEP_ALIVE:
        return
    head, gap, body = message.partition("\r\n\r\n")
    if not gap:
        raise NotAllowed("incomplete message")
    first, *lines = head.split("\r\n")
    headers = _headers(lines)
    _whole(headers, body)
    if _STATUS.fullmatch(first):
        return
    request = _REQUEST.fullmatch(first)
    if request is None:
        raise NotAllowed("not a SIP message")
    # Within a call that came to it, a telephone writes its own name in From as well.
    if _user(_only(headers, "from")) != endpoint:
        raise NotAllowed("From is another telephone")
    if request[1] == "REGISTER" and _user(_only(headers, "to")) != endpoint:
        raise NotAllowed("To is another telephone")
    for name in ("authorization", "proxy-authorization"):
        for value in headers.get(name, ()):
            if _DIGEST_USER.findall(value) != [endpoint]:
                raise NotAllowed("the credentials are another telephone's")


def _headers(lines: list[str]) -> dict[str, list[str]]:
    headers: dict[str, list[str]] = {}
    for line in lines:
        found = _HEADER.fullmatch(line)
        if found is None:
            # A folded line, a bare CR or LF: two readers could read it differently.
            raise NotAllowed("a header that can't be read")
        name = found[1].lower()
        headers.setdefault(_COMPACT.get(name, name), []).append(found[2].strip())
    for name in _ONCE:
        if len(headers.get(name, ())) > 1:
            raise NotAllowed("a header comes twice")
    return headers


def _whole(headers: dict[str, list[str]], body: str) -> None:
    """No second message may hide behind the first (RFC 7118: one message a frame)."""
    length = _only(headers, "content-length")
    if not length.isascii() or not length.isdigit() or int(length[:9]) != len(body.encode()):
        raise NotAllowed("Content-Length does not fit")


def _only(headers: dict[str, list[str]], name: str) -> str:
    values = headers.get(name)
    if not values:
        raise NotAllowed("a header is missing")
    return values[0]


def _user(value: str) -> str | None:
    found = _USER.fullmatch(value)
    return found[1] if found else None
