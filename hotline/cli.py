"""The `hotline` command: reads the settings, finds the command, tells failures in plain words."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from config.errors import SettingsError
from config.load import load
from config.model import Settings
from hotline import commands
from hotline.progress import StepFailed

Command = Callable[[Settings, argparse.Namespace], int]

ROLES = ("agent", "expert", "supervisor", "unit", "admin")
FAILED = 1
USAGE = 2
INTERRUPTED = 130


def parser() -> argparse.ArgumentParser:
    """The words understood after `hotline`."""
    top = argparse.ArgumentParser(
        prog="hotline", description="The business line of a 12345 citizens' hotline."
    )
    top.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help="the place's settings (default: $HOTLINE_CONFIG, then ./hotline.toml)",
    )
    words = top.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def word(name: str, run: Command, text: str) -> argparse.ArgumentParser:
        made = words.add_parser(name, help=text, description=text)
        made.set_defaults(run=run)
        return made

    word("run", commands.run, "everything in one process, with an Asterisk of its own")
    word("controller", commands.controller, "only the controller, beside an Asterisk")
    word("console", commands.console, "only the web console")
    asterisk = word("asterisk", commands.asterisk, "get, render, start, stop or ask our Asterisk")
    asterisk.add_argument("what", choices=("get", "render", "start", "stop", "status"))
    word("migrate", commands.migrate, "bring the database to the newest form")
    word("prompts", commands.prompts, "render the announcements that changed")
    word("check-settings", commands.check_settings, "say what is wrong with the settings, if it is")
    _accounts(word("accounts", commands.accounts, "list, add or renew accounts"))
    _keys(word("keys", commands.keys, "show or exchange the keys of names and numbers"))
    _demo_call(word("demo-call", commands.demo_call, "call the running hotline as a citizen"))
    return top


def _accounts(made: argparse.ArgumentParser) -> None:
    what = made.add_subparsers(dest="what", required=True, metavar="list|add|password")
    what.add_parser("list", help="all accounts, without passwords")
    add = what.add_parser("add", help="make one; its password is shown once")
    add.add_argument("login")
    add.add_argument("name", help="as screens show it")
    add.add_argument("role", choices=ROLES)
    add.add_argument(
        "--seat",
        action="append",
        metavar="QUEUE[:LEVEL]",
        help="give a seat with this skill (level 1 is the best); may be said several times",
    )
    add.add_argument(
        "--telephone",
        action="store_true",
        help="give a seat without any skill: to listen in, to be asked; no caller is offered to it",
    )
    add.add_argument("--unit", metavar="CODE", help="the unit that she works for; role unit alone")
    add.add_argument("--head", action="store_true", help="she is the head of her unit")
    add.add_argument(
        "--duty",
        action="append",
        metavar="DUTY",
        help="what she may do with tickets; agents and supervisors, may be said several times",
    )
    password = what.add_parser("password", help="give a new password, shown once")
    password.add_argument("login")


def _keys(made: argparse.ArgumentParser) -> None:
    what = made.add_subparsers(dest="what", required=True, metavar="show|rotate")
    what.add_parser("show", help="names and days of the keys, never a key")
    what.add_parser("rotate", help="a new key for every name and number; the hotline must not run")


def _demo_call(made: argparse.ArgumentParser) -> None:
    made.add_argument("--caller", help="a made-up number (default: another one each time)")
    made.add_argument("--key", default="1", help="the key pressed in the menu")
    made.add_argument("--talk", type=float, default=12.0, metavar="S", help="seconds of talk")
    made.add_argument("--patience", type=float, default=90.0, metavar="S", help="seconds waited")
    made.add_argument(
        "--answer",
        action="store_true",
        help="have a telephone of this command answer too, in the place of the second agent",
    )


def main(words: Sequence[str] | None = None) -> int:
    """Run one command; returns its code. Every failure known is told without a trace."""
    asked = parser().parse_args(words)
    try:
        settings = load(asked.config)
    except SettingsError as error:
        for mistake in error.mistakes:
            print(f"  ✗ {mistake}", file=sys.stderr)
        print(f"\n{len(error.mistakes)} mistake(s) in the settings; nothing was started.")
        return USAGE
    run: Command = asked.run
    try:
        return run(settings, asked)
    except StepFailed as failed:
        print(f"\n  {failed.step} failed:\n    {_indented(failed.reason)}", file=sys.stderr)
        print(f"  What to do: {failed.advice}", file=sys.stderr)
        print("  Then say it again: it goes on from here.", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print("\n  interrupted", file=sys.stderr)
        return INTERRUPTED


def _indented(text: str) -> str:
    return text.strip().replace("\n", "\n    ")
