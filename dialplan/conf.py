"""Values as Asterisk's configuration files can carry them.

A file of Asterisk's is lines of `key = value`; `;` begins a comment, blanks around a value are
lost, and there is no quoting. What can't be carried is refused, never written half.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from pathlib import Path
from string import Template

from dialplan.errors import RenderError

LONGEST_VALUE = 1024
"""Asterisk reads lines of 8 kB; no setting of ours has a reason to be near that."""

_TEMPLATES = Path(__file__).with_name("templates")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_NUMBER = re.compile(r"\+?[0-9]{1,32}")
# In a dialplan these part or expand arguments; a path may hold none of them.
_PATH = re.compile(r"/[^,&|;:${}\[\]\"'`\\%<>#*?!\x00-\x1f\x7f]*")
_HOST = re.compile(r"[A-Za-z0-9.:_\[\]-]{1,255}")


class _ConfTemplate(Template):
    """`@{name}`, because `${name}` is the dialplan's own."""

    delimiter = "@"
    pattern = r"""
        @(?:
            (?P<escaped>@)
          | \{(?P<braced>[a-z_]+)\}
          | (?P<named>(?!))
          | (?P<invalid>(?!))
        )
    """  # type: ignore[assignment]


def fill(template: str, values: Mapping[str, str]) -> str:
    """The text of `templates/<template>` with every `@{name}` replaced.

    Values must have gone through one of the functions below, or be text made of such.
    """
    text = (_TEMPLATES / template).read_text(encoding="utf-8")
    return _ConfTemplate(text).substitute(values)


def value(text: str, what: str) -> str:
    """Free text, such as a password, escaped; `what` names the setting in the error."""
    if any(ord(c) < 32 or ord(c) == 127 or c in "\x85\u2028\u2029" for c in text):
        raise RenderError(f"{what}: a control character or a line break can't be in it")
    if text != text.strip() or not text:
        raise RenderError(f"{what}: it is empty, or begins or ends with a blank")
    if len(text.encode("utf-8", "surrogatepass")) > LONGEST_VALUE:
        raise RenderError(f"{what}: longer than {LONGEST_VALUE} bytes")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as problem:
        raise RenderError(f"{what}: not text") from problem
    return text.replace(";", "\\;")


def name(text: str, what: str) -> str:
    """A word that may stand in a section's head, a context or an application's arguments."""
    if not _NAME.fullmatch(text):
        raise RenderError(f"{what}: only letters, digits, _ and - can be in it (at most 64)")
    return text


def number(text: str, what: str) -> str:
    """A dialled number."""
    if not _NUMBER.fullmatch(text):
        raise RenderError(f"{what}: a telephone number is digits, perhaps after a +")
    return text


def path(where: Path, what: str) -> str:
    """An absolute path that the dialplan can carry as an argument."""
    text = str(where)
    if not _PATH.fullmatch(text) or text != text.strip():
        raise RenderError(
            f"{what}: {text!r} can't be written into a dialplan, choose a plainer path"
        )
    return text


def host(text: str, what: str) -> str:
    """A host name, an address, a network or `host:port`."""
    if not _HOST.fullmatch(text.replace("/", "-", 1)):
        raise RenderError(f"{what}: neither an address nor a host name")
    return text


def split_port(text: str) -> tuple[str, int | None]:
    """`host:port`, `[v6]:port`, `host` or a bare v6 address, apart."""
    match = re.fullmatch(r"\[([^\]]+)\]:(\d+)|([^:]+):(\d+)", text)
    if match is None:
        return text.strip("[]"), None
    return match[1] or match[3], int(match[2] or match[4])


def is_address(text: str) -> bool:
    """Whether it is a plain address, not a name."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def bracketed(address: str) -> str:
    """An address as it stands before a port: v6 in brackets."""
    v6 = is_address(address) and ipaddress.ip_address(address).version == 6
    return f"[{address}]" if v6 else address
