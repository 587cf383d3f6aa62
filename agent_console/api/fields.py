"""Fields that several nouns share, with their bounds."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

MAX_ID = 2**53 - 1
"""What a browser's numbers can hold."""
MAX_VERSION = 2**31 - 1
"""What the column can hold."""
MAX_PAGE = 10_000
MAX_SIZE = 100
CALL_ID = r"^[0-9a-f]{32}$"
# PostgreSQL keeps no NUL in a text.
NO_NUL = r"^[^\x00]*$"

RowId = Annotated[int, Meta(ge=1, le=MAX_ID)]
CallId = Annotated[str, Meta(pattern=CALL_ID, min_length=32, max_length=32)]
Moment = Annotated[int, Meta(ge=0, le=MAX_ID)]
Code = Annotated[str, Meta(max_length=64, pattern=NO_NUL)]
Page = Annotated[int, Meta(ge=1, le=MAX_PAGE)]
Size = Annotated[int, Meta(ge=1, le=MAX_SIZE)]


class RowPath(msgspec.Struct, forbid_unknown_fields=True):
    id: RowId


class CallPath(msgspec.Struct, forbid_unknown_fields=True):
    call_id: CallId


def head(text: str, most: int = 60) -> str:
    """The beginning of a text, on one line."""
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1] + "…"
