"""Settings in, configuration files out."""

from __future__ import annotations

import stat
from dataclasses import replace
from pathlib import Path

import pytest

from config.model import Settings, Trunk
from dialplan import phones, render, secrets, trunks
from dialplan.errors import RenderError
from dialplan.home import AsteriskHome
from tests.support.settings import make_settings

HOME = AsteriskHome(Path("/h/asterisk"), Path("/h/modules"), Path("/h/data"), version="22.10.1")
TRUNK = Trunk(
    name="carrier",
    addresses=("10.1.2.3:5080", "10.9.0.0/24"),
    register_to=None,
    username=None,
    password=None,
    codecs=("alaw", "g722"),
    country_code="86",
    area_code="0775",
    shown_as="12345",
)
REGISTERED = replace(
    TRUNK, addresses=(), register_to="sip.example.cn:5070", username="u;1", password="p;w\\"
)


def files(settings: Settings, ari: str = "a", ami: str = "b") -> dict[str, str]:
    return render.texts(settings, HOME, ari_password=ari, ami_password=ami)


def sections(text: str) -> list[tuple[str, dict[str, list[str]]]]:
    """Sections in order: (name, {key: values})."""
    found: list[tuple[str, dict[str, list[str]]]] = []
    for line in text.splitlines():
        if line.startswith("["):
            found.append((line.strip("[]"), {}))
        elif "=" in line and not line.startswith(";"):
            key, _, value = line.partition("=")
            found[-1][1].setdefault(key.strip(), []).append(value.strip())
    return found


def of_type(text: str, kind: str) -> dict[str, list[str]]:
    return next(keys for _, keys in sections(text) if keys.get("type") == [kind])


def test_a_trunk_by_address_is_known_by_its_address_alone(tmp_path: Path) -> None:
    text = files(make_settings(tmp_path, trunks=(TRUNK,)))["pjsip_trunks.conf"]
    endpoint = of_type(text, "endpoint")
    assert endpoint["identify_by"] == ["ip"]
    assert endpoint["allow"] == ["alaw,g722"]
    assert endpoint["disallow"] == ["all"]
    assert endpoint["media_address"] == ["127.0.0.1"]
    assert of_type(text, "identify")["match"] == ["10.1.2.3", "10.9.0.0/24"]
    assert of_type(text, "aor")["contact"] == ["sip:10.1.2.3:5080"]
    assert "registration" not in text


def test_a_trunk_by_registration_registers_and_answers_a_challenge(tmp_path: Path) -> None:
    text = files(make_settings(tmp_path, trunks=(REGISTERED,)))["pjsip_trunks.conf"]
    auth = of_type(text, "auth")
    assert (auth["username"], auth["password"]) == (["u\\;1"], ["p\\;w\\"])
    registration = of_type(text, "registration")
    assert registration["server_uri"] == ["sip:sip.example.cn:5070"]
    assert registration["client_uri"] == ["sip:u\\;1@sip.example.cn:5070"]
    assert registration["contact_user"] == ["12345"]
    assert (registration["line"], registration["endpoint"]) == (["yes"], ["trunk-carrier"])
    assert of_type(text, "endpoint")["outbound_auth"] == ["trunk-carrier"]
    assert of_type(text, "identify")["match"] == ["sip.example.cn"]


@pytest.mark.parametrize(
    ("registrar", "uri", "transport"),
    [
        ("sip.example.cn", "sip:sip.example.cn", "transport-udp"),
        ("sip:sip.example.cn;transport=tcp", "sip:sip.example.cn\\;transport=tcp", "transport-tcp"),
        ("sips:sip.example.cn:5061", "sip:sip.example.cn:5061\\;transport=tls", "transport-tls"),
    ],
)
def test_the_registrar_says_its_transport(
    tmp_path: Path, registrar: str, uri: str, transport: str
) -> None:
    trunk = replace(REGISTERED, register_to=registrar)
    made = files(make_settings(tmp_path, trunks=(trunk,)))
    registration = of_type(made["pjsip_trunks.conf"], "registration")
    assert (registration["server_uri"], registration["transport"]) == ([uri], [transport])
    assert ("[transport-tls]" in made["pjsip.conf"]) == (transport == "transport-tls")


