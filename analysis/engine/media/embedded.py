"""What is written beside the picture or sound: EXIF, XMP, IPTC, text chunks and container tags.

Facts only, each bounded; whether they mean anything is the metadata detector's business. Each part is read on
its own: one that cannot be read is named under "unread" and costs none of the others.
"""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from analysis.engine.errors import UndecodableMedia
from analysis.engine.media import generators, prompts, xmp
from analysis.engine.media.faults import words_of
from analysis.engine.media.sniff import HEAD_BYTES, PICTURE_FORMATS, sniff
from analysis.engine.types import Probe

MAX_TEXT = 4000
MAX_FIELDS = 200
_MAKER_NOTE = 0x927C
_UTF_16 = range(0x9C9B, 0x9CA0)  # what Windows writes: XPTitle to XPSubject
_WITH_IPTC = ("JPEG", "MPO", "TIFF")
# IPTC Information Interchange Model 4.2, section 6
IPTC_FIELDS = {
    (2, 5): "ObjectName",
    (2, 25): "Keywords",
    (2, 40): "Instructions",
    (2, 55): "DateCreated",
    (2, 60): "TimeCreated",
    (2, 62): "DigitalCreationDate",
    (2, 65): "OriginatingProgram",
    (2, 70): "ProgramVersion",
    (2, 80): "Byline",
    (2, 105): "Headline",
    (2, 110): "Credit",
    (2, 115): "Source",
    (2, 116): "CopyrightNotice",
    (2, 120): "Caption",
}
_NO_TEXT = {"exif", "icc_profile", "xmp", "photoshop", "XML:com.adobe.xmp", "Raw profile type exif"}


def read(path: Path, _probe: Probe) -> dict[str, Any]:
    """EXIF by IFD, XMP and IPTC properties, text chunks, size and thumbnail of a picture, still or animated; the
    tags of anything else; the generators that any of these names; and what could not be read."""
    container = _format(path)
    facts: dict[str, Any] = {}
    unread: dict[str, str] = {}
    for part, reader in _readers(path, container).items():
        try:
            facts[part] = reader()
        except Exception as error:  # parsers raise anything on hostile files; one must not cost the others
            unread[part] = words_of(error)
    places = {part: facts.get(part, {}) for part in ("text", "xmp", "iptc")}
    places |= facts.get("exif", {}) | facts.get("tags", {})
    facts["prompts"] = prompts.named(places)
    facts["generators"] = generators.named(places)
    return {part: _cut(found) if part != "thumbnail" else found for part, found in facts.items()} | {
        "unread": unread
    }


def _format(path: Path) -> str:
    with path.open("rb") as file:
        found = sniff(file.read(HEAD_BYTES))
    if found is None:
        raise UndecodableMedia("it is no picture, sound or video")
    return found.format


def _readers(path: Path, container: str) -> Mapping[str, Callable[[], Any]]:
    """Chosen by the container, not by the kind: an animation has the fields of a picture."""
    if container not in PICTURE_FORMATS:
        return {"tags": lambda: _tags(path, container), "xmp": lambda: xmp.properties_of(path, b"")}
    image = _Image(path, container)
    return {
        "exif": image.exif,
        "text": image.texts,
        "iptc": image.iptc,
        "size": image.size,
        "xmp": lambda: xmp.properties_of(path, image.xmp()),
        "thumbnail": image.thumbnail,
    }


