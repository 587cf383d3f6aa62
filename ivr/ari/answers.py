"""From the body of an answer to a result, or to the refusal it is."""

from typing import Any, TypeVar

import msgspec

from .errors import BadAnswer, Refused, refused
from .events import RESTResponse
from .operations import Operation

T = TypeVar("T")


class _Message(msgspec.Struct):
    message: str = ""
    error: str = ""


_message = msgspec.json.Decoder(_Message)
_text = msgspec.json.Decoder(str)


def refusal(response: RESTResponse, operation: Operation[Any], path: str) -> Refused:
    content = _unwrap(response.message_body)
    said = words(content.encode()) or response.reason_phrase
    return refused(response.status_code, said, operation.method, path, operation.path)


def words(content: bytes) -> str:
    """Asterisk's own words in the body of a refusal."""
    try:
        said = _message.decode(content)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return ""
    return said.message or said.error


def _unwrap(body: msgspec.Raw) -> str:
    """The body of an answer is JSON, carried as a JSON string."""
    try:
        return _text.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return ""


def result(operation: Operation[T], body: msgspec.Raw) -> T:
    if operation.decoder is None:
        return None  # type: ignore[return-value] # T is None here
    return parse(operation, _unwrap(body))


def parse(operation: Operation[T], content: bytes | str) -> T:
    if operation.decoder is None:
        return None  # type: ignore[return-value] # T is None here
    try:
        return operation.decoder.decode(content)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise BadAnswer(f"{operation!r}: the answer does not fit its description") from None
