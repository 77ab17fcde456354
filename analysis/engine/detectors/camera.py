"""Traces of cameras and editors in EXIF and XMP, and where they contradict each other.

EXIF 3.0 (CIPA DC-008) and XMP part 2. A contradiction says that something was written later, by a program or a
person; it does not say that the picture was changed.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from analysis.engine.detectors.editors import kind_of
from analysis.engine.detectors.finding import Finding, finding

Fields = Mapping[str, str]
Embedded = Mapping[str, Any]

# Clocks without a zone may differ by the widest pair of zones (UTC-12 and UTC+14) without any contradiction.
ZONES = timedelta(hours=26)
# How the maker note of a maker begins (exiftool.org, tag names of maker notes), and what EXIF calls that maker; after
# it those whose cameras it also builds, which leave the same note.
MAKER_NOTES = {
    "Nikon": ("NIKON",),
    "OLYMP": ("OLYMPUS",),
    "OM SYSTEM": ("OM",),
    "FUJIFILM": ("FUJIFILM", "LEICA", "MINOLTA", "SHARP"),
    "Panasonic": ("PANASONIC", "LEICA"),
    "SONY": ("SONY", "HASSELBLAD"),
    "Apple iOS": ("APPLE",),
    "PENTAX": ("PENTAX", "RICOH"),
    "SIGMA": ("SIGMA",),
    "QVC": ("CASIO",),
}
MAX_PROGRAMS = 12
_TIME = re.compile(r"(\d{4})[:-](\d\d)[:-](\d\d)[T ](\d\d):(\d\d):(\d\d)")


def told(embedded: Embedded) -> Iterator[Finding]:
    """Kinds: device, software, place, times, size."""
    exif, xmp = _without_graphs(embedded), embedded.get("xmp") or {}
    image, photo = exif.get("image", {}), exif.get("photo", {})
    yield from _device(image, photo, xmp)
    yield from _software(image, photo, xmp)
    yield from _places(exif, xmp, embedded.get("tags") or {})
    yield from _times(_moments(image, photo, exif.get("gps", {}), xmp))
    yield from _size(photo, embedded.get("size") or {})


def _without_graphs(embedded: Embedded) -> dict[str, Fields]:
    """The EXIF fields that hold what they are named for, and not a generator's graph."""
    taken = {(told["place"], told["field"]) for told in embedded.get("prompts") or []}
    return {
        ifd: {name: value for name, value in fields.items() if (ifd, name) not in taken}
        for ifd, fields in (embedded.get("exif") or {}).items()
    }


def _device(image: Fields, photo: Fields, xmp: Fields) -> Iterator[Finding]:
    device = " ".join(image[name] for name in ("Make", "Model") if image.get(name))
    if device:
        yield finding("device", "exif Make, Model", f"EXIF names the device {device}")
    for name in ("Make", "Model"):
        ours, theirs = image.get(name, "").strip(), _property(xmp, f"tiff:{name}").strip()
        if ours and theirs and ours.casefold() != theirs.casefold():
            sentence = f"EXIF and XMP name different devices: {ours} and {theirs}"
            yield finding("device", f"exif {name}, xmp tiff:{name}", sentence)
    begins = re.search(r"begin with '([^']*)'", photo.get("MakerNote", ""))
    makers = next((m for head, m in MAKER_NOTES.items() if begins and begins[1].startswith(head)), ())
    if makers and image.get("Make") and not any(maker in image["Make"].upper() for maker in makers):
        sentence = f"the maker note is of {makers[0]}, but EXIF names the maker {image['Make']}"
        yield finding("device", "exif MakerNote, Make", sentence)


def _software(image: Fields, photo: Fields, xmp: Fields) -> Iterator[Finding]:
    named = {
        "exif Software": image.get("Software", ""),
        "exif ProcessingSoftware": image.get("ProcessingSoftware", ""),
        "exif ImageEditingSoftware": photo.get("0xa43b", "") or photo.get("ImageEditingSoftware", ""),
    }
    named |= {
        f"xmp {name}": value
        for name, value in xmp.items()
        if name.partition("[")[0].endswith((":CreatorTool", ":softwareAgent"))
    }
    seen: set[str] = set()
    for field, program in named.items():
        if program and program not in seen and len(seen) < MAX_PROGRAMS:
            seen.add(program)
            what = kind_of(program)
            yield finding("software", field, f"saved by {program}" + (f" ({what})" if what else ""))