def test_every_writing_of_a_number_leads_to_the_settings_own_spelling() -> None:
    assert list(trunks.writings("12345", TRUNK)) == [
        "12345",
        "077512345",
        "+8677512345",
        "008677512345",
        "8677512345",
    ]
    assert list(trunks.writings("077512345", TRUNK))[2] == "+8677512345"
    assert list(trunks.writings("12345", replace(TRUNK, area_code=""))) == ["12345"]
    assert list(trunks.writings("+4930", TRUNK)) == ["+4930"]


def test_a_number_of_its_own_wins_over_another_ones_writing(tmp_path: Path) -> None:
    settings = make_settings(tmp_path, trunks=(TRUNK,))
    short = replace(settings.lines[0], numbers=("12345",))
    full = replace(settings.lines[0], name="other", numbers=("077512345",))
    text = trunks.numbers(replace(settings, lines=(short, full)), TRUNK, "carrier")
    lines = dict(line.removeprefix("exten = ").split(",1,") for line in text.splitlines())
    assert lines["12345"] == "Goto(inbound-carrier,12345,1)"
    for written in ("077512345", "+8677512345", "008677512345"):
        assert lines[written] == "Goto(inbound-carrier,077512345,1)"


def test_the_test_telephone_is_only_there_in_demo_mode(tmp_path: Path) -> None:
    assert "[from-citizen]" in files(make_settings(tmp_path))["extensions.conf"]
    text = files(make_settings(tmp_path, console__demo=False))["extensions.conf"]
    assert "citizen" not in text
    assert "demo" not in text


def test_ports_and_addresses_are_those_of_the_settings(tmp_path: Path) -> None:
    settings = make_settings(
        tmp_path,
        asterisk__host="192.0.2.2",
        asterisk__sip_port=5090,
        asterisk__http_port=8099,
        asterisk__rtp_first=21000,
        asterisk__rtp_last=21999,
    )
    made = files(settings)
    assert "bindaddr = 192.0.2.2\nbindport = 8099\n" in made["http.conf"]
    binds = [k["bind"] for _, k in sections(made["pjsip.conf"]) if k.get("type") == ["transport"]]
    assert binds == [["192.0.2.2:5090"]] * 3
    assert "rtpstart = 21000\nrtpend = 21999\n" in made["rtp.conf"]
    assert "bindaddr = 127.38.31.163\n" in made["manager.conf"]
    assert "permit = 192.0.2.2\n" in made["manager.conf"]
    assert dict(phones.wired_phone(settings.asterisk, "x", "sip:x@y", context="c")[1].fields)[
        "media_address"
    ] == ("192.0.2.2")


def test_on_all_addresses_the_sound_has_none_of_its_own(tmp_path: Path) -> None:
    settings = make_settings(tmp_path, asterisk__host="0.0.0.0")  # noqa: S104
    assert "media_address" not in files(settings)["pjsip_trunks.conf"].replace("to_media_", "")


def test_over_ipv6_the_address_stands_in_brackets(tmp_path: Path) -> None:
    made = files(make_settings(tmp_path, asterisk__host="::1", asterisk__sip_port=5090))
    assert "bind = [::1]:5090" in made["pjsip.conf"]
    assert "bindaddr = ::1\n" in made["http.conf"]


def test_nobody_gets_the_console_or_events_by_ami(tmp_path: Path) -> None:
    keys = dict(sections(files(make_settings(tmp_path))["manager.conf"]))["hotline"]
    assert keys["read"] == [""]
    assert keys["write"] == ["call,agent,reporting,system"]


