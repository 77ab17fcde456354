"""What metadata says of how the content came about: digital source types, and programs that generate."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from analysis.engine.detectors.finding import Finding, finding
from analysis.engine.media.source_types import code_of, named

SIGNS = ("source_type", "generator")
CAVEAT = (
    "such tags are no proof: anybody can write them, every program that saves the file anew may remove them, and "
    "their absence says nothing"
)


def told(embedded: Mapping[str, Any]) -> Iterator[Finding]:
    """Kinds: source_type, generator."""
    yield from _source_types(embedded.get("xmp") or {})
    prompts = embedded.get("prompts") or []
    yield from _prompts(prompts)
    # a graph or parameters name their program better than a word in the same field does
    taken = {(one["place"], one["field"], one["tool"]) for one in prompts}
    for one in embedded.get("generators") or []:
        if (one["place"], one["field"], one["tool"]) not in taken:
            yield finding("generator", _where(one), f"{one['tool']} is named: “{one['says']}”")


def caveat(findings: Iterable[Finding]) -> Iterator[Finding]:
    """What such tags are worth, if there are any."""
    if any(one["kind"] in SIGNS for one in findings):
        yield finding("caveat", "", CAVEAT)


def _source_types(xmp: Mapping[str, str]) -> Iterator[Finding]:
    for name, value in xmp.items():
        if name.rsplit(":", 1)[-1].partition("[")[0] == "DigitalSourceType":
            sentence = f"IPTC digital source type {code_of(value)}: {named(value).words}"
            yield finding("source_type", f"xmp {name}", sentence)


def _prompts(prompts: Iterable[Mapping[str, str]]) -> Iterator[Finding]:
    for told in prompts:
        if told["tool"] == "ComfyUI":
            yield finding("generator", _where(told), f"ComfyUI {told['graph']} graph")
        else:
            model = f", model {told['model']}" if told["model"] else ""
            sentence = f"{told['tool']} parameters in {told['field']}{model}"
            yield finding("generator", _where(told), sentence)


def _where(one: Mapping[str, str]) -> str:
    return f"{one['place']} {one['field']}"
