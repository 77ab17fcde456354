"""What was written beside the picture or sound, and what of it names a tool.

Facts without a score: metadata is easily removed and easily forged. Named generators are told from
cameras and editors; IPTC's digital source type is given in its own words (IPTC NewsCodes, digitalsourcetype).
"""

import base64
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from analysis.engine.detectors.base import Card, Detector
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
    Source,
)
from analysis.engine.weights import WeightStore

NAME = "metadata"
SOURCE_TYPES = {
    "trainedAlgorithmicMedia": "created by a trained model",
    "compositeWithTrainedAlgorithmicMedia": "composite that includes media of a trained model",
    "algorithmicMedia": "created by an algorithm without a trained model",
    "compositeSynthetic": "composite that includes synthetic elements",
    "composite": "composite of several elements",
    "digitalCapture": "captured by a digital camera or recorder",
    "negativeFilm": "digitised from a negative on film",
    "positiveFilm": "digitised from a positive on film",
    "print": "digitised from a print",
    "minorHumanEdits": "capture with minor human edits",
    "humanEdits": "edited by a human with non-generative tools",
    "digitalArt": "drawn by a human with digital tools",
    "digitalCreation": "created by a human with digital tools",
    "dataDrivenMedia": "made from data",
    "virtualRecording": "recording of a virtual event",
    "screenCapture": "screen capture",
}
ENCODERS = {"Lavf": "FFmpeg", "Lavc": "FFmpeg", "HandBrake": "HandBrake", "x264": "x264", "x265": "x265"}
PARTS = {
    "exif": "EXIF",
    "text": "text chunks",
    "xmp": "XMP",
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
            version="1.0",
            family="metadata",
            subject="file",
            consumes=Consumes.FILE,
            kinds=frozenset(MediaKind),
            unit="files",
            looks_at="Container facts, EXIF, XMP, IPTC digital source type, encoder traces, generation "
            "parameters (Stable Diffusion, ComfyUI), the embedded thumbnail.",
            cannot_see="Files whose metadata was removed; metadata that was forged.",
            paper="EXIF 3.0; XMP (ISO 16684-1); IPTC Photo Metadata 2024.1",
            licence="Apache-2.0 (our own code)",
            accuracy="Not a measurement: it repeats what the file says of itself.",
            preprocessing="None; the original bytes.",
        )
    ]


def make(_name: str, _weights: WeightStore, _device: str) -> Detector:
    """The detector; it needs no weights."""
    return Metadata()


class Metadata:
    """Reports what the reader found; holds nothing."""

    def __init__(self) -> None:
        self.card = cards()[0]

    def open(self, source: Source) -> "MetadataSession":
        return MetadataSession()


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
        named, lost = list(find(embedded)), list(unread(embedded))
        told = [finding["sentence"] for finding in [*named[:3], *lost]]
        detail = "; ".join(told) or "nothing names a tool or a device"
        shown = {key: value for key, value in embedded.items() if key != "thumbnail" and value}
        facts = {"findings": named + lost, "embedded": shown, "container": self.facts.get("container")}
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


def find(embedded: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    """What the metadata names, as {kind, sentence}.

    Kinds: source_type, generator, device, software, place, encoder, thumbnail.
    """
    yield from _source_types(embedded.get("xmp") or {})
    prompts = embedded.get("prompts") or []
    yield from _generators(prompts)
    yield from _devices(_without(prompts, embedded.get("exif") or {}), embedded.get("xmp") or {})
    yield from _encoders(embedded.get("tags") or {})
    yield from _thumbnail(embedded.get("thumbnail"))


def unread(embedded: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    """What could not be read, as findings of the kind unread: of that nothing is known."""
    if not embedded or "error" in embedded:
        yield _finding("unread", f"the metadata could not be read ({embedded.get('error', 'nobody looked')})")
    for part, why in (embedded.get("unread") or {}).items():
        yield _finding("unread", f"{PARTS.get(part, part)} could not be read ({why})")


def _without(
    prompts: Iterable[Mapping[str, str]], exif: Mapping[str, Mapping[str, str]]
) -> dict[str, dict[str, str]]:
    """The EXIF fields that hold what they are named for, and not a generator's graph."""
    taken = {(told["place"], told["field"]) for told in prompts}
    return {
        ifd: {name: value for name, value in fields.items() if (ifd, name) not in taken}
        for ifd, fields in exif.items()
    }


def _finding(kind: str, sentence: str) -> dict[str, str]:
    return {"kind": kind, "sentence": sentence[:500]}


def _source_types(xmp: Mapping[str, str]) -> Iterator[dict[str, str]]:
    for name, value in xmp.items():
        if name.rsplit(":", 1)[-1] == "DigitalSourceType":
            code = value.rstrip("/").rsplit("/", 1)[-1]
            yield _finding(
                "source_type",
                f"IPTC digital source type {code}: {SOURCE_TYPES.get(code, 'not in the list known here')}",
            )


def _generators(prompts: Iterable[Mapping[str, str]]) -> Iterator[dict[str, str]]:
    for told in prompts:
        if told["tool"] == "ComfyUI":
            yield _finding("generator", f"ComfyUI {told['graph']} graph")
        else:
            named = f", model {told['model']}" if told["model"] else ""
            yield _finding("generator", f"{told['tool']} parameters in {told['field']}{named}")


def _devices(exif: Mapping[str, Mapping[str, str]], xmp: Mapping[str, str]) -> Iterator[dict[str, str]]:
    image = exif.get("image") or {}
    device = " ".join(image[name] for name in ("Make", "Model") if image.get(name))
    if device:
        yield _finding("device", f"EXIF names the device {device}")
    software = image.get("Software") or next((v for k, v in xmp.items() if k.endswith("CreatorTool")), "")
    if software:
        yield _finding("software", f"saved by {software}")
    if exif.get("gps"):
        yield _finding("place", "EXIF holds a position")


def _encoders(tags: Mapping[str, Mapping[str, str]]) -> Iterator[dict[str, str]]:
    for place, fields in tags.items():
        for name in ("encoder", "handler_name", "software", "com.apple.quicktime.model"):
            value = fields.get(name)
            if value:
                tool = next((tool for mark, tool in ENCODERS.items() if mark in value), None)
                named = f" ({tool})" if tool and tool not in value else ""
                yield _finding("encoder", f"{place} {name}: {value}{named}")


def _thumbnail(thumbnail: Mapping[str, Any] | None) -> Iterator[dict[str, str]]:
    if not thumbnail:
        return
    # cameras pad thumbnails to 4:3, so the shape alone says nothing
    if thumbnail["difference"] > THUMBNAIL_DIFFERENCE:
        yield _finding("thumbnail", "the embedded thumbnail is not a small copy of this picture")
