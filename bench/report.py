"""Figures as a file for machines and a table for people."""

from __future__ import annotations

import json
import os
import platform
import sqlite3
import subprocess
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bench.latency import Figures
from bench.load import KEY_AT_S
from bench.plan import Measured, Plan, Results

TARGETS = {
    "cpu_ratio": 1.3,
    "key_to_invite_p99_ms": 20.0,
    "free_to_invite_p99_ms": 10.0,
    "tickets_p95_ms": 100.0,
    "sweep_s": 2.0,
}


def as_json(results: Results, plan: Plan, asterisk: str, *, short: bool) -> dict[str, Any]:
    """The keys a reader may count on; null where nothing could be measured, with the reason."""
    per_call = {
        side: spent.per_call(results.cpu_calls[side]) for side, spent in results.cpu.items()
    }
    ratio = None
    if {"a", "b"} <= per_call.keys() and per_call["a"]["total"]:
        ratio = per_call["b"]["total"] / per_call["a"]["total"]
    return {
        "cpu_seconds_per_call": per_call,
        "cpu_ratio": round(ratio, 3) if ratio is not None else None,
        "calls_per_second_held": dict(results.held),
        "key_to_invite_ms": _figures(results.key.figures),
        "free_to_invite_ms": {s: _figures(m.figures) for s, m in results.free.items()},
        "threeway": results.threeway.as_json() if results.threeway else None,
        "pages": results.pages.as_json() if results.pages else None,
        "tickets": results.tickets.as_json() if results.tickets else None,
        "machine": _machine(),
        "versions": _versions(asterisk),
        "measured": {
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "short": short,
            "seats": plan.seats,
            "talk_s": plan.talk_s,
            "key_talk_s": plan.key_talk_s,
            "key_at_s": KEY_AT_S,
            "cpu_calls_each": results.cpu_calls,
            "cpu_calls_per_second": plan.cpu_rate,
            "key_to_invite": _pace(results.key),
            "free_to_invite": {side: _pace(m) for side, m in results.free.items()},
            "key_by": "RFC 4733 event in a capture that SIPp plays",
            "latency_by": "dumpcap on the loopback",
        },
        "reasons": dict(_reasons(results)),
        "failures": results.failures,
    }


def _figures(found: Figures | None) -> dict[str, Any]:
    return found.as_json() if found else {"median": None, "p99": None, "count": 0}


def _pace(measured: Measured) -> dict[str, Any]:
    return {"calls_per_second": measured.rate, "with_sound": measured.with_sound}


def _reasons(results: Results) -> Iterable[tuple[str, str]]:
    named: list[tuple[str, Measured]] = [("key_to_invite_ms", results.key)]
    named += [(f"free_to_invite_ms.{side}", m) for side, m in results.free.items()]
    for name, measured in named:
        if measured.reason:
            yield name, measured.reason
    for side, reason in results.held_reason.items():
        yield f"calls_per_second_held.{side}", reason


def _machine() -> dict[str, Any]:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "cores": len(os.sched_getaffinity(0)),
        "cpu": _cpu_model(),
        "memory_gib": round(memory / 2**30, 1),
        "kernel": platform.release(),
        "load_before": [round(n, 2) for n in os.getloadavg()],
    }


def _cpu_model() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    return next((ln.partition(":")[2].strip() for ln in lines if ln.startswith("model name")), "")


def _versions(asterisk: str) -> dict[str, str]:
    said = subprocess.run(["sipp", "-v"], capture_output=True, text=True, check=False).stdout
    sipp = next((line.strip() for line in said.splitlines() if "SIPp" in line), "unknown")
    ours = {name: version(name) for name in ("aiohttp", "msgspec", "sqlalchemy", "websockets")}
    return {
        "asterisk": asterisk,
        "sipp": sipp.rstrip("."),
        "python": sys.version.split()[0],
        "sqlite": sqlite3.sqlite_version,
        **ours,
    }


