"""What each word after `hotline` does. Each takes the settings and the words, gives a code.

Imports stand inside the functions: a small command must not wait for what it does not use.
"""

from __future__ import annotations

import argparse
import asyncio

from config.model import Settings


def check_settings(settings: Settings, _words: argparse.Namespace) -> int:
    """Reading them was the check."""
    print(f"  ✓ {settings.source}: no mistakes")
    return 0


def run(settings: Settings, _words: argparse.Namespace) -> int:
    from hotline import serve

    return serve.everything(settings)


def controller(settings: Settings, _words: argparse.Namespace) -> int:
    from hotline import serve

    return serve.controller_alone(settings)


def console(settings: Settings, _words: argparse.Namespace) -> int:
    from hotline import serve

    return serve.console_alone(settings)


def asterisk(settings: Settings, words: argparse.Namespace) -> int:
    from hotline.asterisk import by_hand

    return by_hand(settings, words.what)


def migrate(settings: Settings, _words: argparse.Namespace) -> int:
    from hotline import prepare

    prepare.database(settings)
    return 0


def prompts(settings: Settings, _words: argparse.Namespace) -> int:
    from hotline import prepare

    prepare.announcements(settings)
    return 0


def demo_call(settings: Settings, words: argparse.Namespace) -> int:
    from hotline.demo import demo_call as call

    return call(settings, words)


def accounts(settings: Settings, words: argparse.Namespace) -> int:
    """List, add, or give a new password. The database is migrated first."""
    from hotline import accounts_command, prepare

    prepare.database(settings)
    return asyncio.run(accounts_command.run(settings, words))


def keys(settings: Settings, words: argparse.Namespace) -> int:
    """Show the keys, or exchange them. The database is migrated first."""
    from hotline import keys_command, prepare

    if words.what == "show":
        return keys_command.show(settings)
    prepare.database(settings)
    return asyncio.run(keys_command.rotate(settings))
