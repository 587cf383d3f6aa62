"""Reading the machine's package sources, in both of APT's spellings."""

from __future__ import annotations

from pathlib import Path

import pytest

from dialplan.sources import Source, archive_of, machine_sources, parse_deb822, parse_list

DEB822 = """\
# the machine's own
Types: deb deb-src
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main contrib
Signed-By: /usr/share/keyrings/archive.gpg
Check-Valid-Until: no

Types: deb
URIs: http://mirror.example/security
Suites: bookworm-security
Components: main
Enabled: no
"""


def test_given_deb822_then_address_suites_and_trust_are_read() -> None:
    assert parse_deb822(DEB822) == [
        Source(
            ("http://mirror.example/debian",),
            ("bookworm", "bookworm-updates"),
            ("main", "contrib"),
            (("Signed-By", "/usr/share/keyrings/archive.gpg"), ("Check-Valid-Until", "no")),
        )
    ]


def test_given_an_embedded_key_then_its_lines_are_handed_on() -> None:
    text = (
        "Types: deb\nURIs: https://a.example/d\nSuites: sid\nSigned-By:\n -----BEGIN\n .\n AB==\n"
    )
    (source,) = parse_deb822(text)
    assert "Signed-By: \n -----BEGIN\n .\n AB==\n" in source.deb822()
    assert parse_deb822(source.deb822()) == [source]


def test_given_one_line_entries_then_options_become_trust() -> None:
    text = (
        "# deb http://old.example/debian stretch main\n"
        "deb [arch=amd64 signed-by=/k.gpg trusted=yes] https://a.example/debian bookworm main  # us\n"
        "deb-src https://a.example/debian bookworm main\n"
        "deb cdrom:[Debian]/ bookworm main\n"
    )
    assert parse_list(text) == [
        Source(
            ("https://a.example/debian",),
            ("bookworm",),
            ("main",),
            (("Signed-By", "/k.gpg"), ("Trusted", "yes")),
        )
    ]


def test_given_several_files_then_all_are_read_in_order_and_disabled_names_are_not(
    tmp_path: Path,
) -> None:
    parts = tmp_path / "sources.list.d"
    parts.mkdir()
    (tmp_path / "sources.list").write_text("deb http://one.example/debian bookworm main\n")
    (parts / "b.list").write_text("deb http://three.example/x stable main\n")
    (parts / "a.sources").write_text(DEB822)
    (parts / "c.list.disabled").write_text("deb http://four.example/x bookworm main\n")
    hosts = [source.uris[0].split("/")[2] for source in machine_sources(tmp_path)]
    assert hosts == ["one.example", "mirror.example", "three.example"]
    assert machine_sources(tmp_path / "nothing") == []


@pytest.mark.parametrize(
    ("suites", "found"),
    [(("bookworm", "bookworm-updates"), True), (("stable",), True), (("nodistro",), False)],
)
def test_the_archive_is_the_source_of_the_distribution_itself(
    suites: tuple[str, ...], found: bool
) -> None:
    other = Source(("http://x.example",), ("bookworm-security",), ("main",))
    source = Source(("http://a.example/debian",), suites, ("main",))
    assert archive_of([other, source], {"bookworm", ""}) == (source if found else None)


def test_another_suite_keeps_address_and_trust() -> None:
    (source,) = parse_deb822(DEB822)
    text = source.with_suite("testing", ("main",)).deb822()
    assert "Suites: testing\nComponents: main\nSigned-By: /usr" in text
    assert "URIs: http://mirror.example/debian\n" in text