def write(found: dict[str, Any], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def table(found: dict[str, Any]) -> str:
    """The figures side by side, with what is to be reached."""
    lines: list[str] = []
    if found["cpu_seconds_per_call"]:
        lines += _against_a_queue(found)
    if found["threeway"]:
        lines += _of_three(found["threeway"])
    if found["pages"]:
        lines += _of_pages(found["pages"])
    if found["tickets"]:
        lines += _of_tickets(found["tickets"])
    lines += [f"  {name}: {reason}" for name, reason in found["reasons"].items()]
    lines += [f"  ! {failure}" for failure in found["failures"]]
    return "\n".join(line.rstrip() for line in lines)


def _of_three(found: dict[str, Any]) -> list[str]:
    cost = found["cpu_ms_per_talk_second"]
    if not cost["two"] or not cost["three"]:
        return ["", "three on the line: not measured"]
    return [
        "",
        f"three on the line, {found['talks_at_once']} talks at once, all speaking:",
        f"  CPU a second of talk: {cost['three']['total']:g} ms, of two {cost['two']['total']:g} ms",
        f"  three to two: {_cell(found['cpu_ratio'])}",
    ]


def _of_pages(found: dict[str, Any]) -> list[str]:
    late = found["change_to_page_ms"] or {"median": None, "p99": None}
    with_pages, without = found["cpu_share_with_pages"], found["cpu_share_without_pages"]
    return [
        "",
        f"{found['pages']} pages that follow a floor of {found['calls_per_second']:g} calls/s:",
        f"  {with_pages:.1%} of a core with them, {without:.1%} without",
        f"  a message: {_cell(found['cpu_us_per_message'])} µs of CPU",
        f"  change to page: {_cell(late['median'])} ms median, {_cell(late['p99'])} ms p99",
    ]


def _of_tickets(found: dict[str, Any]) -> list[str]:
    """A line a question, a column a number of tickets: how the cost grows."""
    sizes = list(found["ms"])
    names = {name: None for costs in found["ms"].values() for name in costs}
    goal = f"to reach: {TARGETS['tickets_p95_ms']:g} ms"
    rows = [(f"p95, ms, of {found['asked_each']}", *(f"{int(s):,}" for s in sizes), goal)]
    for name in names:
        p95 = [found["ms"][size][name]["p95"] for size in sizes]
        over = p95[-1] > TARGETS["tickets_p95_ms"]
        rows.append((name, *(f"{ms:g}" for ms in p95), "missed" if over else ""))
    for sweep in found["sweep"].values():
        late = sweep["look_s"] > TARGETS["sweep_s"]
        goal = f"to reach: {TARGETS['sweep_s']:g} s" + (", missed" if late else "")
        look = f"{sweep['open_terms']:,} open terms looked through"
        sent = f"{sweep['reminded']} reminded of in {sweep['remind_s']:g} s"
        sent += f", {sweep['notices']} notices, no write longer than {sweep['longest_write_s']:g} s"
        rows.append((look, *("" for _ in sizes), f"{sweep['look_s']:g} s ({goal}); {sent}"))
    widths = [max(len(row[n]) for row in rows) for n in range(len(sizes) + 1)]
    return ["", "tickets on PostgreSQL:"] + [
        "  " + "  ".join(cell.ljust(w) for cell, w in zip(row, [*widths, 0], strict=True))
        for row in rows
    ]


def _against_a_queue(found: dict[str, Any]) -> list[str]:
    cpu, free = found["cpu_seconds_per_call"], found["free_to_invite_ms"]
    key, measured = found["key_to_invite_ms"], found["measured"]
    rows = [("", "A plain queue", "B the hotline", "to reach")]
    for part in ("asterisk", "ours", "database", "total"):
        a, b = (f"{cpu[side][part] * 1000:.1f} ms" for side in "ab")
        rows.append((f"CPU a call, {part}", a, b, ""))
    rows.append(("CPU, B : A", "", _cell(found["cpu_ratio"]), f"at most {TARGETS['cpu_ratio']}"))
    held = found["calls_per_second_held"]
    rows.append(("calls a second held", _cell(held["a"]), _cell(held["b"]), ""))
    for name in ("median", "p99"):
        goal = f"at most {TARGETS['key_to_invite_p99_ms']:g}" if name == "p99" else ""
        rows.append((f"key to INVITE, {name}, ms", "", _cell(key[name]), goal))
    for name in ("median", "p99"):
        goal = f"at most {TARGETS['free_to_invite_p99_ms']:g}" if name == "p99" else ""
        rows.append(
            (f"free to INVITE, {name}, ms", _cell(free["a"][name]), _cell(free["b"][name]), goal)
        )
    widths = [max(len(row[n]) for row in rows) for n in range(4)]
    lines = ["  ".join(cell.ljust(widths[n]) for n, cell in enumerate(row)) for row in rows]
    lines.append("")
    lines.append(
        f"{measured['seats']} seats, talks of {measured['talk_s']:g} s, "
        f"{found['machine']['cores']} cores, Asterisk {found['versions']['asterisk']}; CPU at "
        f"{measured['cpu_calls_per_second']:g} calls/s with sound both ways"
    )
    paces = {"key to INVITE": measured["key_to_invite"]}
    paces |= {f"free to INVITE {s.upper()}": p for s, p in measured["free_to_invite"].items()}
    lines += [
        f"  {name}: at {_cell(pace['calls_per_second'])} calls/s, "
        f"{'with' if pace['with_sound'] else 'without'} the sound of the talks"
        for name, pace in paces.items()
    ]
    return lines


def _cell(value: float | None) -> str:
    return "not measured" if value is None else f"{value:g}"
