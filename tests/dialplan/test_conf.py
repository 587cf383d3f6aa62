"""No value of a setting ever reaches a configuration file unescaped."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialplan import conf
from dialplan.errors import RenderError


def as_asterisk_reads(line: str) -> str:
    """The value of `key = value` as config.c has it: comments cut, `\\;` undone, blanks stripped."""
    cut = re.split(r"(?<!\\);", line.replace("\n", "\x00"))[0].replace("\\;", ";")
    return cut.partition("=")[2].strip()


@given(st.text(max_size=60))
def test_free_text_comes_back_as_it_was_or_is_refused(text: str) -> None:
    try:
        written = conf.value(text, "password")
    except RenderError:
        return
    assert as_asterisk_reads(f"password = {written}") == text
    assert not re.search(r"[\x00-\x1f\x7f]", written)


@pytest.mark.parametrize(
    "text",
    [
        "a\nb",
        "a\rb",
        "x\n[evil]\ntype=endpoint",
        "a\tb",
        "nul\0",
        "\u2028",
        "",
        " a",
        "a ",
        "x" * 2000,
        "\ud800",
    ],
)
def test_what_a_file_can_not_carry_is_refused(text: str) -> None:
    with pytest.raises(RenderError, match=r"asterisk\.password"):
        conf.value(text, "asterisk.password")


@pytest.mark.parametrize(
    "text", ["a;b", ";--", "a\\;b", "#include x", "${EVIL}", ">x", "a=b", "=>"]
)
def test_what_means_something_to_the_file_is_carried(text: str) -> None:
    assert as_asterisk_reads(f"key = {conf.value(text, 'x')}") == text


@pytest.mark.parametrize("text", ["", "a b", "a,b", "a]", "a\n", "ä", "${x}", "-a", "x" * 65])
def test_names_are_plain(text: str) -> None:
    with pytest.raises(RenderError):
        conf.name(text, "trunks.name")


@pytest.mark.parametrize("text", ["", "12x", "_X.", "+", "1 2", "12345\n", "++1", "s", "1,2"])
def test_numbers_are_digits(text: str) -> None:
    with pytest.raises(RenderError):
        conf.number(text, "lines.numbers")


@pytest.mark.parametrize(
    "text", ["/a,b", "/a&b", "/${x}", "/a;b", "relative", "/a\nb", "/a ", "/a:b"]
)
def test_paths_that_would_part_arguments_are_refused(text: str) -> None:
    with pytest.raises(RenderError, match="choose a plainer path"):
        conf.path(Path(text), "hotline.var")


def test_a_path_with_blanks_and_chinese_is_carried() -> None:
    assert conf.path(Path("/srv/热线 12345/var"), "hotline.var") == "/srv/热线 12345/var"


@pytest.mark.parametrize(
    ("text", "apart"),
    [
        ("10.0.0.1", ("10.0.0.1", None)),
        ("pbx.example:5080", ("pbx.example", 5080)),
        ("[fd00::1]:5060", ("fd00::1", 5060)),
        ("fd00::1", ("fd00::1", None)),
        ("10.0.0.0/24", ("10.0.0.0/24", None)),
    ],
)
def test_host_and_port_come_apart(text: str, apart: tuple[str, int | None]) -> None:
    assert conf.split_port(text) == apart


def test_a_template_without_its_value_is_an_error() -> None:
    with pytest.raises(KeyError):
        conf.fill("http.conf", {})
