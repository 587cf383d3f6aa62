"""Trunks: what pjsip.conf and the dialplan say of each.

Pure: settings in, text out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from config.model import Asterisk, Settings, Trunk
from dialplan import conf

DEMO = "demo"
"""The name under which a citizen at the test telephone comes in."""

_REGISTRAR = re.compile(r"(?:(sips?):)?([^;]+?)(?:;transport=(udp|tcp|tls))?")
_EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 - compared with, nothing is bound here


def media_address(asterisk: Asterisk) -> str:
    """The endpoint's option that keeps its sound on our address.

    Empty when all addresses are served, and for a host's name: this option takes none.
    """
    host = "127.0.0.1" if asterisk.host == "localhost" else asterisk.host
    if host in _EVERYWHERE or not conf.is_address(host):
        return ""
    return f"media_address = {host}"


def pjsip(settings: Settings) -> str:
    """The sections of all trunks: endpoint, aor, identify and, where asked, the registration."""
    return "\n".join(_trunk(settings.asterisk, trunk) for trunk in settings.trunks)


def needs_tls(trunk: Trunk) -> bool:
    """Whether the registrar of this trunk is spoken to over TLS."""
    return trunk.register_to is not None and _registrar(trunk.register_to)[1] == "transport-tls"


def _trunk(asterisk: Asterisk, trunk: Trunk) -> str:
    what = f"trunks[{trunk.name}]"
    name = conf.name(trunk.name, f"{what}.name")
    addresses = [conf.host(a, f"{what}.addresses") for a in trunk.addresses]
    transport, registration, options = "transport-udp", "", ""
    contacts = [f"sip:{a}" for a in addresses if "/" not in a]
    matches = [conf.split_port(a)[0] for a in addresses]
    if trunk.register_to is not None:
        server, transport = _registrar(conf.value(trunk.register_to, f"{what}.register_to"))
        contacts = [server]
        matches.append(conf.split_port(_host_of(server))[0])
        registration = "\n" + _registration(trunk, server, transport)
        options = f"outbound_auth = trunk-{name}"
        if trunk.username:
            options += f"\nfrom_user = {conf.value(trunk.username, f'{what}.username')}"
    return registration + conf.fill(
        "trunk_endpoint.conf",
        {
            "name": name,
            "transport": transport,
            "codecs": ",".join(conf.name(c, f"{what}.codecs") for c in trunk.codecs),
            "media_address": media_address(asterisk),
            "registration_options": options,
            "contacts": "\n".join(f"contact = {c}" for c in contacts[:1]),
            "identify": _identify(name, matches),
        },
    )


def _identify(name: str, matches: list[str]) -> str:
    if not matches:
        return ""
    lines = [f"[trunk-{name}]", "type = identify", f"endpoint = trunk-{name}", "srv_lookups = no"]
    return "\n".join(lines + [f"match = {m}" for m in dict.fromkeys(matches)])


def _registration(trunk: Trunk, server: str, transport: str) -> str:
    what = f"trunks[{trunk.name}]"
    username = conf.value(trunk.username or "", f"{what}.username")
    return conf.fill(
        "trunk_registration.conf",
        {
            "name": trunk.name,
            "transport": transport,
            "username": username,
            "password": conf.value(trunk.password or "", f"{what}.password"),
            "server_uri": server,
            "client_uri": f"sip:{username}@{_host_of(server)}",
            "contact_user": conf.number(trunk.shown_as, f"{what}.shown_as"),
        },
    )


def _registrar(text: str) -> tuple[str, str]:
    """The registrar's SIP URI and the transport that reaches it."""
    match = _REGISTRAR.fullmatch(text.replace("\\;", ";"))
    scheme, address, wire = match.groups() if match else (None, text, None)
    host = conf.host(address, "trunks.register_to")
    if scheme == "sips" or wire == "tls":
        return f"sip:{host}\\;transport=tls", "transport-tls"
    if wire == "tcp":
        return f"sip:{host}\\;transport=tcp", "transport-tcp"
    return f"sip:{host}", "transport-udp"


def _host_of(uri: str) -> str:
    return uri.removeprefix("sip:").partition("\\;")[0]


def writings(number: str, trunk: Trunk) -> Iterator[str]:
    """The ways in which this trunk may write a number of ours, the settings' own first."""
    yield number
    if number.startswith("+"):
        return
    national = number if number.startswith("0") else trunk.area_code + number
    if national.startswith("0") and len(national) > 1:
        yield national
        for prefix in ("+", "00", ""):
            yield prefix + trunk.country_code + national[1:]


def numbers(settings: Settings, trunk: Trunk, name: str) -> str:
    """The dialplan's lines that lead every writing of every number to its own spelling."""
    ours = [
        conf.number(number, f"lines[{line.name}].numbers")
        for line in settings.lines
        for number in line.numbers
    ]
    lines = {number: number for number in ours}
    # A number written in full is itself wherever it is written; the short one comes after.
    for number in sorted(ours, key=lambda n: not n.startswith("0")):
        for written in writings(number, trunk):
            lines.setdefault(written, number)
    return "\n".join(f"exten = {w},1,Goto(inbound-{name},{n},1)" for w, n in lines.items())
