"""An Asterisk on disk: where its parts lie and how it is started."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from dialplan.errors import AsteriskUnusable

OLDEST = (22, 6)
"""chan_websocket, through which captions hear a call, first came with 22.6."""

NEEDED_MODULES = ("res_pjsip.so", "res_ari_channels.so", "res_pjsip_transport_websocket.so",
                  "chan_websocket.so", "app_mixmonitor.so", "app_queue.so")  # fmt: skip

_MODULE_DIRS = (
    "usr/lib/*-linux-gnu/asterisk/modules",
    "usr/lib/asterisk/modules",
    "usr/lib64/asterisk/modules",
    "usr/local/lib/asterisk/modules",
)
_DATA_DIRS = ("usr/share/asterisk", "var/lib/asterisk", "usr/local/share/asterisk")


@dataclass(frozen=True, slots=True)
class AsteriskHome:
    """Where an Asterisk lies. `loader` is set for an unpacked one, which brings its own libc."""

    binary: Path
    modules: Path
    data: Path
    loader: Path | None = None
    libraries: tuple[Path, ...] = ()
    version: str = ""

    def command(self, conf: Path) -> list[str]:
        """The words that start it in the foreground on `conf` (its asterisk.conf)."""
        return [*self.executable(), "-C", str(conf), "-f"]

    def executable(self) -> list[str]:
        """The words before Asterisk's own arguments.

        An unpacked one is run by its own loader, and its modules' libraries are looked for along
        the same path: neither the machine's libc nor LD_LIBRARY_PATH takes part, so programs that
        Asterisk might start are not disturbed.
        """
        if self.loader is None:
            return [str(self.binary)]
        path = ":".join(str(p) for p in self.libraries)
        return [str(self.loader), "--library-path", path, str(self.binary)]


def unpacked(root: Path) -> AsteriskHome:
    """The Asterisk unpacked under `root`; AsteriskUnusable says what is missing there."""
    binary = root / "usr/sbin/asterisk"
    loader = _first(root, ("usr/lib/*-linux-gnu/ld-linux*.so.*", "lib/*-linux-gnu/ld-linux*.so.*"))
    if not binary.is_file() or loader is None:
        raise AsteriskUnusable(f"{root}: no usr/sbin/asterisk with its own loader in there")
    libraries = tuple(
        p for where in ("usr/lib", "lib") for p in sorted((root / where).glob("*-linux-gnu"))
    )
    return _complete(root, binary, loader, libraries)


def installed(binary: Path) -> AsteriskHome:
    """The Asterisk that the machine itself runs; AsteriskUnusable when too old or incomplete."""
    return _complete(Path("/"), binary, None, ())


def _complete(
    root: Path, binary: Path, loader: Path | None, libraries: tuple[Path, ...]
) -> AsteriskHome:
    modules = _first(root, _MODULE_DIRS)
    data = _first(root, tuple(f"{d}/rest-api" for d in _DATA_DIRS))
    if modules is None or data is None:
        raise AsteriskUnusable(f"{binary}: its modules or its rest-api directory are missing")
    home = AsteriskHome(binary, modules, data.parent, loader, libraries)
    version = version_of(home)
    if version_numbers(version)[:2] < OLDEST:
        wanted = ".".join(str(n) for n in OLDEST)
        raise AsteriskUnusable(
            f"{binary} is Asterisk {version}: {wanted} or newer is needed (chan_websocket)"
        )
    missing = [m for m in NEEDED_MODULES if not (modules / m).is_file()]
    if missing:
        raise AsteriskUnusable(f"{binary} {version}: modules missing: {', '.join(missing)}")
    return AsteriskHome(binary, modules, data.parent, loader, libraries, version)


def _first(root: Path, patterns: tuple[str, ...]) -> Path | None:
    return next((p for pattern in patterns for p in sorted(root.glob(pattern))), None)


def version_of(home: AsteriskHome) -> str:
    """What `asterisk -V` says, e.g. "22.10.1"."""
    try:
        answer = subprocess.run(
            [*home.executable(), "-V"], capture_output=True, text=True, timeout=20, check=True
        )
    except (OSError, subprocess.SubprocessError) as problem:
        raise AsteriskUnusable(f"{home.binary} does not run: {problem}") from problem
    match = re.search(r"Asterisk\s+(?:certified/)?(\d+(?:\.\d+)*)", answer.stdout)
    if match is None:
        raise AsteriskUnusable(f"{home.binary} does not say which version it is")
    return match.group(1)


def version_numbers(version: str) -> tuple[int, ...]:
    """ "22.10.1" as (22, 10, 1)."""
    return tuple(int(n) for n in version.split("."))
