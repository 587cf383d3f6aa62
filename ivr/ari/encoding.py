"""From an operation and its values to what goes over the wire."""

from base64 import b64encode
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote, urlencode

import msgspec
from msgspec import Struct

from .operations import Operation

Value = str | int | bool | Iterable[str] | None
Query = Mapping[str, Value]


class Pair(Struct, frozen=True, gc=False):
    name: str
    value: str


class _RESTRequest(
    Struct, frozen=True, gc=False, tag_field="type", tag="RESTRequest", omit_defaults=True
):
    request_id: str
    method: str
    uri: str
    query_strings: list[Pair] = []
    content_type: str = ""
    message_body: str = ""


_encode = msgspec.json.Encoder().encode


def encode_body(body: Any) -> bytes:
    return _encode(body)


def encode_request(
    request_id: str, operation: Operation[Any], path: str, query: Query | None, body: Any
) -> bytes:
    """The message that makes a request over the WebSocket."""
    pairs = to_pairs(operation, query) if query is not None else []
    if body is None:
        return _encode(_RESTRequest(request_id, operation.method, path, pairs))
    return _encode(
        _RESTRequest(
            request_id,
            operation.method,
            path,
            pairs,
            "application/json",
            _encode(body).decode(),
        )
    )


def encode_query(operation: Operation[Any], query: Query | None) -> str:
    """The same values as the query of a URL."""
    pairs = to_pairs(operation, query) if query is not None else []
    return urlencode([(pair.name, pair.value) for pair in pairs], quote_via=quote)


def to_pairs(operation: Operation[Any], query: Query) -> list[Pair]:
    """What is None is left out; a name that the operation does not have is a mistake."""
    known = operation.query
    pairs = []
    for name, value in query.items():
        if value is None:
            continue
        if name not in known:
            raise TypeError(f"{operation!r} takes no {name}")
        pairs.append(Pair(name, value if type(value) is str else _text(value)))
    return pairs


def _text(value: str | int | Iterable[str]) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int):
        return str(value)
    items = list(value)
    # Asterisk splits at commas and has no way to write one inside an item.
    if any("," in item for item in items):
        raise ValueError("an item of a list must not contain a comma")
    return ",".join(items)


def authorization(username: str, password: str) -> str:
    """The header that says who we are. In a header, for URLs end up in logs."""
    credentials = b64encode(f"{username}:{password}".encode()).decode()
    return f"Basic {credentials}"
