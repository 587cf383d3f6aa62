"""Getting an Asterisk, from an archive made here: no network, no root, nothing executed."""

from __future__ import annotations

import gzip
import hashlib
import platform
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from dialplan import apt, fetch, home
from dialplan.errors import AsteriskUnusable, FetchFailed
from tests.support.settings import make_settings

TRIPLET = f"{platform.machine()}-linux-gnu"
ARCHITECTURE = subprocess.run(
    ["dpkg", "--print-architecture"], capture_output=True, text=True, check=True
).stdout.strip()


def put(root: Path, name: str, text: str = "", mode: int = 0o644) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)


def fake_asterisk(root: Path, version: str = "22.10.1") -> None:
    """A tree as the packages leave it, whose loader only says a version."""
    put(root, "usr/sbin/asterisk", "binary", 0o755)
    says = f"#!/bin/sh\necho 'Asterisk {version}+dfsg built by nobody'\n"
    put(root, f"usr/lib/{TRIPLET}/ld-linux-test.so.2", says, 0o755)
    put(root, "usr/share/asterisk/rest-api/resources.json", "{}")
    put(root, "usr/share/doc/asterisk/README", "long")
    for module in home.NEEDED_MODULES:
        put(root, f"usr/lib/{TRIPLET}/asterisk/modules/{module}")


