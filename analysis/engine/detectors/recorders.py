"""Who put a file of video or sound together, by the marks they leave in its container.

One table: the program or recorder, what it is, in which mark it stands, and its pattern. Marks are those of
analysis/engine/media/structure.py and of FFmpeg's tags. Files are re-packed all the time, by every messenger and web
site: that is a fact about the copy at hand, not a sign.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from analysis.engine.detectors.finding import Finding, finding
from analysis.engine.media.boxes import MAX_BOXES

MAX_MARKS, MAX_EDIT_LISTS = 200, 4


class Rule(NamedTuple):
    """`role`: "writer" put the container together, "maker" is named by what lies inside it."""

    name: str
    role: str
    marks: str
    pattern: str


_ENCODER = r"encoder|software|writer|tool"
RULES = (
    Rule("HandBrake", "writer", _ENCODER, r"HandBrake"),
    Rule("FFmpeg", "writer", _ENCODER, r"\bLavf|libavformat|Lavc"),
    Rule("MKVToolNix", "writer", _ENCODER, r"mkvmerge|libmatroska"),
    Rule("OBS Studio", "writer", _ENCODER, r"obs-|OBS Studio"),
    Rule("Chrome", "writer", _ENCODER, r"^Chrome"),
    Rule("LAME", "writer", _ENCODER, r"^LAME"),
    Rule("libFLAC", "writer", _ENCODER, r"reference libFLAC"),
    Rule("Xiph libraries", "writer", _ENCODER, r"Xiph\.Org|^libopus|^libvorbis"),
    Rule("Adobe", "writer", f"{_ENCODER}|CreatorTool", r"\bAdobe\b"),
    Rule("GPAC (MP4Box)", "writer", "handler|encoder", r"\bGPAC\b"),
    Rule("L-SMASH", "maker", "handler", r"L-SMASH"),
    Rule("MainConcept (Adobe Premiere and others)", "maker", "handler", r"Mainconcept"),
    Rule("Apple (Core Media)", "maker", "handler", r"Core Media (Video|Audio|Data Handler)"),
    Rule("Google (YouTube)", "maker", "handler", r"produced by Google"),
    Rule("Vimeo", "maker", "handler", r"\bVimeo\b"),
    Rule("Twitter", "maker", "handler", r"Twitter-vork"),
    Rule("Bento4", "maker", "handler", r"Bento4"),
    Rule("Android", "maker", "handler", r"^(VideoHandle|SoundHandle)$"),
    Rule("GoPro", "maker", "handler|compressor", r"GoPro"),
    Rule("DJI", "maker", "handler|compressor", r"\bDJI\b"),
    Rule("Android", "maker", r"com\.android\.version", r"\S"),
    Rule("Apple", "maker", r"com\.apple\.quicktime\.(make|model|software)", r"\S"),
    Rule("Samsung", "maker", "user data", r"^(smta|SDLN|smrd)$"),
    Rule("Sony (XAVC)", "maker", "brand", r"^XAVC$"),
    Rule("Panasonic", "maker", "user data", r"^PANA$"),
    Rule("Nikon", "maker", "user data", r"^(NCDT|NCTG)$"),
    Rule("Canon", "maker", "user data", r"^CNTH$"),
)
_COMPILED = tuple((rule, re.compile(rule.marks), re.compile(rule.pattern)) for rule in RULES)


def told(structure: Mapping[str, Any], embedded: Mapping[str, Any]) -> Iterator[Finding]:
    """Kinds: recorder, remux, structure, edit_list, times."""
    if not structure or "error" in structure:
        return
    named = list(_named(structure, embedded))
    for rule, field, text in named:
        verb = "written by" if rule.role == "writer" else "its tracks name"
        yield finding("recorder", field, f"{verb} {rule.name} ({text})" if text else f"{verb} {rule.name}")
    if not named:
        yield finding("recorder", "", "which recorder or program put the file together is unknown")
    yield from _remux(named)
    yield from _order(structure)
    yield from _edit_lists(structure.get("edit_lists") or [])
    yield from _times(structure.get("times") or {})


def _named(structure: Mapping[str, Any], embedded: Mapping[str, Any]) -> Iterator[tuple[Rule, str, str]]:
    """Each program once, with the mark it was found in."""
    seen: set[tuple[str, str]] = set()
    for number, (kind, field, text) in enumerate(_marks(structure, embedded)):
        if number >= MAX_MARKS:
            return
        for rule, marks, pattern in _COMPILED:
            key = (rule.name, rule.role)
            if key not in seen and marks.fullmatch(kind) and pattern.search(text[:200]):
                seen.add(key)
                yield rule, field, text[:100]


def _marks(structure: Mapping[str, Any], embedded: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """(kind, field, text) of everything that may name somebody."""
    for place, fields in (embedded.get("tags") or {}).items():
        for name, text in fields.items():
            kind = {"handler_name": "handler"}.get(name.casefold(), name.casefold())
            yield kind, f"{place} {name}", text
    for name, text in (embedded.get("xmp") or {}).items():
        if name.partition("[")[0].endswith(":CreatorTool"):
            yield "CreatorTool", f"xmp {name}", text
    yield from (("writer", name, text) for name, text in (structure.get("writers") or {}).items())
    for kind, key in (
        ("handler", "handlers"),
        ("compressor", "compressors"),
        ("brand", "brands"),
        ("user data", "user_data"),
    ):
        yield from ((kind, kind, text) for text in structure.get(key) or [])


def _remux(named: list[tuple[Rule, str, str]]) -> Iterator[Finding]:
    writers = [rule.name for rule, _, _ in named if rule.role == "writer"]
    makers = [rule.name for rule, _, _ in named if rule.role == "maker"]
    if writers and makers:
        sentence = (
            f"re-packed: its tracks still name {', '.join(makers)}, and {writers[0]} wrote the file; it is not "
            "the first copy"
        )
        yield finding("remux", "", sentence)


def _order(structure: Mapping[str, Any]) -> Iterator[Finding]:
    order = [str(name) for name in structure.get("order") or []]
    if order:
        shown = ", ".join(dict.fromkeys(order[:12]))
        mark = f"; fingerprint {structure['fingerprint']}" if structure.get("fingerprint") else ""
        yield finding("structure", "container", f"parts in this order: {shown}{mark}")
    if "moov" in order and "mdat" in order:
        first = order.index("moov") < order.index("mdat")
        words = (
            "the index stands before the media, as programs write it for streaming"
            if first
            else "the index stands behind the media, as recorders and plain encoders leave it"
        )
        yield finding("structure", "moov, mdat", words)
    if structure.get("broken"):
        yield finding("structure", "container", f"its parts do not add up: {structure['broken']}")
    if structure.get("left_out"):
        sentence = f"it has more parts than are read here: only the first {MAX_BOXES} were"
        yield finding("structure", "container", sentence)


def _edit_lists(lists: list[Mapping[str, Any]]) -> Iterator[Finding]:
    for one in lists[:MAX_EDIT_LISTS]:
        said = [f"{one['entries']} entries"] if one["entries"] > 1 else []
        said += (
            ["the track begins inside its media, as encoders with a delay write it"]
            if one["starts_inside"]
            else []
        )
        said += [f"it begins {one['delay_seconds']} s late"] if one["delay_seconds"] else []
        if said:
            yield finding("edit_list", "elst", f"edit list of track {one['track']}: {', '.join(said)}")


def _times(times: Mapping[str, int]) -> Iterator[Finding]:
    created, modified = times.get("created", 0), times.get("modified", 0)
    latest = 4_102_444_800  # 2100: what is later was never set by a clock
    if 0 < created < latest and 0 < modified < latest and abs(modified - created) > 1:
        first, second = (
            datetime.fromtimestamp(moment, UTC).isoformat(" ", "seconds") for moment in (created, modified)
        )
        yield finding("times", "mvhd", f"container created {first}, last changed {second}")
