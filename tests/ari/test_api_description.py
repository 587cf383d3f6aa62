"""What we name, held against the description of the API that the running Asterisk serves."""

import types
import typing
from collections.abc import AsyncIterator, Mapping
from typing import Any

import aiohttp
import msgspec
import pytest

from ivr.ari import operations as op
from ivr.ari.events import EVENTS
from tests.ari.conftest import AriServer

pytestmark = pytest.mark.integration

# Events that nobody here has a use for. A type that is neither here nor known is news.
NOT_NEEDED = {
    "BridgeVideoSourceChanged",
    "CallBroadcast",
    "CallClaimed",
    "TextMessageReceived",
}

PLAIN = {
    "string": str,
    "Date": str,
    "int": int,
    "long": int,
    "double": float,
    "boolean": bool,
}


class Description:
    """The served documents: operations by method and path, models by name."""

    def __init__(self, documents: list[dict[str, Any]]) -> None:
        self.operations: dict[tuple[str, str], dict[str, Any]] = {}
        self.models: dict[str, dict[str, Any]] = {}
        for document in documents:
            self.models.update(document.get("models", {}))
            for api in document["apis"]:
                for operation in api["operations"]:
                    path = api["path"].removeprefix("/")
                    self.operations[operation["httpMethod"], path] = operation

    def parameters(self, operation: op.Operation[Any], kind: str) -> dict[str, dict[str, Any]]:
        listed = self.operations[operation.method, operation.path].get("parameters", [])
        return {one["name"]: one for one in listed if one["paramType"] == kind}

    def properties(self, model: str) -> dict[str, dict[str, Any]]:
        """Of a model, with those of the models that it is a sort of."""
        found = dict(self.models[model]["properties"])
        for parent, described in self.models.items():
            if model in described.get("subTypes", []):
                found.update(self.properties(parent))
        return found


@pytest.fixture
async def description(ari_server: AriServer) -> AsyncIterator[Description]:
    credentials = aiohttp.encode_basic_auth(ari_server.username, ari_server.password)
    docs = f"{ari_server.url}/api-docs"
    async with aiohttp.ClientSession(headers={"Authorization": credentials}) as session:

        async def fetch(url: str) -> dict[str, Any]:
            async with session.get(url, raise_for_status=True) as response:
                found: dict[str, Any] = await response.json(content_type=None)
                return found

        index = await fetch(f"{docs}/resources.json")
        names = [api["path"].rpartition("/")[2].partition(".")[0] for api in index["apis"]]
        yield Description([await fetch(f"{docs}/{name}.json") for name in names])


def mismatch(ours: Any, described: str, about: Description) -> str | None:
    """How a type of ours differs from a described one; None if it does not."""
    if typing.get_origin(ours) in (typing.Union, types.UnionType):
        (ours,) = (one for one in typing.get_args(ours) if one is not type(None))
    if described in PLAIN:
        fits = ours is PLAIN[described]
    elif described == "object":
        fits = typing.get_origin(ours) in (dict, Mapping)
    elif described.startswith("List["):
        fits = typing.get_origin(ours) in (list, tuple)
        inner = described.removeprefix("List[").removesuffix("]")
        if fits and inner != "object":
            return mismatch(typing.get_args(ours)[0], inner, about)
    elif isinstance(ours, type) and issubclass(ours, msgspec.Struct):
        return mismatch_of_fields(ours, described, about)
    else:
        fits = False
    return None if fits else f"{ours} is described as {described}"


def mismatch_of_fields(ours: type[msgspec.Struct], model: str, about: Description) -> str | None:
    properties = about.properties(model)
    for field in msgspec.structs.fields(ours):
        if field.name not in properties:
            return f"{model} has no {field.name}"
        if field.required:
            return f"{ours.__name__}.{field.name} has no default"
        wrong = mismatch(field.type, properties[field.name]["type"], about)
        if wrong is not None:
            return f"{model}.{field.name}: {wrong}"
    return None


async def test_every_operation_is_described_with_its_parameters_and_answer(
    description: Description,
) -> None:
    wrong = []
    for name, operation in op.operations():
        described = description.operations.get((operation.method, operation.path))
        if described is None:
            wrong.append(f"{name}: no {operation!r}")
            continue
        query = description.parameters(operation, "query")
        bodies = description.parameters(operation, "body")
        required = {key for key, one in query.items() if one.get("required")}
        if not operation.query <= set(query):
            wrong.append(f"{name}: no {operation.query - set(query)}")
        if not required <= operation.query:
            wrong.append(f"{name}: lacks {required - operation.query}")
        if operation.body is not None and operation.body not in bodies:
            wrong.append(f"{name}: no body {operation.body}")
        if operation.result is not type(None):
            differs = mismatch(operation.result, described["responseClass"], description)
            if differs is not None:
                wrong.append(f"{name}: {differs}")
    assert wrong == []


async def test_every_event_and_each_of_its_fields_is_described(description: Description) -> None:
    wrong = []
    for name, kind in EVENTS.items():
        if name not in description.models:
            wrong.append(f"no {name}")
        elif name == "RESTResponse":
            # Its body is kept raw on purpose; all else is as described.
            names = {field.name for field in msgspec.structs.fields(kind)}
            if not names <= set(description.properties(name)):
                wrong.append(name)
        else:
            differs = mismatch_of_fields(kind, name, description)
            if differs is not None:
                wrong.append(f"{name}: {differs}")
    assert wrong == []


async def test_every_described_event_is_known_or_known_not_to_be_needed(
    description: Description,
) -> None:
    described = set(description.models["Event"]["subTypes"])
    assert described - set(EVENTS) == NOT_NEEDED


async def test_the_check_itself_finds_what_is_wrong(description: Description) -> None:
    class Other(msgspec.Struct):
        id: int = 0

    class Unheard(msgspec.Struct):
        colour: str = ""

    class Demanding(msgspec.Struct):
        id: str

    for model in (Other, Unheard, Demanding):
        assert mismatch_of_fields(model, "Channel", description) is not None
    assert mismatch(list[int], "List[string]", description) is not None
    assert mismatch(str, "int", description) is not None
