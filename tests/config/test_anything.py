"""Whatever a file or the environment holds, the answer is Settings or SettingsError."""

from __future__ import annotations

import contextlib
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from config import load as loading
from config.errors import Mistake, SettingsError
from config.load import DEFAULT, load
from tests.support.examples import examples

SHIPPED: dict[str, Any] = tomllib.loads(DEFAULT.read_text(encoding="utf-8"))

scalars = (
    st.text(max_size=20)
    | st.integers()
    | st.integers(min_value=10**5000, max_value=10**5000 + 9)
    | st.floats()
    | st.booleans()
    | st.dates()
    | st.times()
    | st.datetimes(timezones=st.none() | st.timezones())
)
anything = st.recursive(
    scalars,
    lambda below: (
        st.lists(below, max_size=4) | st.dictionaries(st.text(max_size=8), below, max_size=4)
    ),
    max_leaves=12,
)


def places(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in the shipped settings where something else could stand."""
    found = [path] if path else []
    if isinstance(node, dict):
        for key, value in node.items():
            found += places(value, (*path, key))
    elif isinstance(node, list):
        for at, value in enumerate(node):
            found += places(value, (*path, at))
    return found


def replaced(node: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    copy = node.copy()
    copy[path[0]] = replaced(node[path[0]], path[1:], value)
    return copy


def load_parsed(
    document: dict[str, Any], monkeypatch: pytest.MonkeyPatch, environ: dict[str, str]
) -> None:
    """Load with `document` in the place's file, past the text of TOML."""
    own = Path("/nowhere/hotline.toml")
    parse = loading._parse

    def parsed(path: Path, mistakes: list[Mistake]) -> dict[str, object]:
        return document if path == own else parse(path, mistakes)

    with monkeypatch.context() as patched:
        patched.setattr(loading, "_parse", parsed)
        with contextlib.suppress(SettingsError):
            load(own, environ)


steady = hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@steady
@given(document=st.dictionaries(st.sampled_from(list(SHIPPED)) | st.text(), anything, max_size=6))
def test_any_document_is_settings_or_settings_error(
    document: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    load_parsed(document, monkeypatch, {})


@hypothesis_settings(steady, max_examples=examples(300))
@given(place=st.sampled_from(places(SHIPPED)), value=anything)
def test_anything_in_any_place_is_settings_or_settings_error(
    place: tuple[Any, ...], value: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    load_parsed(replaced(SHIPPED, place, value), monkeypatch, {})


@steady
@given(
    environ=st.dictionaries(
        st.sampled_from(["HOTLINE_VAR", "HOTLINE_ZONE", "HOTLINE_CONSOLE_PORT", "HOTLINE_X"])
        | st.text(min_size=1).map("HOTLINE_".__add__),
        st.text(st.characters()),
        max_size=3,
    )
)
def test_any_environment_is_settings_or_settings_error(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    load_parsed({}, monkeypatch, environ)


@given(content=st.binary() | st.text().map(str.encode))
@steady
def test_any_bytes_are_settings_or_settings_error(
    content: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "hotline.toml"
    path.write_bytes(content)
    with contextlib.suppress(SettingsError):
        load(path, {})
