"""Reading what a client sent into a struct, with every mistake named by its field."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Generic, TypeVar, get_type_hints

import msgspec
from msgspec.structs import FieldInfo, fields

from agent_console.problem import FieldError, Problem, invalid

S = TypeVar("S", bound=msgspec.Struct)

INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,18})")
BOOLEANS = {"true": True, "false": False}
ENDLESS = 2**31 - 1
"""A bound that no person needs to be told of."""
REQUIRED = "必填"
UNKNOWN = "没有这一项"
ONCE = "只能出现一次"


class Form(Generic[S]):
    """One struct as the form of a path, a query or a body.

    The struct must forbid unknown fields. Reading raises `Problem` 400 that names each
    field that is wrong and says what is expected there.
    """

    def __init__(self, struct: type[S]) -> None:
        if not struct.__struct_config__.forbid_unknown_fields:
            raise TypeError(f"{struct.__name__} must forbid unknown fields")
        self.struct = struct
        self.fields: dict[str, FieldInfo] = {f.encode_name: f for f in fields(struct)}
        hints = get_type_hints(struct, include_extras=True)
        self.schemas = {name: _schema(hints[f.name]) for name, f in self.fields.items()}
        self.needed = any(field.required for field in self.fields.values())
        """Whether a body has to be sent at all."""
        self._body = msgspec.json.Decoder(struct)

    def read_body(self, body: bytes) -> S:
        """A JSON body."""
        try:
            return self._body.decode(body)
        except msgspec.ValidationError:
            return self._read_again(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise Problem(400, "内容不是有效的 JSON", code="not-json") from None

    def read_text(self, pairs: Iterable[tuple[str, str]]) -> S:
        """Names and values of a query or of a path."""
        values: dict[str, Any] = {}
        repeated = []
        for name, text in pairs:
            if name in values:
                repeated.append(FieldError(name, ONCE))
            values[name] = self._typed(name, text)
        errors = [*repeated, *self._mistakes(values)]
        if errors:
            raise invalid(*errors)
        return msgspec.convert(values, self.struct)

    def _typed(self, name: str, text: str) -> object:
        kinds = _kinds(self.schemas.get(name, {}))
        if "integer" in kinds and INTEGER.fullmatch(text):
            return int(text)
        if "boolean" in kinds and text in BOOLEANS:
            return BOOLEANS[text]
        return text

    def _read_again(self, body: bytes) -> S:
        """Slowly, to name every mistake; 1.0 is an integer to JSON Schema, so it is to us."""
        try:
            values = _whole(msgspec.json.decode(body))
        except (msgspec.DecodeError, RecursionError):
            raise Problem(400, "内容不是有效的 JSON", code="not-json") from None
        if not isinstance(values, dict):
            raise Problem(400, "内容应为一个 JSON 对象", code="not-an-object")
        errors = self._mistakes(values)
        if errors:
            raise invalid(*errors)
        return msgspec.convert(values, self.struct)

    def _mistakes(self, values: dict[str, Any]) -> list[FieldError]:
        errors = [FieldError(name[:64], UNKNOWN) for name in values if name not in self.fields]
        for name, field in self.fields.items():
            if name not in values:
                if field.required:
                    errors.append(FieldError(name, REQUIRED))
                continue
            try:
                msgspec.convert(values[name], field.type)
            except (msgspec.ValidationError, RecursionError):
                errors.append(FieldError(name, expected(self.schemas[name])))
        return errors


def _whole(value: Any) -> Any:
    """1.0 becomes 1, however deep; RecursionError beyond what anybody sends."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {name: _whole(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_whole(inner) for inner in value]
    return value


def expected(schema: dict[str, Any]) -> str:
    """What a field should hold, as a Chinese sentence; `schema` is its JSON schema."""
    branches = [b for b in schema.get("anyOf", [schema]) if b.get("type") != "null"]
    branch = branches[0] if branches else schema
    if "enum" in branch:
        return "应为以下之一：" + "、".join(str(v) for v in branch["enum"] if v not in ("", None))
    match branch.get("type"):
        case "integer":
            return _integer(branch)
        case "boolean":
            return "应为 true 或 false"
        case "string":
            return _string(branch)
    return "格式不对"


def _integer(schema: dict[str, Any]) -> str:
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None and high is not None and high < ENDLESS:
        return f"应为 {low} 到 {high} 之间的整数"
    return "应为整数" if low is None else f"应为不小于 {low} 的整数"


def _string(schema: dict[str, Any]) -> str:
    low, high = schema.get("minLength"), schema.get("maxLength")
    parts = ["应为文字"]
    if low:
        parts.append(f"至少 {low} 个字")
    if high is not None:
        parts.append(f"最多 {high} 个字")
    return "，".join(parts)


def _kinds(schema: dict[str, Any]) -> set[str]:
    return {str(b.get("type")) for b in schema.get("anyOf", [schema])}


def _schema(hint: Any) -> dict[str, Any]:
    schema = msgspec.json.schema(hint)
    if "$ref" in schema:
        named: dict[str, Any] = schema["$defs"][schema["$ref"].rsplit("/", 1)[1]]
        return named
    return schema
