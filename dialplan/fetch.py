"""Getting an Asterisk: the one named, the machine's, one unpacked earlier, or a fresh one.

The fresh one is fetched without root and without installing anything: a private APT directory
downloads Debian testing's package and what it depends on from the machine's own mirror, verified
by the machine's own keyring; the packages are unpacked and none of their scripts is run.
A list of the packages and versions stays beside it (`packages.txt`): an upgrade is a decision,
taken by removing the directory.
"""

from __future__ import annotations

import fcntl
import logging
import os
import shutil
import urllib.parse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from config.model import Settings
from dialplan import apt
from dialplan.errors import AsteriskUnusable, FetchFailed
from dialplan.home import AsteriskHome, installed, unpacked

log = logging.getLogger("hotline.dialplan")

Progress = Callable[[str, float], None]
"""Called with what is being done and how much of it is done (0.0 to 1.0)."""

# Nothing at run time reads these; documentation is half of the bytes.
_LEFT_OUT = ("usr/share/doc", "usr/share/man", "usr/share/info", "usr/share/locale",
             "usr/share/lintian", "usr/share/bug")  # fmt: skip


def _quiet(_doing: str, _done: float) -> None:
    return


def get_asterisk(settings: Settings, progress: Progress = _quiet) -> AsteriskHome:
    """An Asterisk that can be started, fetched when there is none yet.

    Blocks for seconds to minutes; raises AsteriskUnusable or FetchFailed with what to do.
    """
    found, reasons = find_asterisk(settings)
    if found is not None:
        return found
    for reason in reasons:
        log.info("passed over: %s", reason)
    try:
        return fetch(_place(settings), progress)
    except FetchFailed as problem:
        raise FetchFailed("\n".join([str(problem), *reasons])) from problem


def find_asterisk(settings: Settings) -> tuple[AsteriskHome | None, list[str]]:
    """The first usable Asterisk of this machine, and why those before it were passed over.

    A directory named in the settings is never passed over in silence: when something else lies
    there, AsteriskUnusable is raised. An empty or missing one is where `fetch` will put it.
    """
    reasons: list[str] = []
    named = settings.asterisk.home
    if named is not None and named.is_dir() and any(named.iterdir()):
        return unpacked(named.resolve()), reasons
    if named is None:
        on_path = shutil.which("asterisk") or shutil.which(
            "asterisk", path="/usr/sbin:/usr/local/sbin"
        )
        if on_path is not None:
            try:
                return installed(Path(on_path)), reasons
            except AsteriskUnusable as problem:
                reasons.append(str(problem))
    place = _place(settings)
    if place.is_dir() and any(place.iterdir()):
        return unpacked(place), reasons
    return None, reasons


def _place(settings: Settings) -> Path:
    return (settings.asterisk.home or settings.var / "asterisk-22").resolve()


def fetch(place: Path, progress: Progress = _quiet, etc: Path = Path("/etc/apt")) -> AsteriskHome:
    """Fetch an Asterisk into `place`, which appears complete or not at all.

    `etc` is where the machine's own package sources are named.

    What was downloaded before an interruption is used again. Two callers at once: the second
    waits for the first. Raises FetchFailed.
    """
    place = place.resolve()
    work = place.with_name(place.name + ".part")
    place.parent.mkdir(parents=True, exist_ok=True)
    with _alone(place.with_name(place.name + ".lock")):
        if place.is_dir() and any(place.iterdir()):
            return unpacked(place)
        archive = apt.prepare(work / "apt", etc)
        packages = apt.download(archive, progress)
        root = work / "root"
        shutil.rmtree(root, ignore_errors=True)
        _unpack(packages, root, progress)
        _write_list(packages, root / "packages.txt")
        unpacked(root)  # refused here, before anything could take it for usable
        if place.is_dir():
            place.rmdir()
        root.rename(place)
        shutil.rmtree(work)
    progress("ready", 1.0)
    return unpacked(place)


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    handle = os.open(lock, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _unpack(packages: list[Path], root: Path, progress: Progress) -> None:
    root.mkdir(parents=True)
    for at, package in enumerate(packages):
        progress("unpacking", at / len(packages))
        apt.run(["dpkg-deb", "-x", str(package), str(root)], f"{package.name} can't be unpacked")
    for name in _LEFT_OUT:
        shutil.rmtree(root / name, ignore_errors=True)
    progress("unpacking", 1.0)


def _write_list(packages: list[Path], target: Path) -> None:
    names = (urllib.parse.unquote(p.name).removesuffix(".deb").split("_") for p in packages)
    target.write_text("".join(f"{n[0]} {n[1]}\n" for n in sorted(names)), encoding="utf-8")
