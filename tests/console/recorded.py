"""A filed recording for a test: a second of real FLAC in the vault."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np

from recordings import catalogue, vault
from tests.console.house import House


async def file_recording(house: House, call_id: str, into: Path, seconds: float = 1.0) -> bytes:
    """File the recording of a call; returns the file's bytes."""
    raw = into.parent / f"{call_id}.raw"
    noise = np.random.default_rng(1).integers(-9000, 9000, int(8000 * seconds) * 2, dtype="int16")
    await asyncio.to_thread(raw.write_bytes, noise.tobytes())
    filed = await asyncio.to_thread(vault.file_away, raw, into, call_id, 1_700_000_000_000, "flac")
    found = await house.database.read(catalogue.of_call, call_id)
    assert found
    await house.do(catalogue.file, found.id, filed)
    return await asyncio.to_thread((into / filed.path).read_bytes)
