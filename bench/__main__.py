"""`python -m bench`: our whole road against a plain Asterisk queue, on one Asterisk, in one run;
what a third on the line costs, what 200 pages that follow a busy floor cost, and what tickets
cost from ten thousand to a million."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from bench import load, pages, report, threeway, tickets
from bench.house import house
from bench.load import KEY_AT_S
from bench.plan import FULL, SHORT, Bench, Plan, Results
from tests.support.asterisk import asterisk_home

RESULTS = Path(__file__).with_name("results")
PARTS = ("cpu", "latency", "held", "threeway", "pages", "tickets")
WITHOUT_CALLS = ("pages", "tickets")
FEED_SEES_S = 3.0
"""Seats are furnished by another process than ours; its feed looks every two seconds."""


def main() -> int:
    """Measure, write the file, print the table. 1 when a short run had a failed call."""
    words = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    words.add_argument("--short", action="store_true", help="under a minute: does it still run?")
    words.add_argument("--out", type=Path, help="where the figures go")
    words.add_argument("--cpu-rate", type=float, metavar="N", help="calls a second for the CPU")
    words.add_argument("--only", choices=PARTS, help="a part of it")
    words.add_argument("--tickets", type=int, metavar="N", help="so many instead of a million")
    asked = words.parse_args()
    if asked.only not in WITHOUT_CALLS and not load.can_play():
        print(
            "bench: SIPp plays sound and keys over a raw socket, which takes root (or the right "
            "CAP_NET_RAW). Run it as root; nothing was measured.",
            file=sys.stderr,
        )
        return 3
    results = asyncio.run(_measure(asked))
    plan = _narrowed(SHORT if asked.short else FULL, asked)
    found = report.as_json(results, plan, asterisk_home().version, short=asked.short)
    target = asked.out or RESULTS / ("short.json" if asked.short else "latest.json")
    report.write(found, target)
    print()
    print(report.table(found))
    print(f"\nwritten to {target}")
    return 1 if asked.short and results.failures else 0


def _narrowed(plan: Plan, asked: argparse.Namespace) -> Plan:
    if asked.cpu_rate:
        plan = replace(plan, cpu_rate=asked.cpu_rate)
    if asked.only in ("latency", "held"):
        plan = replace(plan, rounds=1, cpu_calls=8)
    if asked.only in ("cpu", "held"):
        plan = replace(plan, key=plan.key[-1:], key_calls_s=2.0, free=plan.free[-1:], free_calls=10)
    if asked.only in ("cpu", "latency"):
        plan = replace(plan, held_limit=0.0)
    return plan


def _tickets_plan(asked: argparse.Namespace) -> tickets.Plan:
    plan = tickets.SHORT if asked.short else tickets.FULL
    return replace(plan, sizes=(asked.tickets,)) if asked.tickets else plan


async def _measure(asked: argparse.Namespace) -> Results:
    results = Results()
    with tempfile.TemporaryDirectory(prefix="hb-") as short:
        directory = Path(short)
        if asked.only in (None, "pages"):
            print("the pages: a floor without Asterisk", flush=True)
            results.pages = await pages.measure(
                pages.SHORT if asked.short else pages.FULL, directory / "pages"
            )
            results.failures += results.pages.failures
        if asked.only in (None, "tickets"):
            print("the tickets: a PostgreSQL of our own", flush=True)
            results.tickets = await tickets.measure(_tickets_plan(asked), directory / "tickets")
            results.failures += results.tickets.failures
        if asked.only not in WITHOUT_CALLS:
            plan = _narrowed(SHORT if asked.short else FULL, asked)
            print(f"starting Asterisk and the hotline with {plan.seats} seats", flush=True)
            async with house(directory, plan.seats, KEY_AT_S) as running:
                await asyncio.sleep(FEED_SEES_S)
                if asked.only != "threeway":
                    await Bench(running, plan, directory, results).measure()
                if asked.only in (None, "threeway"):
                    print("three on the line against two", flush=True)
                    results.threeway = await threeway.measure(
                        running, threeway.SHORT if asked.short else threeway.FULL, directory
                    )
                    results.failures += results.threeway.failures
    return results


if __name__ == "__main__":
    sys.exit(main())
