"""Running: all in one process, or the controller and the console apart."""

from __future__ import annotations

import asyncio
import gc
import os
import sys
from collections.abc import Callable, Coroutine
from typing import Any

from config.model import Settings
from db import Database, connect
from db.engine import url_of
from dialplan.home import AsteriskHome
from dialplan.process import AsteriskProcess
from hotline import accounts, keys_command, logs, prepare, wiring
from hotline.accounts import SignIn
from hotline.address import address_of
from hotline.asterisk import keep_running
from hotline.house import House
from hotline.progress import step
from hotline.single import AlreadyRunning, Claim, Running

READY_LIMIT_S = 30.0
GIL_TURN_S = 0.0005
"""The loop and the database's threads hand the interpreter over so often at the latest: at
Python's own 5 ms a call's events wait for each other (measured: p99 of key to INVITE halves)."""
LOOK_EVERY_S = 0.1

Body = Callable[[Settings, House, AsteriskHome | None], Coroutine[Any, Any, None]]


def everything(settings: Settings) -> int:
    """`hotline run`: Asterisk (when it is ours), controller and console."""
    return _alone(settings, "hotline", _everything)


def controller_alone(settings: Settings) -> int:
    """`hotline controller`: beside an Asterisk; the console runs elsewhere."""
    return _alone(settings, "controller", _controller_alone)


def console_alone(settings: Settings) -> int:
    """`hotline console`: the web console; controllers run elsewhere."""
    return _alone(settings, "console", _console_alone)


def _alone(settings: Settings, name: str, body: Body) -> int:
    """Claim `var`, prepare (which may take its time), then run the body on a loop."""
    claim = Claim(settings.var, name)
    try:
        claim.take(Running(os.getpid(), address_of(settings)))
    except AlreadyRunning as other:
        where = f" (process {other.running.pid}, {other.running.address})" if other.running else ""
        print(f"  ✗ {name} already runs on {settings.var}{where}.")
        print("    What to do: use that one, end it with Ctrl-C in its terminal, or give this copy")
        print("    a directory and ports of its own (docs/running.md).")
        return 1
    sys.setswitchinterval(GIL_TURN_S)
    try:
        log_file = logs.set_up(settings.var / "log", name)
        home = None
        if name != "console":
            if settings.asterisk.managed:
                home = prepare.asterisk_home(settings)
            prepare.announcements(settings)
        if name != "controller":
            prepare.console_port_free(settings)
        ring = keys_command.check(settings)
        prepare.database(settings)
        asyncio.run(keys_command.check_database(settings, ring))
        _settle_memory()
        died = asyncio.run(_run(settings, home, body))
        if died:
            print(f"  ✗ {died}, so everything was stopped. {log_file} says more.")
        return 1 if died else 0
    finally:
        claim.release()


def _settle_memory() -> None:
    """Have the collector of garbage pass over what is here to stay: modules, tables, statements.

    A full collection goes through all of it, 140,000 things, and stops every thread for 40 to 90 ms
    (measured): a seat that came free meanwhile would wait as long for its next call.
    """
    gc.collect()
    gc.freeze()


async def _run(settings: Settings, home: AsteriskHome | None, body: Body) -> str | None:
    """Run until a signal (None) or the death of a part (which, and why)."""
    house = House()
    house.listen_to_signals()
    starting = asyncio.create_task(body(settings, house, home), name="start")
    try:
        if not await house.started(starting):
            return None
        return await house.until_over()
    finally:
        logs.only_errors_on_terminal()
        await house.close()


async def _everything(settings: Settings, house: House, home: AsteriskHome | None) -> None:
    database = await _open(settings, house)
    made = await accounts.make_demo(database, settings) if settings.console.demo else []
    controller = wiring.controller(settings, database)
    house.on_stop("stopping the controller", house.ending("controller"))
    if home is not None:
        await _start_asterisk(house, AsteriskProcess(settings, home))
    await _start_controller(house, controller)
    _start_notices(settings, house, database)
    console = await _start_console(settings, house, database)
    await _well(console)
    _greet(settings, made)


