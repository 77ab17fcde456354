"""docs/asyncapi.yaml is an AsyncAPI 3 document that hangs together, and is where programs look for it."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from django.conf import settings
from django.test import Client
from jsonschema import Draft7Validator

from realtime import admin, routing
from tests.realtime.described import DOCUMENT, EVENT_TYPES, PATH, at, messages, resolved

# The shape of AsyncAPI 3.0.0, as far as this document uses it.
REQUIRED = {"": {"asyncapi", "info"}, "info": {"title", "version"}}
OBJECTS: dict[str, tuple[set[str], set[str]]] = {
    "servers": (
        {"host", "protocol"},
        {"host", "protocol", "description", "variables", "security", "pathname", "title", "bindings"},
    ),
    "channels": (
        {"address", "messages"},
        {"address", "messages", "title", "summary", "description", "servers", "parameters", "bindings"},
    ),
    "operations": ({"action", "channel"}, {"action", "channel", "messages", "title", "summary"}),
}
MESSAGE = {"name", "title", "summary", "description", "contentType", "payload", "headers", "examples"}
SCHEMES = {
    "http": {"scheme"},
    "httpApiKey": {"name", "in"},
    "userPassword": set(),
}


def nodes(node: Any, path: str = "#") -> Iterator[tuple[str, Any]]:
    yield path, node
    inner = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for name, value in inner:
        yield from nodes(value, f"{path}/{name}")


def references() -> dict[str, str]:
    return {path: node["$ref"] for path, node in nodes(DOCUMENT) if isinstance(node, dict) and "$ref" in node}


def plain(node: dict[str, Any]) -> set[str]:
    """The fields of an object that are not extensions."""
    return {name for name in node if not str(name).startswith("x-")}


def test_it_is_an_asyncapi_3_document() -> None:
    allowed = {
        "asyncapi",
        "id",
        "info",
        "servers",
        "defaultContentType",
        "channels",
        "operations",
        "components",
    }

    assert DOCUMENT["asyncapi"] == "3.0.0"
    assert REQUIRED[""] <= plain(DOCUMENT) <= allowed
    assert REQUIRED["info"] <= plain(DOCUMENT["info"])
    for kind, (required, known) in OBJECTS.items():
        for name, node in DOCUMENT[kind].items():
            assert required <= plain(node) <= known, f"{kind}/{name}"


def test_every_reference_leads_somewhere() -> None:
    broken = []
    for path, reference in references().items():
        try:
            at(reference)
        except (KeyError, TypeError):
            broken.append((path, reference))

    assert len(references()) > 100
    assert broken == []


def test_everything_that_is_described_is_used() -> None:
    used = set(references().values())
    parts = {
        f"#/components/{kind}/{name}"
        for kind in ("messages", "schemas", "securitySchemes")
        for name in DOCUMENT["components"][kind]
    }

    assert parts - used == set()


def test_operations_speak_of_messages_of_their_channel_and_leave_none_out() -> None:
    for name, operation in DOCUMENT["operations"].items():
        assert operation["action"] in ("send", "receive")
        channel = operation["channel"]["$ref"]
        assert all(one["$ref"].startswith(f"{channel}/messages/") for one in operation.get("messages", ())), (
            name
        )
    for channel, node in DOCUMENT["channels"].items():
        told = messages(channel, "send").keys() | messages(channel, "receive").keys()
        assert told == node["messages"].keys(), channel


def test_addresses_name_their_parameters_and_servers() -> None:
    for name, channel in DOCUMENT["channels"].items():
        assert set(re.findall(r"{(\w+)}", channel["address"])) == set(channel.get("parameters", {})), name
        assert {resolved(one)["protocol"] for one in channel["servers"]} <= {"wss", "redis"}, name
    for name, server in DOCUMENT["servers"].items():
        assert set(re.findall(r"{(\w+)}", server["host"])) == set(server["variables"]), name


def test_every_schema_is_one() -> None:
    for schema in DOCUMENT["components"]["schemas"].values():
        Draft7Validator.check_schema(schema)


def test_every_message_has_a_payload() -> None:
    for name, message in DOCUMENT["components"]["messages"].items():
        assert "payload" in message and plain(message) <= MESSAGE, name


def test_security_schemes_are_complete() -> None:
    for name, scheme in DOCUMENT["components"]["securitySchemes"].items():
        assert SCHEMES[scheme["type"]] <= scheme.keys(), name
    cookie = DOCUMENT["components"]["securitySchemes"]["cookie"]["name"]
    assert cookie == settings.SESSION_COOKIE_NAME


def test_every_canonical_type_is_described() -> None:
    canonical = {
        f"{family}.{ending}" for family, endings in admin._TYPES.items() for ending in endings.split()
    }

    assert canonical == EVENT_TYPES


def test_every_socket_is_described() -> None:
    addresses = [re.sub(r"{\w+}", "x", one["address"]) for one in DOCUMENT["channels"].values()]

    for pattern in routing._PLACES:
        found = [address for address in addresses if pattern and re.match(pattern, address.lstrip("/"))]
        assert pattern == "" or len(found) == 1, pattern


def test_the_channels_of_redis_are_those_of_the_settings() -> None:
    addresses = {name: channel["address"] for name, channel in DOCUMENT["channels"].items()}

    assert addresses["mediaProgress"] == settings.PROGRESS_CHANNEL
    assert addresses["footage"] == settings.EVENTS_CHANNEL


@pytest.mark.django_db
def test_it_is_served_to_everybody_as_it_is(client: Client) -> None:
    answer = client.get("/api/v1/asyncapi.yaml")

    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/yaml; charset=utf-8"
    assert answer.content == PATH.read_bytes()
    assert yaml.safe_load(answer.content)["asyncapi"] == "3.0.0"


@pytest.mark.django_db
def test_a_query_it_does_not_know_is_refused(client: Client) -> None:
    assert client.get("/api/v1/asyncapi.yaml?version=2").status_code == 400