def _places(exif: Mapping[str, Fields], xmp: Fields, tags: Mapping[str, Fields]) -> Iterator[Finding]:
    care = "sensitive: think of it before the file or this report is passed on"
    if any(name in exif.get("gps", {}) for name in ("GPSLatitude", "GPSLongitude")):
        yield finding("place", "exif GPS", f"EXIF holds a position ({care})")
    if any(name.endswith(":GPSLatitude") for name in xmp):
        yield finding("place", "xmp exif:GPSLatitude", f"XMP holds a position ({care})")
    for place, fields in tags.items():
        for name in fields:
            if "location" in name.casefold() or name == "xyz":
                yield finding("place", f"{place} {name}", f"a container tag holds a position ({care})")


def _moments(image: Fields, photo: Fields, gps: Fields, xmp: Fields) -> dict[str, str]:
    """By field, in the order in which things usually happen: taken, digitised, changed."""
    return {
        "exif DateTimeOriginal": photo.get("DateTimeOriginal", ""),
        "exif GPSDateStamp": _gps_time(gps),
        "xmp photoshop:DateCreated": _property(xmp, "photoshop:DateCreated"),
        "exif DateTimeDigitized": photo.get("DateTimeDigitized", ""),
        "exif DateTime": image.get("DateTime", ""),
        "xmp xmp:ModifyDate": _property(xmp, "xmp:ModifyDate"),
    }


def _gps_time(gps: Fields) -> str:
    clock = re.findall(r"[\d.]+", gps.get("GPSTimeStamp", ""))[:3]
    try:
        hours, minutes, seconds = (int(float(part)) for part in clock)
    except ValueError:
        return ""
    return f"{gps.get('GPSDateStamp', '')} {hours:02}:{minutes:02}:{seconds:02}"


def _times(moments: Mapping[str, str]) -> Iterator[Finding]:
    known = {field: moment for field, text in moments.items() if (moment := _moment(text))}
    taken = known.get("exif DateTimeOriginal")
    if not taken:
        return
    for field in ("exif GPSDateStamp", "xmp photoshop:DateCreated", "exif DateTimeDigitized"):
        other = known.get(field)
        if other and abs(other - taken) > ZONES:
            sentence = f"times contradict each other: taken {taken}, but {other} by {field}"
            yield finding("times", f"exif DateTimeOriginal, {field}", sentence)
    for field in ("exif DateTime", "xmp xmp:ModifyDate"):
        changed = known.get(field)
        if changed and taken - changed > ZONES:
            sentence = f"times contradict each other: last changed {changed}, before it was taken {taken}"
            yield finding("times", f"exif DateTimeOriginal, {field}", sentence)
        elif changed and changed - taken > ZONES:
            sentence = f"saved again later: taken {taken}, last changed {changed}"
            yield finding("times", f"exif DateTimeOriginal, {field}", sentence)


def _moment(text: str) -> datetime | None:
    found = _TIME.search(text)
    try:
        return datetime(*(int(part) for part in found.groups())) if found else None  # type: ignore[arg-type]  # noqa: DTZ001  cameras name no zone
    except ValueError:
        return None


def _size(photo: Fields, size: Mapping[str, int]) -> Iterator[Finding]:
    told = [photo.get("ExifImageWidth", ""), photo.get("ExifImageHeight", "")]
    if not size or not all(part.isdecimal() and part != "0" for part in told):
        return
    was, now = [int(part) for part in told], [size["width"], size["height"]]
    if sorted(was) != sorted(now):
        sentence = (
            f"EXIF was written for {was[0]}×{was[1]} pixels, the picture has {now[0]}×{now[1]}: scaled or "
            "cut since, or its EXIF is of another"
        )
        yield finding("size", "exif ExifImageWidth, ExifImageHeight", sentence)


def _property(xmp: Fields, name: str) -> str:
    return xmp.get(name, "")
