"""The OpenAPI 3.1 document, made from the declared operations."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from agent_console.operations import SAFE, Operation
from agent_console.problem import CONTENT_TYPE, TITLES, ProblemDocument

REF = "#/components/schemas/{name}"
COOKIE = "hotline_session"
CSRF_HEADER = "X-CSRF-Token"

DESCRIPTION = (
    "Times are UTC epoch milliseconds. Errors are problem documents (RFC 9457). Every unsafe "
    "operation needs an Origin header that is the console's own, and, where one is signed in, "
    "the token of the session in X-CSRF-Token; a platform with an intake key sends neither an "
    "Origin nor a cookie. Names and numbers of reporters are masked everywhere but in the answer "
    "to unmasking one."
)


def document(operations: Iterable[Operation], base: str) -> dict[str, Any]:
    """The document of these operations, served under `base` (/api/v1)."""
    listed = list(operations)
    schemas, components = _schemas(listed)
    paths: dict[str, dict[str, Any]] = {}
    for operation in listed:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(
            operation, schemas
        )
    return {
        "openapi": "3.1.0",
        "info": {"title": "12345 console", "version": "1", "description": DESCRIPTION},
        "servers": [{"url": base}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "session": {"type": "apiKey", "in": "cookie", "name": COOKIE},
                "csrf": {"type": "apiKey", "in": "header", "name": CSRF_HEADER},
                "intakeKey": {"type": "http", "scheme": "bearer"},
            },
        },
    }


def _schemas(operations: list[Operation]) -> tuple[dict[Any, Any], dict[str, Any]]:
    types: list[Any] = [ProblemDocument]
    for operation in operations:
        types += [s for s in operation.answers if s not in types]
        types += [p for p in operation.problems.values() if p and p not in types]
        if "body" in operation.forms and operation.forms["body"].struct not in types:
            types.append(operation.forms["body"].struct)
    schemas, components = msgspec.json.schema_components(types, ref_template=REF)
    return dict(zip(types, schemas, strict=True)), components


def _operation(operation: Operation, schemas: dict[Any, Any]) -> dict[str, Any]:
    said: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "tags": [operation.tag],
        "security": _security(operation),
        "responses": _successes(operation, schemas) | _problems(operation, schemas),
    }
    parameters = [p for where in ("path", "query") for p in _parameters(operation, where)]
    if parameters:
        said["parameters"] = parameters
    if "body" in operation.forms:
        form = operation.forms["body"]
        schema = schemas[form.struct]
        said["requestBody"] = {
            "required": form.needed,
            "content": {"application/json": {"schema": schema}},
        }
    return said


def _security(operation: Operation) -> list[dict[str, list[str]]]:
    if operation.key:
        return [{"intakeKey": []}]
    if operation.roles is None:
        return []
    if operation.method in SAFE:
        return [{"session": []}]
    return [{"session": [], "csrf": []}]


def _parameters(operation: Operation, where: str) -> list[dict[str, Any]]:
    if where not in operation.forms:
        return []
    form = operation.forms[where]
    return [
        {
            "name": name,
            "in": where,
            "required": where == "path" or form.fields[name].required,
            "schema": schema,
        }
        for name, schema in form.schemas.items()
    ]


def _successes(operation: Operation, schemas: dict[Any, Any]) -> dict[str, Any]:
    if operation.socket:
        return {"101": {"description": "a WebSocket is open"}}
    if operation.media:
        content = {kind: {"schema": {"type": "string"}} for kind in operation.media.content_types}
        return {
            str(s): {"description": "the content", "content": content}
            for s in operation.media.statuses
        }
    answers: dict[str, Any] = {}
    for struct in operation.answers:
        content = {"application/json": {"schema": schemas[struct]}}
        answers["200"] = {"description": struct.__name__, "content": content}
    if operation.may_be_empty:
        answers["204"] = {"description": "nothing"}
    return answers


def _problems(operation: Operation, schemas: dict[Any, Any]) -> dict[str, Any]:
    statuses: dict[int, type[msgspec.Struct] | None] = {400: None, 503: None}
    if operation.roles is not None:
        statuses |= {401: None, 403: None}
    if operation.key:
        statuses[401] = None
    if operation.method not in SAFE:
        statuses[403] = None
    if "body" in operation.forms:
        statuses |= {413: None, 415: None}
    if operation.socket:
        statuses[426] = None
    statuses |= operation.problems
    return {
        str(status): {
            "description": TITLES[status],
            "content": {CONTENT_TYPE: {"schema": schemas[struct or ProblemDocument]}},
        }
        for status, struct in sorted(statuses.items())
    }
