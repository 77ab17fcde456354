"""What is written beside the picture or sound: EXIF, XMP, IPTC, text chunks and container tags.

Facts only, each bounded; whether they mean anything is the metadata detector's business. XML is read with a
parser that refuses entities.
"""

import base64
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from analysis.engine.types import MediaKind, Probe

MAX_TEXT = 4000
MAX_FIELDS = 200
MAX_XMP_BYTES = 1 << 20
THUMBNAIL_SIDE = 160
XMP_OPENING, XMP_CLOSING = b"<x:xmpmeta", b"</x:xmpmeta>"


def read(path: Path, probe: Probe) -> dict[str, Any]:
    """EXIF by IFD, XMP properties, text chunks, and the embedded thumbnail as JPEG in base64."""
    facts: dict[str, Any] = {"xmp": _xmp(path)}
    if probe.kind is MediaKind.IMAGE:
        facts |= _of_image(path)
    else:
        facts["tags"] = _tags(path)
    return facts


def _of_image(path: Path) -> dict[str, Any]:
    import pillow_heif
    from PIL import Image

    pillow_heif.register_heif_opener()
    with Image.open(path) as image:
        exif = image.getexif()
        return {
            "exif": _exif(exif),
            "text": _chunks(image.info),
            "thumbnail": _thumbnail(path, image.info.get("exif", b""), image.size),
        }


def _exif(exif: Any) -> dict[str, dict[str, str]]:
    from PIL import ExifTags

    ifds = {"image": dict(exif), "photo": exif.get_ifd(0x8769), "gps": exif.get_ifd(0x8825)}
    names: dict[str, dict[int, str]] = {"gps": ExifTags.GPSTAGS}
    described = {}
    for ifd, values in ifds.items():
        known = names.get(ifd, ExifTags.TAGS)
        fields = {
            known.get(tag, f"0x{tag:04x}"): _plain(value) for tag, value in list(values.items())[:MAX_FIELDS]
        }
        described[ifd] = fields
    return {ifd: fields for ifd, fields in described.items() if fields}


def _plain(value: object) -> str:
    if isinstance(value, bytes):
        # EXIF user comments begin with their encoding's name in eight bytes
        prefix, rest = value[:8], value[8:]
        if prefix == b"UNICODE\0":
            return _decode(rest, "utf-16-be" if rest[:1] == b"\0" else "utf-16-le")
        if prefix == b"ASCII\0\0\0":
            value = rest
        return _decode(value, "utf-8")
    return _clean(str(value))


def _decode(value: bytes, encoding: str) -> str:
    return _clean(value[: 4 * MAX_TEXT].decode(encoding, "replace"))


def _clean(text: str) -> str:
    return "".join(c for c in text[:MAX_TEXT] if c.isprintable() or c in "\n\t").strip()


def _chunks(info: dict[Any, Any]) -> dict[str, str]:
    """Text chunks of PNG, comments of JPEG and GIF: what tools write their prompts into."""
    ignored = {"exif", "icc_profile", "xmp", "photoshop", "XML:com.adobe.xmp", "Raw profile type exif"}
    texts = {str(k): _plain(v) for k, v in info.items() if isinstance(v, str | bytes) and k not in ignored}
    return dict(list(texts.items())[:MAX_FIELDS])


def _thumbnail(path: Path, exif: bytes, size: tuple[int, int]) -> dict[str, Any] | None:
    """The EXIF thumbnail, and how far its shape and brightness pattern is from the picture's.

    `difference` is the mean absolute difference of both, scaled to 16 x 16 grey, in 0..1.
    """
    import numpy as np
    from PIL import Image

    raw = _thumbnail_bytes(exif)
    if not raw:
        return None
    with Image.open(io.BytesIO(raw)) as small, Image.open(path) as image:
        small_size = small.size
        small.draft("RGB", (THUMBNAIL_SIDE, THUMBNAIL_SIDE))
        image.draft("L", (64, 64))
        a, b = (np.asarray(i.convert("L").resize((16, 16)), np.float64) / 255 for i in (small, image))
        small.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE))
        buffer = io.BytesIO()
        small.convert("RGB").save(buffer, "JPEG", quality=90)
    return {
        "size": list(small_size),
        "aspect_ratio": round(small_size[0] / small_size[1], 4),
        "picture_aspect_ratio": round(size[0] / size[1], 4),
        "difference": round(float(np.abs(a - b).mean()), 4),
        "jpeg_base64": base64.b64encode(buffer.getvalue()).decode("ascii"),
    }


def _thumbnail_bytes(exif: bytes) -> bytes | None:
    """The JPEG inside the EXIF segment, if any: told by its first marker, since its offset may lie."""
    at = exif.find(b"\xff\xd8\xff")
    return exif[at:] if at > 0 else None


def _tags(path: Path) -> dict[str, dict[str, str]]:
    """Container and stream tags as FFmpeg names them."""
    import av

    with av.open(str(path)) as container:
        tags = {"container": container.metadata}
        tags |= {f"stream {stream.index}": stream.metadata for stream in container.streams}
    return {
        place: {str(k): _clean(str(v)) for k, v in list(fields.items())[:MAX_FIELDS]}
        for place, fields in tags.items()
        if fields
    }


def _xmp(path: Path) -> dict[str, str]:
    """The properties of the first XMP packet in the file, by prefixed name."""
    with path.open("rb") as file:
        head = file.read(4 * MAX_XMP_BYTES)
    start = head.find(XMP_OPENING)
    end = head.find(XMP_CLOSING, start)
    if start < 0 or end < 0 or end - start > MAX_XMP_BYTES or b"<!ENTITY" in head[start:end]:
        return {}
    packet = head[start : end + len(XMP_CLOSING)]
    try:
        root = ElementTree.fromstring(packet)  # noqa: S314  entities are refused above, and we run in the sandbox
    except ElementTree.ParseError:
        return {}
    prefixes = {
        uri.decode(): prefix.decode() for prefix, uri in re.findall(rb'xmlns:([\w.-]+)="([^"]+)"', packet)
    }
    return dict(list(_properties(root, prefixes))[:MAX_FIELDS])


def _properties(root: ElementTree.Element, prefixes: dict[str, str]) -> Iterator[tuple[str, str]]:
    for element in root.iter():
        for name, value in element.attrib.items():
            yield _prefixed(name, prefixes), _clean(value)
        if element.text and element.text.strip():
            yield _prefixed(element.tag, prefixes), _clean(element.text)


def _prefixed(name: str, prefixes: dict[str, str]) -> str:
    uri, _, local = name.removeprefix("{").rpartition("}")
    return f"{prefixes[uri]}:{local}" if uri in prefixes else local
