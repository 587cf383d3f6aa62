"""What must be there before anything can start. Each step does nothing when it is done already."""

from __future__ import annotations

import socket

from config.model import Settings
from db.engine import url_of
from db.migrate import migrate
from dialplan.fetch import get_asterisk
from dialplan.home import AsteriskHome
from hotline.progress import StepFailed, step
from ivr.speech.prompts import Prompts


def asterisk_home(settings: Settings) -> AsteriskHome:
    """Find or fetch an Asterisk (a minute, once)."""
    advice = (
        "see to the network (the machine's package mirror must be reachable), or name an "
        "Asterisk 22.6 or newer in the settings as asterisk.home"
    )
    with step("Asterisk", advice) as running:
        home = get_asterisk(
            settings, lambda doing, done: running.say(f"{doing} {done:.0%}" if done else doing)
        )
        running.say(home.version)
    return home


def announcements(settings: Settings) -> None:
    """Render the sentences whose text or voice changed."""
    advice = "see to espeak-ng or to the recording that the message names"
    with step("announcements", advice) as running:
        made = Prompts(settings).render(lambda done, of, _name: running.say(f"{done} of {of}"))
        running.say(f"{len(made)} rendered" if made else "unchanged")


def database(settings: Settings) -> None:
    """Bring the database to the newest form."""
    advice = (
        "see to hotline.database_url and to the right to write there; "
        "an older copy of this program can't open a newer database"
    )
    with step("database", advice):
        migrate(url_of(settings.database_url, settings.var))


def console_port_free(settings: Settings) -> None:
    """Say early, and plainly, that the console's port is taken."""
    listen = settings.console.listen
    family = socket.AF_INET6 if ":" in listen.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((listen.host, listen.port))
        except OSError as problem:
            raise StepFailed(
                "console",
                f"{listen.host} port {listen.port} can't be used ({problem.strerror})",
                "end what uses it, or choose another: HOTLINE_CONSOLE_PORT=8081 make run",
            ) from problem
