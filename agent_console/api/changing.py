"""What an import would change, as a person reads it before it is taken in."""

from __future__ import annotations

import msgspec

MOST_LISTED = 500


class Changing(msgspec.Struct, frozen=True):
    """One thing of a table: what it says now and would say then; empty where it is not there."""

    where: str
    before: str
    after: str
