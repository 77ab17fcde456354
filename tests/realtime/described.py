"""docs/asyncapi.yaml as a judge of frames."""

import json
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

import yaml
from jsonschema import Draft7Validator
from jsonschema.exceptions import best_match
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT7

from tests.product import ROOT

PATH = ROOT / "docs" / "asyncapi.yaml"
DOCUMENT: dict[str, Any] = yaml.safe_load(PATH.read_text(encoding="utf-8"))
_URI = "urn:assay:asyncapi"
_REGISTRY: Registry[Any] = Registry().with_resource(
    _URI, Resource.from_contents(DOCUMENT, default_specification=DRAFT7)
)


def at(reference: str) -> Any:
    """What a reference within the document leads to. Raises KeyError."""
    found: Any = DOCUMENT
    for step in reference.removeprefix("#/").split("/"):
        found = found[step]
    return found


def resolved(node: Mapping[str, Any]) -> Any:
    """A node, or what it refers to."""
    return at(node["$ref"]) if "$ref" in node else node


def messages(channel: str, action: str) -> dict[str, dict[str, Any]]:
    """The messages of a channel the server sends (`send`) or receives (`receive`)."""
    said: dict[str, dict[str, Any]] = {}
    own = DOCUMENT["channels"][channel]["messages"]
    for operation in DOCUMENT["operations"].values():
        if operation["action"] == action and operation["channel"]["$ref"] == f"#/channels/{channel}":
            names = [one["$ref"].rpartition("/")[2] for one in operation.get("messages", ())] or own
            said |= {name: resolved(own[name]) for name in names}
    return said


@cache
def judge(reference: str) -> Draft7Validator:
    """Judges by the schema at a reference."""
    return Draft7Validator({"$ref": f"{_URI}{reference}"}, registry=_REGISTRY)


def kinds(channel: str, frame: Mapping[str, Any], *, action: str = "send") -> list[str]:
    """The messages of a channel a frame is: one, if all is well."""
    said = messages(channel, action)
    return [name for name, message in said.items() if judge(message["payload"]["$ref"]).is_valid(dict(frame))]


def kind(channel: str, frame: Mapping[str, Any], *, action: str = "send") -> str:
    """The one message of a channel a frame is; fails the test when it is none, or several."""
    found = kinds(channel, frame, action=action)
    assert len(found) == 1, f"{channel}: {found or faults(channel, frame, action)}\n{json.dumps(frame)}"
    if "specversion" in frame:
        assert frame["type"] in EVENT_TYPES, f"the type {frame['type']} is not described"
    return found[0]


def seen(channel: str, frames: Iterable[Mapping[str, Any]]) -> set[str]:
    """The kinds of frames a channel said; each must be described, and as exactly one kind."""
    return {kind(channel, frame) for frame in frames}


def faults(channel: str, frame: Mapping[str, Any], action: str) -> dict[str, str]:
    """Why a frame is not what its type or keys say."""
    said = {}
    for name, message in messages(channel, action).items():
        error = best_match(judge(message["payload"]["$ref"]).iter_errors(dict(frame)))
        said[name] = error.message[:300] if error else ""
    return said


def _event_types() -> set[str]:
    conditions = DOCUMENT["components"]["schemas"]["Event"]["allOf"]
    return {one["if"]["properties"]["type"]["const"] for one in conditions}


EVENT_TYPES = _event_types()
