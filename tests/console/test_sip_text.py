"""Which SIP messages of a browser pass: its own, and nothing that can be read in two ways."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent_console.sip_text import NotAllowed, check
from tests.console.softphone import message

ME = "seat-000001"
OTHER = "seat-000002"
OK_RESPONSE = (
    "SIP/2.0 200 OK\r\nVia: SIP/2.0/WS x\r\nFrom: <sip:0775000@h>;tag=1\r\n"
    f"To: <sip:{ME}@h>;tag=2\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n"
)


def with_from(value: str) -> str:
    lines = message("INVITE", ME).split("\r\n")
    return "\r\n".join(f"From: {value}" if x.startswith("From:") else x for x in lines)


@pytest.mark.parametrize(
    "text",
    [
        "\r\n\r\n",
        "\r\n",
        message("REGISTER", ME),
        message("INVITE", ME, to="12345", body="v=0\r\n"),
        message("INVITE", ME, to="12345", body="o=- 世界\r\n"),
        message("ACK", ME),
        message("BYE", ME),
        message("REGISTER", ME, f'Authorization: Digest username="{ME}", realm="x"'),
        OK_RESPONSE,
        message("REGISTER", ME).replace("From:", "f:").replace("Content-Length:", "l:"),
        message("REGISTER", ME).replace("From:", "FROM :"),
        with_from(f"sip:{ME}@h;tag=1"),
        with_from(f'"Name <x>" <sips:{ME}@h:5061;transport=ws>;tag=1').replace("<x>", ""),
    ],
)
def test_given_its_own_message_then_it_passes(text: str) -> None:
    check(text, ME)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "incomplete message"),
        ("hello\r\n\r\n", "missing"),
        (message("REGISTER", OTHER), "From is another telephone"),
        (message("INVITE", OTHER, to=ME), "From is another telephone"),
        (message("REGISTER", ME, to=OTHER), "To is another telephone"),
        (message("REGISTER", ME, f'Authorization: Digest username="{OTHER}"'), "credentials"),
        (message("REGISTER", ME, "Authorization: Digest x=1"), "credentials"),
        (
            message("INVITE", ME, f'Proxy-Authorization: Digest username="{OTHER}"'),
            "credentials",
        ),
        (
            message("REGISTER", ME, f'Authorization: Digest username="{ME}", username="{OTHER}"'),
            "credentials",
        ),
        (message("REGISTER", ME, f"From: <sip:{OTHER}@h>"), "twice"),
        (message("REGISTER", ME, f"f: <sip:{OTHER}@h>"), "twice"),
        (message("REGISTER", ME, " folded: x"), "read"),
        (message("REGISTER", ME, f"X: y\nFrom: <sip:{OTHER}@h>"), "read"),
        (message("REGISTER", ME, f"X: y\rFrom: <sip:{OTHER}@h>"), "read"),
        (message("REGISTER", ME) + message("REGISTER", OTHER), "Content-Length"),
        (message("REGISTER", ME).replace("Content-Length: 0", "Content-Length: -0"), "Length"),
        (message("REGISTER", ME).replace("Content-Length: 0", "Content-Length: ٠"), "Length"),
        (message("REGISTER", ME).replace("Content-Length: 0", "X: 0"), "missing"),
        (message("REGISTER", ME).replace("From:", "Form:"), "missing"),
        (with_from(f"<sip:{OTHER}@h> <sip:{ME}@h>"), "From"),
        (with_from(f"<sip:{ME}@h>, <sip:{OTHER}@h>").replace(ME, OTHER, 1), "From"),
        (with_from(f'"<sip:{ME}@h>" <sip:{OTHER}@h>'), "From"),
        (with_from(f"<sip:{ME}%31@h>"), "From"),
        (with_from(f"sip:{ME}@h,sip:{OTHER}@h"), "From"),
        (with_from(f"<sip:{ME}@h>x<sip:{OTHER}@h>"), "From"),
        (with_from(f"sip:{ME}@x@h"), "From"),
        (with_from("<tel:12345>"), "From"),
        (with_from("*"), "From"),
        (message("REGISTER", ME).replace("SIP/2.0\r\n", "SIP/3.0\r\n", 1), "not a SIP"),
        (message("register", ME), "not a SIP"),
        (OK_RESPONSE.replace("SIP/2.0 200", "SIP/2.0 999"), "not a SIP"),
    ],
)
def test_given_what_is_not_its_own_or_unclear_then_it_is_refused(text: str, reason: str) -> None:
    with pytest.raises(NotAllowed) as refused:
        check(text, ME)
    assert reason in refused.value.reason
    assert len(refused.value.reason.encode()) <= 120, "a close frame holds no more"


@given(st.text())
def test_given_any_text_then_it_passes_or_is_refused(text: str) -> None:
    try:
        check(text, ME)
    except NotAllowed:
        return
    assert text in ("\r\n", "\r\n\r\n")


@given(st.data())
def test_given_a_message_of_another_with_anything_changed_then_it_never_passes_as_a_request(
    data: st.DataObject,
) -> None:
    text = message("REGISTER", OTHER)
    at = data.draw(st.integers(0, len(text)))
    inserted = data.draw(st.text(alphabet='\r\n \t<>;:@,"%' + ME, max_size=8))
    removed = data.draw(st.integers(0, 6))
    changed = text[:at] + inserted + text[at + removed :]
    try:
        check(changed, ME)
    except NotAllowed:
        return
    assert f"<sip:{ME}@" in changed
