"""Pictures without what they say of who took them, where and with what.

Only what is known to be needed to see the picture right goes through; whatever else a file
carries is left out, whether anybody has heard of it or not. The pixels' own bytes are copied as
they are: nothing is decoded or packed anew. Everything here is pure: a file in, pieces out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import BinaryIO

from tickets.pictures import jpeg, png
from tickets.pictures.pieces import Unreadable

__all__ = ["CLEANERS", "Unreadable"]

CLEANERS: dict[str, Callable[[BinaryIO], Iterator[bytes]]] = {
    "image/jpeg": jpeg.cleaned,
    "image/png": png.cleaned,
}
"""By media type: a seekable file from its beginning to the pieces of the clean one. The pieces
end with `Unreadable` where the file is damaged, cut off or not what it says."""
