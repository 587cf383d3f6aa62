"""The passwords of ARI and AMI: made once, kept in `<var>/secrets` (0600), read by every part."""

from __future__ import annotations

import os
import secrets
import tempfile
from pathlib import Path

from config.model import Settings
from dialplan.errors import RenderError

_BYTES = 24


def ari_password(settings: Settings) -> str:
    """The password of `asterisk.user` over ARI: the settings' own, else the one kept in `var`."""
    return settings.asterisk.password or _kept(settings.var / "secrets" / "ari_password")


def ami_password(settings: Settings) -> str:
    """The password of `asterisk.user` over AMI (`/rawman`); the same as ARI's when that is set,
    because an Asterisk that is not ours can't know one made here."""
    return settings.asterisk.password or _kept(settings.var / "secrets" / "ami_password")


def _kept(path: Path) -> str:
    """What the file says; made first when it is not there, by whoever comes first."""
    if not path.exists():
        _make(path)
    text = path.read_text(encoding="ascii").strip()
    if not text:
        raise RenderError(f"{path} is empty: remove it and a new password is made")
    return text


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".")  # mkstemp makes it 0600
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(_BYTES) + "\n")
        # A link, not a rename: of two that make it at once, one wins and both read that one.
        os.link(temporary, path)
    except FileExistsError:
        return
    finally:
        Path(temporary).unlink()
