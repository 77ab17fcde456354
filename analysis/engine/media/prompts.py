"""What image generators write of themselves: Stable Diffusion parameters and ComfyUI graphs.

Looked for in whole texts, before they are cut to what is kept: a graph is long, and parameters stand behind
a prompt of any length.
"""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

_PARAMETERS = re.compile(r"(?:^|\n)Steps: \d+, Sampler: ")
_MODEL = re.compile(r"\bModel: ([^,\n]+)")
# ComfyUI's WebP puts its graphs into EXIF fields of other meaning, each behind its name
_NAMED_GRAPH = re.compile(r"\s*(prompt|workflow)\s*:\s*(?=\{)")


def named(places: Mapping[str, Mapping[str, str]]) -> list[dict[str, str]]:
    """The generators that texts name, as {place, field, tool, graph or model}; places: texts by place and field."""
    return [
        {"place": place, "field": name} | told
        for place, fields in places.items()
        for name, text in fields.items()
        if (told := _told(name, text))
    ]


def _told(name: str, text: str) -> dict[str, str] | None:
    if _PARAMETERS.search(text):
        model = _MODEL.search(text)
        return {"tool": "Stable Diffusion", "model": model[1][:200] if model else ""}
    label = _NAMED_GRAPH.match(text)
    if is_graph(text[label.end() :] if label else text):
        return {"tool": "ComfyUI", "graph": label[1] if label else name}
    return None


def is_graph(text: str) -> bool:
    """Whether the text is a ComfyUI graph, or an object that holds one; cut off ones are known by their keys."""
    if not text.lstrip().startswith("{"):
        return False
    try:
        return _holds_graph(json.loads(text))
    except (ValueError, RecursionError):
        return '"class_type"' in text or ('"nodes"' in text and '"last_node_id"' in text)


def _holds_graph(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    return _is_graph(value) or any(_is_graph(_parsed(one)) for one in value.values())


def _is_graph(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    return _is_workflow(value) or _any_with("class_type", value.values())


def _is_workflow(value: Mapping[str, Any]) -> bool:
    """Other programs have nodes too: these are numbered, or of a type and joined by links."""
    nodes = value.get("nodes")
    if not isinstance(nodes, list):
        return False
    return "last_node_id" in value or ("links" in value and _any_with("type", nodes))


def _any_with(key: str, nodes: Iterable[Any]) -> bool:
    return any(isinstance(node, dict) and key in node for node in nodes)


def _parsed(value: Any) -> Any:
    """Graphs inside an object are often JSON written as text."""
    if not isinstance(value, str) or not value.lstrip().startswith("{"):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return None
