"""A PostgreSQL of our own: a fresh cluster on a free port, gone with its files at the end.

PostgreSQL refuses to run as root, so under root it is run as Debian's user `postgres`.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.support.ports import free_port

_START_LIMIT_S = 30.0
_STOP_LIMIT_S = 20.0
_USER = "postgres"


class NoPostgres(Exception):
    """PostgreSQL's server is not on this machine. Says what to install."""


@dataclass(slots=True)
class Postgres:
    """A running server; `url` names its maintenance database."""

    port: int
    bin: Path
    directory: Path
    home: Path
    durable: bool = False
    """A commit that was acknowledged outlives `crash`, as in life; slower."""
    shared_buffers: str = "32MB"
    _server: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it (again) on its port; back when it answers."""
        self._server = _start(
            self.bin, self.home, self.directory, self.port, self.durable, self.shared_buffers
        )
        try:
            _wait_until_ready(self.bin, self._server, self.port, self.directory / "server.log")
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """SIGINT: "fast" shutdown, which does not wait for clients."""
        self._end(signal.SIGINT)

    def crash(self) -> None:
        """SIGQUIT: "immediate" shutdown, as if the machine had lost its power."""
        self._end(signal.SIGQUIT)

    def _end(self, sign: signal.Signals) -> None:
        server, self._server = self._server, None
        if server is None:
            return
        server.send_signal(sign)
        try:
            server.wait(_STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()

    @property
    def stopped(self) -> bool:
        return self._server is None

    @property
    def url(self) -> str:
        return self._url("postgres")

    def _url(self, database: str) -> str:
        return f"postgresql://{_USER}@127.0.0.1:{self.port}/{database}"

    def new_database(self) -> str:
        """Make an empty database; its SQLAlchemy URL."""
        name = f"t{secrets.token_hex(6)}"
        self._ask(f'CREATE DATABASE "{name}"')
        return self._url(name)

    def drop(self, url: str) -> None:
        self._ask(f'DROP DATABASE IF EXISTS "{url.rsplit("/", 1)[1]}" WITH (FORCE)')

    def _ask(self, statement: str) -> None:
        subprocess.run(
            [str(self.bin / "psql"), "-qAt", "-v", "ON_ERROR_STOP=1", self.url, "-c", statement],
            check=True,
            capture_output=True,
            timeout=30,
        )


@contextlib.contextmanager
def postgres(*, durable: bool = False, shared_buffers: str = "32MB") -> Iterator[Postgres]:
    """Start a server, hand it out, stop it and remove its files.

    Raises NoPostgres when the server's programs are missing.
    """
    programs = _programs()
    # Not below pytest's own directory: that one is closed to the server's user.
    directory = Path(tempfile.mkdtemp(prefix="hotline-pg-"))
    directory.chmod(0o755)
    home = directory / "data"
    home.mkdir(mode=0o700)
    if os.geteuid() == 0:
        shutil.chown(directory, _USER)
        shutil.chown(home, _USER)
    try:
        _run(programs / "initdb", "-D", str(home), "-U", _USER, "-A", "trust", "-E", "UTF8",
             "--locale=C", "--no-sync")  # fmt: skip
        server = Postgres(free_port(), programs, directory, home, durable, shared_buffers)
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _programs() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=_version)
    on_path = shutil.which("postgres")
    if on_path:
        found.append(Path(on_path))
    if not found:
        raise NoPostgres("PostgreSQL's server is missing: install the package postgresql")
    return found[-1].resolve().parent


def _version(path: Path) -> int:
    name = path.parts[-3]
    return int(name) if name.isdigit() else 0


def _as_its_user() -> dict[str, int | list[int]]:
    if os.geteuid() != 0:
        return {}
    try:
        entry = pwd.getpwnam(_USER)
    except KeyError:
        raise NoPostgres("PostgreSQL's user is missing: install the package postgresql") from None
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def _run(*words: str | Path) -> None:
    done = subprocess.run(  # type: ignore[call-overload]  # user, group: a mapping
        [str(word) for word in words],
        capture_output=True,
        text=True,
        cwd="/",
        timeout=60,
        check=False,
        **_as_its_user(),
    )
    if done.returncode != 0:
        raise RuntimeError(f"{words[0]} failed: {done.stderr.strip()[-500:]}")


def _start(
    programs: Path, home: Path, directory: Path, port: int, durable: bool, shared_buffers: str
) -> subprocess.Popen[bytes]:
    settings = {
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": str(directory),
        "fsync": "off",
        "synchronous_commit": "on" if durable else "off",
        "full_page_writes": "off",
        "max_connections": "60",
        "shared_buffers": shared_buffers,
        "log_min_messages": "error",
    }
    words = [str(programs / "postgres"), "-D", str(home), "-p", str(port)]
    for name, value in settings.items():
        words += ["-c", f"{name}={value}"]
    with (directory / "server.log").open("wb") as log:
        server: subprocess.Popen[bytes] = subprocess.Popen(  # type: ignore[call-overload]
            words, stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd="/", **_as_its_user()
        )
    return server


def _wait_until_ready(
    programs: Path, server: subprocess.Popen[bytes], port: int, log: Path
) -> None:
    limit = time.monotonic() + _START_LIMIT_S
    while time.monotonic() < limit:
        ready = subprocess.run(
            [str(programs / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port)], check=False
        )
        if ready.returncode == 0:
            return
        if server.poll() is not None:
            break
        time.sleep(0.05)
    raise RuntimeError(f"PostgreSQL did not start: {log.read_text()[-1000:]}")