class _Image:
    """A picture whose header is read once, when the first part asks for it."""

    def __init__(self, path: Path, container: str) -> None:
        from analysis.engine.media import stills

        self._path = path
        self._picture = stills.open_as(str(path), container)

    def exif(self) -> dict[str, dict[str, str]]:
        from PIL import ExifTags

        exif = self._picture.getexif()
        ifds = {"image": dict(exif), "photo": exif.get_ifd(0x8769), "gps": exif.get_ifd(0x8825)}
        names: dict[str, dict[int, str]] = {"gps": ExifTags.GPSTAGS}
        described = {ifd: _named(values, names.get(ifd, ExifTags.TAGS)) for ifd, values in ifds.items()}
        if isinstance(note := ifds["photo"].get(_MAKER_NOTE), bytes):
            described["photo"]["MakerNote"] = _head_of(note)
        return {ifd: fields for ifd, fields in described.items() if fields}

    def texts(self) -> dict[str, str]:
        """Text chunks of PNG, comments of JPEG and GIF: what tools write their prompts into."""
        info = self._picture.info
        return {
            str(k): _plain(v) for k, v in info.items() if isinstance(v, str | bytes) and k not in _NO_TEXT
        }

    def iptc(self) -> dict[str, str]:
        """The older IPTC fields (IIM record 2) of a JPEG or TIFF, by their names."""
        from PIL import ImageFile, IptcImagePlugin

        # other formats have no place for them, and Pillow looks into their tiles
        if not isinstance(self._picture, ImageFile.ImageFile) or self._picture.format not in _WITH_IPTC:
            return {}
        found = IptcImagePlugin.getiptcinfo(self._picture)
        return {
            IPTC_FIELDS[key]: _plain(value[0] if isinstance(value, list) else value)
            for key, value in (found or {}).items()
            if key in IPTC_FIELDS
        }

    def size(self) -> dict[str, int]:
        """Before any rotation that EXIF asks for."""
        return {"width": self._picture.width, "height": self._picture.height}

    def xmp(self) -> bytes:
        """The packet as the picture's own format holds it, which may be compressed there; empty without one."""
        found = self._picture.info.get("xmp") or self._picture.info.get("XML:com.adobe.xmp") or b""
        return found.encode() if isinstance(found, str) else bytes(found)

    def thumbnail(self) -> dict[str, Any] | None:
        from analysis.engine.media import thumbnail

        return thumbnail.read(self._path, self._picture.info.get("exif") or b"")


def _named(values: Mapping[int, object], names: Mapping[int, str]) -> dict[str, str]:
    return {names.get(tag, f"0x{tag:04x}"): _plain(value, tag) for tag, value in values.items()}


def _head_of(note: bytes) -> str:
    """Of a maker note only how it begins: the rest is nobody's text."""
    head = re.match(rb"[ -~]*", note[:16])
    return f"{len(note)} bytes that begin with {head[0].decode('ascii') if head else ''!r}"


def _plain(value: object, tag: int = 0) -> str:
    if isinstance(value, bytes):
        if tag in _UTF_16:
            return value.decode("utf-16-le", "replace").rstrip("\0")
        # EXIF user comments begin with their encoding's name in eight bytes
        prefix, rest = value[:8], value[8:]
        if prefix == b"UNICODE\0":
            return rest.decode("utf-16-be" if rest[:1] == b"\0" else "utf-16-le", "replace")
        return (rest if prefix == b"ASCII\0\0\0" else value).decode("utf-8", "replace")
    return str(value)


def _tags(path: Path, container_format: str) -> dict[str, dict[str, str]]:
    """Container and stream tags as FFmpeg names them."""
    from analysis.engine.media import container

    with container.open_as(str(path), container_format) as opened:
        tags = {"container": dict(opened.metadata)}
        tags |= {f"stream {stream.index}": dict(stream.metadata) for stream in opened.streams}
    return {place: fields for place, fields in tags.items() if fields}


def _cut(value: Any) -> Any:
    """Texts, clean and at most 4,000 characters long; the first 200 of any group of fields."""
    if isinstance(value, str):
        return "".join(c for c in value[:MAX_TEXT] if c.isprintable() or c in "\n\t").strip()
    if isinstance(value, Mapping):
        return {name[:MAX_TEXT]: _cut(value[name]) for name in list(value)[:MAX_FIELDS]}
    return [_cut(one) for one in value[:MAX_FIELDS]] if isinstance(value, list) else value
