"""docs/settings.md names every key, and its example is one that works."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from config.load import DEFAULT, load
from config.machines import CODECS
from ivr.speech.wav import RATES_HZ

DOCS = (DEFAULT.parents[1] / "docs" / "settings.md").read_text(encoding="utf-8")


def keys(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        yield from node
        for value in node.values():
            yield from keys(value)
    elif isinstance(node, list):
        for value in node:
            yield from keys(value)


@pytest.mark.parametrize(
    "key", sorted(set(keys(tomllib.loads(DEFAULT.read_text(encoding="utf-8")))))
)
def test_every_key_is_told(key: str) -> None:
    assert f"`{key}`" in DOCS or f"[{key}]" in DOCS


def test_lists_of_the_code_are_told() -> None:
    assert ", ".join(CODECS) in DOCS
    assert " or ".join(", ".join(map(str, RATES_HZ)).rsplit(", ", 1)) in DOCS


def test_example_works_but_for_its_certificate(tmp_path: Path) -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", DOCS, re.DOTALL)
    path = tmp_path / "hotline.toml"
    path.write_text(re.sub(r"tls_.*\n", "", example), encoding="utf-8")
    settings = load(path, {})
    assert settings.line("main").queue_for("3") == "tax"
    assert [trunk.name for trunk in settings.trunks] == ["telecom"]
