"""What was written beside the picture or sound, and what of it names a tool.

Facts without a score: metadata is easily removed and easily forged. Named generators are told from
cameras and editors; IPTC's digital source type is given in its own words (IPTC NewsCodes, digitalsourcetype).
"""

import base64
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from analysis.engine.detectors import camera, generated, recorders
from analysis.engine.detectors.base import Card, Detector
from analysis.engine.detectors.finding import Finding, finding
from analysis.engine.detectors.weightless import Weightless
from analysis.engine.types import (
    Assessment,
    Batch,
    Consumes,
    EvidenceMade,
    FileFacts,
    MediaKind,
    NotAssessed,
    Observation,
    Reason,
)
from analysis.engine.weights import WeightStore

NAME = "metadata"
ENCODERS = {"Lavf": "FFmpeg", "Lavc": "FFmpeg", "HandBrake": "HandBrake", "x264": "x264", "x265": "x265"}
PARTS = {
    "exif": "EXIF",
    "text": "text chunks",
    "xmp": "XMP",
    "iptc": "IPTC fields",
    "size": "the size",
    "thumbnail": "the embedded thumbnail",
    "tags": "container tags",
}
THUMBNAIL_DIFFERENCE = 0.12


def cards() -> list[Card]:
    """The card of the metadata panel."""
    return [
        Card(
            name=NAME,
            title="Metadata",
            version="1.1",
            family="metadata",
            subject="file",
            consumes=Consumes.FILE,
            kinds=frozenset(MediaKind),
            unit="files",
            looks_at="EXIF, XMP, IPTC fields and digital source type, tags of generators (Stable Diffusion, ComfyUI, "
            "Midjourney …), cameras and editors and where they contradict each other, the embedded thumbnail, the "
            "order and kinds of a container's parts, encoder traces.",
            cannot_see="Files whose metadata was removed; metadata that was forged.",
            paper="EXIF 3.0; XMP (ISO 16684-1); IPTC Photo Metadata 2024.1",
            licence="Apache-2.0 (our own code)",
            accuracy="Not a measurement: it repeats what the file says of itself.",
            preprocessing="None; the original bytes.",
            stressed=False,
        )
    ]


def make(_name: str, _weights: WeightStore, _device: str) -> Detector:
    """The detector; it needs no weights."""
    return Weightless(cards()[0], MetadataSession)


@dataclass
class MetadataSession:
    """The metadata of one file."""

    facts: Mapping[str, Any] = field(default_factory=dict)

    def feed(self, batch: Batch) -> Iterable[Observation]:
        if isinstance(batch, FileFacts):
            self.facts = batch.facts
        return ()

    def drain(self) -> Iterable[Observation]:
        return ()

    def finish(self) -> Assessment:
        embedded = self.facts.get("embedded") or {}
        structure = self.facts.get("structure") or {}
        named, lost = list(find(embedded)), list(unread(embedded))
        told = [finding["sentence"] for finding in [*named[:3], *lost]]
        detail = "; ".join(told) or "nothing names a tool or a device"
        shown = {key: value for key, value in embedded.items() if key != "thumbnail" and value}
        small = embedded.get("thumbnail") or {}
        shown |= {"thumbnail": {k: v for k, v in small.items() if k != "jpeg_base64"}} if small else {}
        facts = {
            "findings": [
                *named,
                *generated.caveat(named),
                *recorders.told(structure, embedded),
                *lost,
            ],
            "embedded": shown,
            "structure": structure,
            "container": self.facts.get("container"),
        }
        return NotAssessed(Reason.REPORTS_FACTS, detail, facts)

    def evidence(self) -> Iterable[EvidenceMade]:
        thumbnail = (self.facts.get("embedded") or {}).get("thumbnail")
        if thumbnail:
            caption = (
                "The small picture the camera or editor stored inside the file. "
                f"Its difference from the picture is {thumbnail['difference']:.3f} (0 = alike)."
            )
            content = base64.b64decode(thumbnail["jpeg_base64"], validate=True)
            yield EvidenceMade(NAME, "thumbnail", "Embedded thumbnail", caption, "image/jpeg", content)


def find(embedded: Mapping[str, Any]) -> Iterator[Finding]:
    """What the metadata names.

    Kinds: source_type, generator, device, software, place, times, size, encoder, thumbnail.
    """
    yield from generated.told(embedded)
    yield from camera.told(embedded)
    yield from _encoders(embedded.get("tags") or {})
    yield from _thumbnail(embedded.get("thumbnail"))


def unread(embedded: Mapping[str, Any]) -> Iterator[Finding]:
    """What could not be read, as findings of the kind unread: of that nothing is known."""
    if not embedded or "error" in embedded:
        sentence = f"the metadata could not be read ({embedded.get('error', 'nobody looked')})"
        yield finding("unread", "", sentence)
    for part, why in (embedded.get("unread") or {}).items():
        yield finding("unread", part, f"{PARTS.get(part, part)} could not be read ({why})")


def _encoders(tags: Mapping[str, Mapping[str, str]]) -> Iterator[Finding]:
    for place, fields in tags.items():
        for name in ("encoder", "handler_name", "software", "com.apple.quicktime.model"):
            value = fields.get(name)
            if value:
                tool = next((tool for mark, tool in ENCODERS.items() if mark in value), None)
                named = f" ({tool})" if tool and tool not in value else ""
                yield finding("encoder", f"{place} {name}", f"{place} {name}: {value}{named}")


def _thumbnail(thumbnail: Mapping[str, Any] | None) -> Iterator[Finding]:
    if not thumbnail:
        return
    why = thumbnail.get("causes") or []
    # cameras pad thumbnails to 4:3, so the shape alone says nothing
    if thumbnail["difference"] > THUMBNAIL_DIFFERENCE:
        sentence = "the embedded thumbnail is not a small copy of this picture"
        yield finding("thumbnail", "exif thumbnail", sentence)
    if why:
        words = "; or ".join(one["words"] for one in why)
        yield finding("thumbnail", "exif thumbnail", f"possible cause: {words}")
