"""The scenarios SIPp plays, made from the files in `scenarios/`.

In each state SIPp waits for messages of the far end and for a command of ours (its
third-party control line, `twin.py`), and tells us over that line what happened.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

_FILES = Path(__file__).with_name("scenarios")

# Every final answer that ends an attempt: SIPp has no way to wait for "4xx".
REFUSALS = (
    400, 401, 403, 404, 405, 406, 407, 408, 410, 413, 414, 415, 416, 420, 421, 423, 480, 481,
    482, 483, 484, 485, 486, 487, 488, 489, 491, 493, 500, 501, 502, 503, 504, 505, 513, 580,
    600, 603, 604, 606,
)  # fmt: skip

_CODEC_NAMES = {0: "PCMU/8000", 4: "G723/8000", 8: "PCMA/8000", 18: "G729/8000"}


def scenario(
    role: Literal["citizen", "seat"], codecs: tuple[int, ...] = (8,), media: str = "sendrecv"
) -> str:
    """The XML of a telephone that offers these RTP payload types."""
    port = "[rtp_port]" if role == "citizen" else "[$port]"
    refused = "\n".join(f'<recv response="{code}" optional="true" next="8"/>' for code in REFUSALS)
    text = (_FILES / f"{role}.xml").read_text(encoding="utf-8")
    return text.replace("{sdp}", _sdp(codecs, port, media)).replace("{refused_to_8}", refused)


def _sdp(codecs: tuple[int, ...], port: str, media: str) -> str:
    lines = [
        "v=0",
        "o=- 1 1 IN IP[local_ip_type] [local_ip]",
        "s=-",
        "c=IN IP[local_ip_type] [local_ip]",
        "t=0 0",
        f"m=audio {port} RTP/AVP {' '.join(str(code) for code in codecs)} 101",
        *(f"a=rtpmap:{code} {_CODEC_NAMES[code]}" for code in codecs),
        "a=rtpmap:101 telephone-event/8000",
        "a=fmtp:101 0-15",
        "a=ptime:20",
        f"a={media}",
        "",
    ]
    return "\n".join(lines)