class Archive:
    """A package archive in a directory, with sources that name it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory / "mirror/debian"
        self.etc = directory / "etc"
        self.witness = directory / "a-script-was-run"
        self._index = ""
        self.packages = self.directory / "dists/testing/main" / f"binary-{ARCHITECTURE}"
        self.packages.mkdir(parents=True)
        put(
            self.etc,
            "sources.list.d/own.sources",
            f"Types: deb\nURIs: file:{self.directory}\nSuites: {codename()}\nComponents: main\n"
            "Trusted: yes\n",
        )

    def add(self, name: str, version: str, root: Path, depends: str = "") -> Path:
        control = root / "DEBIAN"
        fields = f"Package: {name}\nVersion: {version}\nArchitecture: {ARCHITECTURE}\n"
        fields += "Maintainer: nobody <nobody@example.invalid>\nDescription: made for a test\n"
        fields += f"Depends: {depends}\n" if depends else ""
        put(control, "control", fields)
        put(control, "preinst", f"#!/bin/sh\ntouch {self.witness}\n", 0o755)
        deb = self.directory / f"{name}_{version.replace(':', '%3a')}_{ARCHITECTURE}.deb"
        subprocess.run(
            ["dpkg-deb", "--root-owner-group", "-b", str(root), str(deb)],
            check=True,
            capture_output=True,
        )
        digest = hashlib.sha256(deb.read_bytes()).hexdigest()
        place = f"Filename: {deb.name}\nSize: {deb.stat().st_size}\nSHA256: {digest}\n"
        self._index += fields + place + "\n"
        index = self._index.encode()
        (self.packages / "Packages").write_bytes(index)
        (self.packages / "Packages.gz").write_bytes(gzip.compress(index))
        self._release()
        return deb

    def _release(self) -> None:
        suite = self.directory / "dists/testing"
        lines = [
            f" {hashlib.sha256(f.read_bytes()).hexdigest()} {f.stat().st_size} "
            f"{f.relative_to(suite)}"
            for f in sorted(self.packages.iterdir())
        ]
        put(
            suite,
            "Release",
            f"Suite: testing\nCodename: testing\nComponents: main\nArchitectures: {ARCHITECTURE}\n"
            "Date: Sun, 22 Nov 2026 00:00:00 UTC\nSHA256:\n" + "\n".join(lines) + "\n",
        )


def codename() -> str:
    return apt.os_release()["VERSION_CODENAME"]


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    made = Archive(tmp_path)
    fake_asterisk(tmp_path / "asterisk")
    made.add("asterisk", "1:22.10.1-1", tmp_path / "asterisk", "asterisk-modules, libneeded")
    put(tmp_path / "modules", f"usr/lib/{TRIPLET}/asterisk/modules/more.so")
    made.add("asterisk-modules", "1:22.10.1-1", tmp_path / "modules")
    put(tmp_path / "needed", f"lib/{TRIPLET}/libneeded.so.1", "in the old place")
    made.add("libneeded", "3.0", tmp_path / "needed")
    return made


def test_when_fetched_then_it_is_complete_and_no_script_was_run(
    archive: Archive, tmp_path: Path
) -> None:
    told: list[tuple[str, float]] = []
    place = tmp_path / "var/asterisk-22"
    got = fetch.fetch(place, lambda doing, done: told.append((doing, done)), archive.etc)
    assert got.version == "22.10.1"
    assert got.command(Path("/c.conf"))[-5:] == [
        ":".join(str(p) for p in got.libraries),
        str(place / "usr/sbin/asterisk"),
        "-C",
        "/c.conf",
        "-f",
    ]
    assert got.loader == place / f"usr/lib/{TRIPLET}/ld-linux-test.so.2"
    assert [p for p in got.libraries if (p / "libneeded.so.1").is_file()]
    assert (place / "packages.txt").read_text().splitlines() == [
        "asterisk 1:22.10.1-1",
        "asterisk-modules 1:22.10.1-1",
        "libneeded 3.0",
    ]
    assert not (place / "usr/share/doc").exists()
    assert not archive.witness.exists()
    assert not (tmp_path / "var/asterisk-22.part").exists()
    assert {doing for doing, _ in told} >= {"downloading Asterisk", "unpacking", "ready"}
    assert all(0 <= done <= 1 for _, done in told)


def test_when_interrupted_then_nothing_half_is_left_and_the_next_goes_on(
    archive: Archive, tmp_path: Path
) -> None:
    place = tmp_path / "var/asterisk-22"

    def break_off(doing: str, _done: float) -> None:
        if doing == "unpacking":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch.fetch(place, break_off, archive.etc)
    assert not place.exists()
    kept = sorted((tmp_path / "var/asterisk-22.part/apt/cache/archives").glob("*.deb"))
    before = {deb.name: deb.stat().st_mtime_ns for deb in kept}
    assert len(before) == 3

    def look(doing: str, _done: float) -> None:
        if doing == "unpacking":
            assert {deb.name: deb.stat().st_mtime_ns for deb in kept} == before

    assert fetch.fetch(place, look, archive.etc).version == "22.10.1"


def test_when_the_archive_only_has_an_old_one_then_it_is_refused_and_not_left(
    tmp_path: Path,
) -> None:
    old = Archive(tmp_path)
    fake_asterisk(tmp_path / "asterisk", "20.6.0")
    old.add("asterisk", "1:20.6.0-1", tmp_path / "asterisk", "asterisk-modules")
    put(tmp_path / "modules", "usr/x")
    old.add("asterisk-modules", "1:20.6.0-1", tmp_path / "modules")
    with pytest.raises(FetchFailed, match=r"has Asterisk 20\.6\.0-1 only\. .*asterisk\.home"):
        fetch.fetch(tmp_path / "var/asterisk-22", etc=old.etc)
    assert not (tmp_path / "var/asterisk-22").exists()


def test_when_what_was_unpacked_is_unusable_then_it_is_refused_and_not_left(
    tmp_path: Path,
) -> None:
    wrong = Archive(tmp_path)
    fake_asterisk(tmp_path / "asterisk", "20.6.0")
    wrong.add("asterisk", "1:22.10.1-1", tmp_path / "asterisk", "asterisk-modules")
    put(tmp_path / "modules", "usr/x")
    wrong.add("asterisk-modules", "1:22.10.1-1", tmp_path / "modules")
    with pytest.raises(AsteriskUnusable, match=r"Asterisk 20\.6\.0: 22\.6 or newer is needed"):
        fetch.fetch(tmp_path / "var/asterisk-22", etc=wrong.etc)
    assert not (tmp_path / "var/asterisk-22").exists()


def test_when_the_archive_has_none_then_the_message_says_what_to_do(tmp_path: Path) -> None:
    empty = Archive(tmp_path)
    put(tmp_path / "other", "usr/x")
    empty.add("other", "1", tmp_path / "other")
    with pytest.raises(FetchFailed, match=r"has no Asterisk.*asterisk\.home"):
        fetch.fetch(tmp_path / "var/asterisk-22", etc=empty.etc)


def test_when_the_machine_names_no_archive_of_its_own_then_the_message_says_so(
    tmp_path: Path,
) -> None:
    put(tmp_path, "etc/sources.list", "deb http://other.example/x nodistro main\n")
    with pytest.raises(FetchFailed, match=r"name no archive of its own.*asterisk\.home"):
        fetch.fetch(tmp_path / "place", etc=tmp_path / "etc")


@pytest.mark.parametrize(
    ("release", "suite"),
    [
        ({"ID": "debian", "VERSION_CODENAME": "trixie"}, "testing"),
        ({"ID": "ubuntu", "VERSION_CODENAME": "trixie"}, "devel"),
        (
            {"ID": "linuxmint", "VERSION_CODENAME": "wilma", "UBUNTU_CODENAME": "trixie"},
            "devel",
        ),
    ],
)
def test_each_distribution_is_asked_for_its_newest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, release: dict[str, str], suite: str
) -> None:
    put(tmp_path, "etc/sources.list", "deb http://a.example/x trixie main\n")
    monkeypatch.setattr(apt, "os_release", lambda: release)
    apt.prepare(tmp_path / "private", tmp_path / "etc")
    assert f"Suites: {suite}\n" in (tmp_path / "private/hotline.sources").read_text()


def test_the_machines_acquire_settings_are_handed_over_and_its_hooks_are_not(
    archive: Archive, tmp_path: Path
) -> None:
    prepared = apt.prepare(tmp_path / "private", archive.etc)
    shown = subprocess.run(
        ["apt-config", "dump"],
        env={"APT_CONFIG": str(prepared.conf), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    machine = subprocess.run(
        ["apt-config", "dump", "Acquire::Check-Valid-Until"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    assert machine in shown
    assert f'Dir::State "{tmp_path}/private/state";' in shown
    assert "Post-Invoke" not in shown


def test_given_a_named_home_that_is_something_else_then_it_is_not_passed_over(
    tmp_path: Path,
) -> None:
    put(tmp_path, "named/file", "x")
    settings = make_settings(tmp_path, asterisk__home=tmp_path / "named")
    with pytest.raises(AsteriskUnusable, match="named: no usr/sbin/asterisk"):
        fetch.find_asterisk(settings)


def test_given_a_named_home_then_it_is_taken_before_all_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    put(tmp_path, "bin/asterisk", "#!/bin/sh\nexit 1\n", 0o755)
    fake_asterisk(tmp_path / "named", "22.7.0")
    settings = make_settings(tmp_path, asterisk__home=tmp_path / "named")
    found, reasons = fetch.find_asterisk(settings)
    assert found is not None
    assert (found.version, reasons) == ("22.7.0", [])


def test_given_an_old_one_on_path_then_the_reason_is_told_and_the_unpacked_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "machine"
    fake_asterisk(root)
    put(root, "usr/sbin/asterisk", "#!/bin/sh\necho Asterisk 20.6.0\n", 0o755)
    monkeypatch.setenv("PATH", f"{root}/usr/sbin:/usr/bin:/bin")

    def of_machine(binary: Path) -> home.AsteriskHome:
        return home._complete(root, binary, None, ())

    monkeypatch.setattr(fetch, "installed", of_machine)
    settings = make_settings(tmp_path)
    found, reasons = fetch.find_asterisk(settings)
    assert found is None
    assert "is Asterisk 20.6.0: 22.6 or newer is needed (chan_websocket)" in reasons[0]
    fake_asterisk(settings.var / "asterisk-22", "22.9.0")
    found, _ = fetch.find_asterisk(settings)
    assert found is not None
    assert found.version == "22.9.0"


def test_given_a_module_is_missing_then_its_name_is_told(tmp_path: Path) -> None:
    fake_asterisk(tmp_path)
    (tmp_path / f"usr/lib/{TRIPLET}/asterisk/modules/chan_websocket.so").unlink()
    with pytest.raises(AsteriskUnusable, match=r"modules missing: chan_websocket\.so"):
        home.unpacked(tmp_path)


def test_given_an_empty_named_home_then_that_is_where_it_is_fetched_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Path] = []

    def remember(place: Path, _progress: fetch.Progress) -> home.AsteriskHome:
        asked.append(place)
        raise FetchFailed("no network")

    monkeypatch.setattr(fetch, "fetch", remember)
    settings = make_settings(tmp_path, asterisk__home=tmp_path / "cache")
    with pytest.raises(FetchFailed, match="no network"):
        fetch.get_asterisk(settings)
    elsewhere = replace(settings, asterisk=replace(settings.asterisk, home=None))
    monkeypatch.setenv("PATH", "/nonexistent")
    if fetch.find_asterisk(elsewhere)[0] is None:
        with pytest.raises(FetchFailed):
            fetch.get_asterisk(elsewhere)
        assert asked[1:] == [settings.var / "asterisk-22"]
    assert asked[0] == tmp_path / "cache"
