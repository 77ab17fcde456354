"""What one C2PA manifest states: who signed it when and with what, what was done, and how the content came about.

C2PA technical specification 2.2, sections 10.3 (claims), 18.15 (actions) and 18.16 (metadata). Values may be
anything at all: what is no text, list or mapping where one belongs is passed over.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from analysis.engine.media.source_types import code_of, named

MAX_TEXT = 300
MAX_ITEMS = 40
METADATA = ("stds.iptc", "stds.iptc.photo-metadata", "c2pa.metadata", "cawg.metadata", "stds.schema-org")


def mapping(value: Any) -> Mapping[str, Any]:
    """The value if it is a mapping, else an empty one."""
    return value if isinstance(value, Mapping) else {}


def items(value: Any) -> Sequence[Any]:
    """The value if it is a list, else an empty one."""
    return value if isinstance(value, list) else ()


def text(value: Any) -> str | None:
    """A short text, or None."""
    return value[:MAX_TEXT] if isinstance(value, str) and value else None


def generator(manifest: Mapping[str, Any]) -> str | None:
    """The program that made the claim, with its version."""
    newer = [_with_version(mapping(item)) for item in items(manifest.get("claim_generator_info"))[:5]]
    return " ".join(filter(None, newer))[:MAX_TEXT] or text(manifest.get("claim_generator"))


def signature(manifest: Mapping[str, Any], success: Sequence[str]) -> dict[str, Any]:
    """Who signed, as the certificate names them, and when, as the time stamp says.

    success: the codes of what could be validated.
    """
    info = mapping(manifest.get("signature_info"))
    return {
        "issuer": text(info.get("issuer")),
        "common_name": text(info.get("common_name")),
        "algorithm": text(info.get("alg")),
        "signed": text(info.get("time")),
        "time_stamp_trusted": "timeStamp.trusted" in success,
    }


def statements(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """The actions that were recorded, and the labels of everything that was signed."""
    labels = [text(mapping(one).get("label")) for one in items(manifest.get("assertions"))]
    done = [_action(action) for _, action in _actions(manifest)]
    return {"actions": done[:MAX_ITEMS], "assertions": [label for label in labels if label][:MAX_ITEMS]}


def ai_sources(manifest: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The statements that a trained model made the content or part of it, as {code, words, field, agent, title}."""
    found = [
        {
            "code": code_of(value),
            "words": named(value).words,
            "field": field[:MAX_TEXT],
            "agent": agent,
            "title": text(manifest.get("title")),
        }
        for field, value, agent in _source_types(manifest)
        if named(value).made_by_model
    ]
    return found[:MAX_ITEMS]


def _source_types(manifest: Mapping[str, Any]) -> Iterator[tuple[str, str, str | None]]:
    """(field, address of the type, program) of every digital source type in actions and metadata."""
    for label, action in _actions(manifest):
        value = text(action.get("digitalSourceType"))
        if value:
            yield f"{label}, {text(action.get('action'))}", value, _agent(action)
    for assertion in items(manifest.get("assertions")):
        label = text(mapping(assertion).get("label")) or ""
        if label.startswith(METADATA):
            for name, value in mapping(mapping(assertion).get("data")).items():
                if str(name).rsplit(":", 1)[-1] in ("DigitalSourceType", "digitalSourceType") and text(value):
                    yield f"{label}, {name}", str(value), None


def _actions(manifest: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for assertion in items(manifest.get("assertions")):
        label = text(mapping(assertion).get("label")) or ""
        if label.startswith("c2pa.actions"):
            for action in items(mapping(mapping(assertion).get("data")).get("actions")):
                yield label, mapping(action)


def _action(action: Mapping[str, Any]) -> dict[str, Any]:
    source = text(action.get("digitalSourceType"))
    return {
        "action": text(action.get("action")),
        "digital_source_type": source,
        "agent": _agent(action),
        "when": text(action.get("when")),
    }


def _agent(action: Mapping[str, Any]) -> str | None:
    """The program of an action: a text, or since version 2 of the assertion a name with its version."""
    agent = action.get("softwareAgent")
    return text(agent) or _with_version(mapping(agent)) or None


def _with_version(named_program: Mapping[str, Any]) -> str:
    parts = (text(named_program.get("name")), text(named_program.get("version")))
    return " ".join(part for part in parts if part)
