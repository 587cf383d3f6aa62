"""Ids that we choose before we ask.

An id chosen beforehand can be stored and watched before Asterisk hears of it, so no event
about it can come too early.

The prefix trap: Asterisk compares a wanted channel id with the live ones over the length of
the *wanted* one and without regard to case, so a new id that is the beginning of a live id is
refused with 409. Ids of one width can't be a beginning of one another, hence every id made
here is exactly ``WIDTH`` characters, lower case, whatever its prefix.
"""

import re
import secrets

WIDTH = 32
_RANDOM_AT_LEAST = 20
_PREFIX = re.compile(r"[a-z][a-z0-9]*")


def new_id(prefix: str) -> str:
    """A fresh id of ``WIDTH`` characters that begins with ``prefix-``."""
    room = WIDTH - len(prefix) - 1
    if room < _RANDOM_AT_LEAST or not _PREFIX.fullmatch(prefix):
        raise ValueError("a prefix is 1 to 11 lower-case letters and digits")
    return f"{prefix}-{secrets.token_hex(16)[:room]}"