async def _controller_alone(settings: Settings, house: House, home: AsteriskHome | None) -> None:
    database = await _open(settings, house)
    controller = wiring.controller(settings, database)
    house.on_stop("stopping the controller", house.ending("controller"))
    if home is not None:
        await _start_asterisk(house, AsteriskProcess(settings, home))
    await _start_controller(house, controller)
    print(f"\n  The controller of {controller.asterisk} is ready. Ctrl-C ends it.\n", flush=True)


async def _console_alone(settings: Settings, house: House, _home: AsteriskHome | None) -> None:
    database = await _open(settings, house)
    made = await accounts.make_demo(database, settings) if settings.console.demo else []
    _start_notices(settings, house, database)
    await _start_console(settings, house, database)
    _greet(settings, made)


async def _open(settings: Settings, house: House) -> Database:
    database = await connect(url_of(settings.database_url, settings.var))
    house.on_stop("closing the database", database.close)
    return database


async def _start_asterisk(house: House, process: AsteriskProcess) -> None:
    advice = "see to what the message names; a port or a directory is chosen in the settings"
    with step("starting Asterisk", advice) as running:
        fresh = await process.start()
        running.say("" if fresh else "it was running already and is taken over, with its calls")
    # Stopped before the controller: calls end, and the controller still writes that down.
    unwatch = house.ending("Asterisk")

    async def stop() -> None:
        await unwatch()
        await process.stop()

    house.on_stop("stopping Asterisk", stop)
    house.live("Asterisk", keep_running(process))


async def _start_controller(house: House, controller: wiring.Controller) -> None:
    advice = "is Asterisk reachable at the address of the settings? The log says more"
    with step("starting the controller", advice):
        house.live("controller", controller.run())
        async with asyncio.timeout(READY_LIMIT_S):
            await controller.ready()


async def _start_console(settings: Settings, house: House, database: Database) -> wiring.Console:
    advice = "see to the port and the certificate of the console in the settings"
    with step("starting the console", advice):
        console = wiring.console(settings, database)
        house.on_stop("stopping the console", console.stop)
        await console.start()
        house.live("console", _failure_of(console))
    return console


def _start_notices(settings: Settings, house: House, database: Database) -> None:
    """Beside the console: any number of consoles may run, a notice is sent by one of them."""
    worker = wiring.notices(settings, database)
    ended = house.ending("notices")

    async def stop() -> None:
        await ended()
        await worker.stop()

    house.on_stop("stopping the notices", stop)
    house.live("notices", worker.run())


async def _well(console: wiring.Console) -> None:
    """Ready means that /healthz says so."""
    with step("looking whether all is well", "the log says more") as running:
        async with asyncio.timeout(READY_LIMIT_S):
            while not (health := await console.services.health.look()).ok:
                parts = {"asterisk": health.asterisk, "controller": health.controller,
                         "database": health.database}  # fmt: skip
                running.say(", ".join(f"{n}: {p.detail}" for n, p in parts.items() if not p.ok))
                await asyncio.sleep(LOOK_EVERY_S)
        running.say("")


async def _failure_of(console: wiring.Console) -> None:
    await console.failed


def _greet(settings: Settings, made: list[SignIn]) -> None:
    """The one address, and what to do there."""
    address = address_of(settings)
    print(f"\n  The hotline is ready:  {address}\n")
    if made:
        print("  Accounts of the demonstration (shown this once, kept nowhere):\n")
        for one in made:
            print(f"    {one.role:<12}{one.login:<12}{one.password}")
        print("\n  A new password later: .venv/bin/python -m hotline accounts password LOGIN")
    if settings.console.demo:
        print(f"  The citizen's test telephone: {address}/phone")
    print("  Ctrl-C stops everything.\n", flush=True)
