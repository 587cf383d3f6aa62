"""A private APT: its own lists, its own cache, nothing installed, nothing executed.

From the machine come its mirror, its keyring and its `Acquire` settings (proxy, certificates,
Check-Valid-Until); nothing of the machine is written to, and none of its hooks runs.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from dialplan.errors import FetchFailed
from dialplan.home import OLDEST
from dialplan.sources import Source, archive_of, machine_sources

PACKAGES = ("asterisk", "asterisk-modules")

INSTALL_BY_HAND = (
    "Install Asterisk 22.6 or newer yourself (with res_ari, res_pjsip and chan_websocket), or "
    "unpack one into a directory and name it in the settings as asterisk.home."
)
_STEP_LIMIT_S = 1800.0


@dataclass(frozen=True, slots=True)
class Archive:
    """A prepared private APT directory."""

    directory: Path
    conf: Path


def prepare(directory: Path, etc: Path = Path("/etc/apt")) -> Archive:
    """Write the private APT's directories and configuration below `directory`."""
    for tool in ("apt-get", "apt-config", "dpkg-deb"):
        if shutil.which(tool) is None:
            raise FetchFailed(
                f"No {tool} here: not a machine of Debian's family. {INSTALL_BY_HAND}"
            )
    release = os_release()
    names = ("VERSION_CODENAME", "UBUNTU_CODENAME", "DEBIAN_CODENAME")
    source = archive_of(machine_sources(etc), {release.get(name, "") for name in names})
    if source is None:
        raise FetchFailed(
            f"The package sources of this machine name no archive of its own. {INSTALL_BY_HAND}"
        )
    for name in ("state/lists/partial", "cache/archives/partial", "log"):
        (directory / name).mkdir(parents=True, exist_ok=True)
    (directory / "status").touch()
    suited = _suited(source, release)
    (directory / "hotline.sources").write_text(suited.deb822(), encoding="utf-8")
    conf = directory / "apt.conf"
    conf.write_text(_configuration(directory), encoding="utf-8")
    return Archive(directory, conf)


def _suited(source: Source, release: dict[str, str]) -> Source:
    # From `file:` APT would use packages in their place and download none.
    uris = tuple(re.sub(r"^file:", "copy:", uri) for uri in source.uris)
    source = replace(source, uris=uris)
    # The newest that the distribution's own mirror has and the machine's own keyring vouches for.
    if "UBUNTU_CODENAME" in release or release.get("ID") == "ubuntu":
        return source.with_suite("devel", ("main", "universe"))
    return source.with_suite("testing", ("main",))


def os_release(path: Path = Path("/etc/os-release")) -> dict[str, str]:
    """The machine's distribution, by os-release(5)'s names; empty when it does not say."""
    if not path.is_file():
        return {}
    pairs = (line.partition("=") for line in path.read_text(encoding="utf-8").splitlines())
    return {name: value.strip("\"'") for name, equals, value in pairs if equals}


def _configuration(directory: Path) -> str:
    dump = run(["apt-config", "dump", "Acquire"], "apt-config does not answer")
    machine = [
        line
        for line in dump.splitlines()
        if not line.startswith(("Acquire::IndexTargets", "Acquire::Changelogs"))
    ]
    ours = {
        "Dir": "/",
        "Dir::State": f"{directory}/state",
        "Dir::State::status": f"{directory}/status",
        "Dir::Cache": f"{directory}/cache",
        "Dir::Log": f"{directory}/log",
        # The machine's hooks and preferences stay its own; its keyring and logins are shared.
        "Dir::Etc::Parts": "/dev/null",
        "Dir::Etc::Main": "/dev/null",
        "Dir::Etc::SourceList": f"{directory}/hotline.sources",
        "Dir::Etc::SourceParts": "/dev/null",
        "Dir::Etc::Preferences": "/dev/null",
        "Dir::Etc::PreferencesParts": "/dev/null",
        "Acquire::Languages": "none",
        "APT::Install-Recommends": "false",
        "APT::Sandbox::User": "root",  # the directory may be closed to APT's own user
        "APT::Get::Assume-Yes": "true",
    }
    return "\n".join([*machine, *(f'{name} "{value}";' for name, value in ours.items())]) + "\n"


def download(archive: Archive, progress: Callable[[str, float], None]) -> list[Path]:
    """Fetch the packages and all they depend on; the paths of the .deb files."""
    environment = {**os.environ, "APT_CONFIG": str(archive.conf), "LC_ALL": "C"}
    progress("reading the archive's lists", 0.0)
    _apt_get(["update", "--error-on=any"], environment, "reading the archive's lists", progress)
    _refuse_old(environment)
    progress("downloading Asterisk", 0.0)
    _apt_get(
        ["install", "--download-only", *PACKAGES], environment, "downloading Asterisk", progress
    )
    packages = sorted((archive.directory / "cache/archives").glob("*.deb"))
    if not packages:
        raise FetchFailed(f"The archive gave no packages. {INSTALL_BY_HAND}")
    return packages


def _refuse_old(environment: dict[str, str]) -> None:
    """Look at the version before eighty megabytes are fetched in vain."""
    policy = run(["apt-cache", "policy", "asterisk"], "apt-cache does not answer", environment)
    found = re.search(r"Candidate: (?:\d+:)?((\d+)\.(\d+)\S*)", policy)
    if found is None:
        raise FetchFailed(f"The mirror of this machine has no Asterisk. {INSTALL_BY_HAND}")
    if (int(found[2]), int(found[3])) < OLDEST:
        raise FetchFailed(
            f"The mirror of this machine has Asterisk {found[1]} only. {INSTALL_BY_HAND}"
        )


def _apt_get(
    words: list[str],
    environment: dict[str, str],
    doing: str,
    progress: Callable[[str, float], None],
) -> None:
    ours, theirs = os.pipe()
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as said:
        try:
            apt = subprocess.Popen(
                ["apt-get", "-q", "-o", f"APT::Status-Fd={theirs}", *words],
                env=environment,
                pass_fds=(theirs,),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=said,
            )
        except OSError as problem:
            os.close(ours)
            raise FetchFailed(f"apt-get does not start: {problem}. {INSTALL_BY_HAND}") from problem
        finally:
            os.close(theirs)
        with apt, os.fdopen(ours, encoding="utf-8", errors="replace") as lines:
            for line in lines:
                kind, _, rest = line.partition(":")
                if kind == "dlstatus":
                    progress(doing, float(rest.split(":")[1]) / 100)
        if apt.returncode != 0:
            said.seek(0)
            last = said.read().splitlines()
            errors = [line for line in last if line.startswith("E:")] or last[-3:]
            raise FetchFailed(f"{doing} failed: {' '.join(errors)} {INSTALL_BY_HAND}")


def run(words: list[str], problem: str, environment: dict[str, str] | None = None) -> str:
    """What a short command printed; FetchFailed with `problem` and its last words otherwise."""
    try:
        done = subprocess.run(
            words,
            capture_output=True,
            text=True,
            timeout=_STEP_LIMIT_S,
            check=False,
            env=environment,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise FetchFailed(f"{problem}: {error}. {INSTALL_BY_HAND}") from error
    if done.returncode != 0:
        raise FetchFailed(f"{problem}: {done.stderr.strip()[-300:]}. {INSTALL_BY_HAND}")
    return done.stdout
