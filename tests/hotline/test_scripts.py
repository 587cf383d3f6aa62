"""What runs before there is any Python of ours: the shell scripts and the locked requirements."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPTS = [*sorted((ROOT / "scripts").glob("*.sh")), ROOT / ".ci" / "run"]
LOCKS = ("run", "dev", "node")


def bash(script: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/bash", "-c", script],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_a_script_is_well_formed_and_stops_at_the_first_failure(script: Path) -> None:
    assert subprocess.run(["/bin/bash", "-n", str(script)], check=False).returncode == 0
    if script.name != "steps.sh":  # sourced by the others
        assert "set -euo pipefail" in script.read_text()
        assert os.access(script, os.X_OK)


@pytest.mark.parametrize("name", LOCKS)
def test_every_locked_package_has_a_version_and_a_hash_and_no_index_is_named(name: str) -> None:
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    assert not re.search(r"^\s*(--(extra-)?index-url|--find-links|-i\b|-f\b)|://", text, re.M)
    entries = re.findall(r"^[a-z0-9].*?(?=^[a-z0-9#]|\Z)", text, re.M | re.S)
    assert entries
    for entry in entries:
        assert re.match(r"[a-z0-9._-]+==[^ ]+", entry), entry[:60]
        assert "--hash=sha256:" in entry, entry[:60]


@pytest.mark.parametrize("name", LOCKS)
def test_every_wish_is_locked(name: str) -> None:
    locked = (ROOT / "requirements" / f"{name}.txt").read_text()
    wishes = (ROOT / "requirements" / f"{name}.in").read_text().splitlines()
    for wish in (line for line in wishes if line and not line.startswith(("#", "-r"))):
        assert re.search(rf"^{re.escape(wish)}==", locked, re.M), wish


def test_what_runs_is_locked_alike_for_running_and_developing() -> None:
    def pins(name: str) -> set[str]:
        text = (ROOT / "requirements" / f"{name}.txt").read_text()
        return set(re.findall(r"^[a-z0-9._-]+==[^ \\]+(?: ; [^\\]+)?", text, re.M))

    assert pins("run") <= pins("dev")


def test_a_step_that_fails_shows_its_words_its_advice_and_ends_the_script(tmp_path: Path) -> None:
    done = bash(
        "set -euo pipefail; . scripts/steps.sh; "
        "step broken 'plug it in' bash -c 'echo its own words; exit 7'; echo went on",
        HOTLINE_VAR=str(tmp_path),
    )
    assert done.returncode == 1
    assert "broken failed (code 7)" in done.stderr
    assert "its own words" in done.stderr
    assert "plug it in" in done.stderr
    assert "went on" not in done.stdout


def test_a_step_that_succeeds_keeps_its_words_in_the_log(tmp_path: Path) -> None:
    done = bash(
        ". scripts/steps.sh; step 'a b' none echo its own words; echo went on",
        HOTLINE_VAR=str(tmp_path),
    )
    assert done.returncode == 0
    assert re.search(r"✓ a b .*\nwent on", done.stdout)
    assert (tmp_path / "log" / "setup" / "a-b.log").read_text() == "its own words\n"


def machine(directory: Path, *, without: tuple[str, ...], uid: int, sudo: bool) -> str:
    """A PATH with the tools of a plain machine; apt-get and sudo only write down what they hear."""
    bin_dir = directory / "bin"
    bin_dir.mkdir()
    tools = ("bash", "cat", "dirname", "env", "grep", "ls", "mkdir", "sipp", "sleep",
             "tail", "tr", "cut", "awk", "fc-list", "espeak-ng", "test")  # fmt: skip
    for tool in tools:
        found = shutil.which(tool)
        if found and tool not in without:
            (bin_dir / tool).symlink_to(found)
    (bin_dir / "python3").symlink_to(Path(sys.executable).resolve())
    heard = directory / "heard"
    stubs = {
        "apt-cache": "echo '  Candidate: (none)'",
        "id": f"echo {uid}",
        "apt-get": f'echo "apt-get $*" >> {heard}',
    }
    if sudo:
        stubs["sudo"] = f'[ "$1" = -n ] && shift; echo "sudo $*" >> {heard}; "$@"'
    for name, body in stubs.items():
        path = bin_dir / name
        path.write_text(f"#!/bin/bash\n{body}\n")
        path.chmod(0o755)
    return str(bin_dir)


MISSING = ("espeak-ng", "sipp")


def test_given_no_right_to_install_then_the_line_to_say_is_told(tmp_path: Path) -> None:
    path = machine(tmp_path, without=MISSING, uid=1000, sudo=False)
    done = bash("scripts/packages.sh run", PATH=path, HOTLINE_VAR=str(tmp_path))
    assert done.returncode == 1
    assert (
        "sudo apt-get update && sudo apt-get install -y --no-install-recommends "
        "espeak-ng sip-tester" in done.stderr
    )
    assert not (tmp_path / "heard").exists()


@pytest.mark.parametrize(("uid", "sudo"), [(0, False), (1000, True)])
def test_given_the_right_to_install_then_what_is_missing_is_installed_by_name(
    tmp_path: Path, uid: int, sudo: bool
) -> None:
    path = machine(tmp_path, without=MISSING, uid=uid, sudo=sudo)
    done = bash("scripts/packages.sh run", PATH=path, HOTLINE_VAR=str(tmp_path))
    assert done.returncode == 0, done.stderr
    heard = (tmp_path / "heard").read_text()
    assert "apt-get update" in heard
    assert "apt-get install -y --no-install-recommends espeak-ng sip-tester" in heard
    assert ("sudo" in heard) is sudo


def test_given_no_chromium_in_the_archive_then_it_says_where_there_is_one(tmp_path: Path) -> None:
    path = machine(tmp_path, without=(), uid=0, sudo=False)
    done = bash("scripts/packages.sh test", PATH=path, HOTLINE_VAR=str(tmp_path))
    assert done.returncode == 1
    assert "sudo snap install chromium" in done.stderr
    assert "install -y" not in (tmp_path / "heard").read_text()


def test_given_all_is_there_then_nothing_is_asked_of_anybody(tmp_path: Path) -> None:
    path = machine(tmp_path, without=(), uid=1000, sudo=False)
    done = bash("scripts/packages.sh run", PATH=path, HOTLINE_VAR=str(tmp_path))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
