"""Settings in, the configuration files of one Asterisk out (`<var>/asterisk/etc`).

`texts` is pure; `render` writes and makes the directories that Asterisk expects to find.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from config.model import Settings, Trunk
from dialplan import conf, modules, music, secrets, trunks
from dialplan.errors import RenderError
from dialplan.home import AsteriskHome

LONGEST_SOCKET_PATH = 107
"""sun_path of unix(7): Asterisk's control socket lies under `var`."""

RETRY_S = 4
"""Between two tries to find a controller again, while music plays."""
PATIENCE = 3
"""So many tries with music alone; then the seats are rung without the controller."""
QUEUE_ROUND_S = 20
"""One round of ringing seats, after which the controller is tried again."""

DECLINED = (
    "ast_channel_varset_type",
    "ast_rtp_rtcp_sent_type",
    "ast_rtp_rtcp_received_type",
    "cel_generic_type",
)
"""Messages that nothing of ours reads; not making them spares Asterisk the work."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """What was written. `hashes` holds one SHA-256 a file, by name."""

    conf: Path
    etc: Path
    hashes: Mapping[str, str]


def base(settings: Settings) -> Path:
    """Where everything of this Asterisk's own lies."""
    return settings.var.resolve() / "asterisk"


def render(settings: Settings, home: AsteriskHome) -> Rendered:
    """Write the configuration (0600), the passwords and the music; RenderError when it can't be."""
    files = texts(
        settings,
        home,
        ari_password=secrets.ari_password(settings),
        ami_password=secrets.ami_password(settings),
    )
    root = base(settings)
    for name in ("etc", "run", "log", "lib", "db", "keys", "agi", "spool/recording"):
        (root / name).mkdir(parents=True, exist_ok=True, mode=0o700)
    settings.spool.mkdir(parents=True, exist_ok=True, mode=0o700)
    for queue_class in _music_classes(settings):
        music.ensure(settings.sounds / "moh" / queue_class)
    etc = root / "etc"
    for name, text in files.items():
        _write(etc / name, text)
    for stale in etc.iterdir():
        if stale.name not in files:
            stale.unlink()
    hashes = {name: hashlib.sha256(text.encode()).hexdigest() for name, text in files.items()}
    return Rendered(etc / "asterisk.conf", etc, hashes)


def _write(target: Path, text: str) -> None:
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=".")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    Path(temporary).replace(target)


def texts(
    settings: Settings, home: AsteriskHome, *, ari_password: str, ami_password: str
) -> dict[str, str]:
    """Every file by name. RenderError names the setting that can't be written."""
    asterisk = settings.asterisk
    root = base(settings)
    socket = root / "run" / "asterisk.ctl"
    if len(os.fsencode(socket)) > LONGEST_SOCKET_PATH:
        raise RenderError(
            f"hotline.var: {socket} is longer than a socket's path may be "
            f"({LONGEST_SOCKET_PATH} bytes); choose a shorter directory"
        )
    host = conf.host(asterisk.host, "asterisk.host")
    at = conf.bracketed(host)
    values = {
        "base": conf.path(root, "hotline.var"),
        "etc": conf.path(root / "etc", "hotline.var"),
        "modules": conf.path(home.modules, "asterisk.home"),
        "data": conf.path(home.data, "asterisk.home"),
        "spool": conf.path(settings.spool.resolve(), "hotline.var"),
        "busy": conf.path(settings.sounds.resolve() / "zh" / "system_busy", "hotline.var"),
        "system": f"hotline-{asterisk.sip_port}",
        "host": host,
        "http_port": str(asterisk.http_port),
        "sip_bind": f"{at}:{asterisk.sip_port}",
        "any_bind": f"{at}:0",
        "rtp_first": str(asterisk.rtp_first),
        "rtp_last": str(asterisk.rtp_last),
        "app": conf.name(asterisk.app, "asterisk.app"),
        "user": conf.name(asterisk.user, "asterisk.user"),
        "ari_password": conf.value(ari_password, "asterisk.password"),
        "ami_password": conf.value(ami_password, "the AMI password"),
        "ami_host": f"127.38.{asterisk.http_port >> 8}.{asterisk.http_port & 255}",
        "ami_permits": f"permit = {host}" if conf.is_address(host) else "",
        "music": _music_classes(settings)[0],
        "retry_s": str(RETRY_S),
        "patience": str(PATIENCE),
        "queue_s": str(QUEUE_ROUND_S),
        "declined": "\n".join(f"decline = {name}" for name in DECLINED),
        "classes": "\n".join(_music_class(settings, name) for name in _music_classes(settings)),
    }
    values["tls_transport"] = (
        conf.fill("pjsip_transport_tls.conf", values)
        if any(trunks.needs_tls(trunk) for trunk in settings.trunks)
        else ""
    )
    values["trunks"] = "\n".join(_inbound(settings, trunk, values) for trunk in _entries(settings))
    names = ("asterisk", "logger", "http", "ari", "manager", "rtp", "musiconhold", "queues",
             "sorcery", "stasis", "indications", "cdr", "cel", "pjsip", "extensions")  # fmt: skip
    files = {f"{name}.conf": conf.fill(f"{name}.conf", values) for name in names}
    files["pjsip_trunks.conf"] = trunks.pjsip(settings)
    files["modules.conf"] = modules.conf_text(settings.trunks)
    files |= dict.fromkeys(modules.EMPTY_FILES, "; the defaults serve\n")
    return files


def _music_classes(settings: Settings) -> list[str]:
    named = (conf.name(queue.music, f"queues[{queue.name}].music") for queue in settings.queues)
    return list(dict.fromkeys(("default", *named)))


def _music_class(settings: Settings, name: str) -> str:
    directory = conf.path(settings.sounds.resolve() / "moh" / name, "hotline.var")
    return f"[{name}]\nmode = files\ndirectory = {directory}\nsort = alpha\n"


def _entries(settings: Settings) -> list[tuple[str, Trunk]]:
    """Every way in: the trunks, and the test telephone, which writes numbers as the first does."""
    ways = [(trunk.name, trunk) for trunk in settings.trunks]
    if settings.console.demo and trunks.DEMO not in dict(ways):
        ways.append((trunks.DEMO, settings.trunks[0]))
    return ways


def _inbound(settings: Settings, entry: tuple[str, Trunk], values: Mapping[str, str]) -> str:
    name, trunk = entry
    conf.name(name, "trunks.name")
    context = {"name": name, "numbers": trunks.numbers(settings, trunk, name)}
    text = conf.fill("inbound.conf", {**values, **context})
    if name == trunks.DEMO:
        text += "\n[from-citizen]\ninclude = from-demo\n"
    return text
