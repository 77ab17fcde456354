"""The XMP packet of a file: found wherever it lies, read with a parser that refuses entities."""

import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from xml.etree import ElementTree

from analysis.engine.media import windows

MAX_PACKET_BYTES = 1 << 20
MAX_PROPERTIES = 2000
OPENING, CLOSING = b"<x:xmpmeta", b"</x:xmpmeta>"


class UnreadableXmp(ValueError):
    """There is a packet, and it cannot be read."""


def properties_of(path: Path, given: bytes) -> dict[str, str]:
    """The properties of the packet that the format gave, else of the first in the file, by prefixed name.

    Raises UnreadableXmp.
    """
    found = given or packet(path)
    return properties(found) if found else {}


def packet(path: Path) -> bytes:
    """The first packet of the file, wherever it lies (in MP4 usually behind the media); empty without one.

    Raises UnreadableXmp for one that has no end or is too large.
    """
    with path.open("rb", buffering=0) as file:
        start = windows.find(file, OPENING)
        if start is None:
            return b""
        file.seek(start)
        found = file.read(MAX_PACKET_BYTES)
    end = found.find(CLOSING)
    if end < 0:
        raise UnreadableXmp(f"its packet does not end within {MAX_PACKET_BYTES} bytes")
    return found[: end + len(CLOSING)]


def properties(packet: bytes) -> dict[str, str]:
    """The properties of a packet by prefixed name. Raises UnreadableXmp."""
    start, end = packet.find(OPENING), packet.rfind(CLOSING)
    packet = packet[start : end + len(CLOSING)] if 0 <= start < end else packet
    if b"<!ENTITY" in packet:
        raise UnreadableXmp("it defines entities, which are refused")
    try:
        root = ElementTree.fromstring(packet)  # noqa: S314  entities are refused above, and we run in the sandbox
    except ElementTree.ParseError as error:
        raise UnreadableXmp(f"it is no XML ({error})") from error
    prefixes = {
        uri.decode(): prefix.decode() for prefix, uri in re.findall(rb'xmlns:([\w.-]+)="([^"]+)"', packet)
    }
    return _numbered(_properties(root, prefixes))


def _numbered(found: Iterator[tuple[str, str]]) -> dict[str, str]:
    """By name; the second of a name is called name[2], since lists and histories repeat theirs."""
    named: dict[str, str] = {}
    counts: dict[str, int] = {}
    for name, value in islice(found, MAX_PROPERTIES):
        counts[name] = counts.get(name, 0) + 1
        named[name if counts[name] == 1 else f"{name}[{counts[name]}]"] = value
    return named


def _properties(root: ElementTree.Element, prefixes: dict[str, str]) -> Iterator[tuple[str, str]]:
    for element in root.iter():
        for name, value in element.attrib.items():
            yield _prefixed(name, prefixes), value
        if element.text and element.text.strip():
            yield _prefixed(element.tag, prefixes), element.text


def _prefixed(name: str, prefixes: dict[str, str]) -> str:
    uri, _, local = name.removeprefix("{").rpartition("}")
    return f"{prefixes[uri]}:{local}" if uri in prefixes else local