@pytest.mark.parametrize("password", ["two\nlines", "tab\t", " blank"])
def test_a_password_that_can_not_be_written_is_refused(tmp_path: Path, password: str) -> None:
    with pytest.raises(RenderError, match=r"asterisk\.password"):
        files(make_settings(tmp_path), ari=password)
    trunk = replace(REGISTERED, password=password)
    with pytest.raises(RenderError, match=r"trunks\[carrier\]\.password"):
        files(make_settings(tmp_path, trunks=(trunk,)))


def test_a_semicolon_in_a_password_is_escaped(tmp_path: Path) -> None:
    made = files(make_settings(tmp_path), ari="a;b", ami="c;d")
    assert "password = a\\;b\n" in made["ari.conf"]
    assert "secret = c\\;d\n" in made["manager.conf"]


def test_a_number_that_is_a_pattern_is_refused(tmp_path: Path) -> None:
    settings = make_settings(tmp_path)
    line = replace(settings.lines[0], numbers=("_X.",))
    with pytest.raises(RenderError, match=r"lines\[main\]\.numbers"):
        files(replace(settings, lines=(line,)))


def test_a_directory_too_deep_for_the_control_socket_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RenderError, match=r"hotline\.var: .* choose a shorter directory"):
        files(make_settings(tmp_path / ("d" * 100)))


def test_a_directory_that_would_part_arguments_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RenderError, match="choose a plainer path"):
        files(make_settings(tmp_path / "a,b"))


def test_rendered_files_are_for_our_eyes_only_and_stale_ones_go(tmp_path: Path) -> None:
    settings = make_settings(tmp_path)
    etc = settings.var / "asterisk/etc"
    etc.mkdir(parents=True)
    (etc / "users.conf").write_text("[evil]\n")
    first = render.render(settings, HOME)
    assert {stat.S_IMODE(f.stat().st_mode) for f in etc.iterdir()} == {0o600}
    assert {f.name for f in etc.iterdir()} == set(first.hashes)
    assert settings.spool.is_dir()
    assert (settings.var / "asterisk/spool/recording").is_dir()
    again = render.render(settings, HOME)
    assert again == first
    quieter = replace(settings, queues=(replace(settings.queues[0], music="calm"),))
    changed = render.render(quieter, HOME).hashes
    assert {n for n in changed if changed[n] != first.hashes[n]} == {"musiconhold.conf"}


def test_music_is_made_once_and_a_places_own_is_left_alone(tmp_path: Path) -> None:
    settings = make_settings(tmp_path)
    settings = replace(
        settings,
        queues=(settings.queues[0], replace(settings.queues[1], music="own")),
    )
    own = settings.sounds / "moh/own/place.wav"
    own.parent.mkdir(parents=True)
    own.write_bytes(b"RIFF")
    render.render(settings, HOME)
    calm = settings.sounds / "moh/default/calm.sln"
    assert calm.stat().st_size == 32 * 8000 * 2
    assert [f.name for f in own.parent.iterdir()] == ["place.wav"]
    made = calm.stat().st_mtime_ns
    render.render(settings, HOME)
    assert calm.stat().st_mtime_ns == made


def test_passwords_are_made_once_kept_for_us_and_the_settings_own_wins(tmp_path: Path) -> None:
    settings = make_settings(tmp_path)
    ari, ami = secrets.ari_password(settings), secrets.ami_password(settings)
    assert len(ari) >= 32
    assert ari != ami
    assert (secrets.ari_password(settings), secrets.ami_password(settings)) == (ari, ami)
    kept = settings.var / "secrets"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o700
    assert {stat.S_IMODE(f.stat().st_mode) for f in kept.iterdir()} == {0o600}
    assert {f.name for f in kept.iterdir()} == {"ari_password", "ami_password"}
    own = replace(settings, asterisk=replace(settings.asterisk, password="given"))
    assert secrets.ari_password(own) == secrets.ami_password(own) == "given"


def test_an_emptied_password_file_is_told(tmp_path: Path) -> None:
    settings = make_settings(tmp_path)
    secrets.ari_password(settings)
    (settings.var / "secrets/ari_password").write_text("\n")
    with pytest.raises(RenderError, match="ari_password is empty"):
        secrets.ari_password(settings)
