"""What a file is, by its first bytes. The name is never asked, and only bytes are looked at.

A polyglot is what its leading signature says. Text, HTML, SVG, PDF, archives and programs are
nothing we examine: None. Still pictures are images; animated GIF, WebP, PNG and AVIF are videos.
What the head cannot tell (sound only in a Matroska file, a second picture far into a GIF) is put
right by the probe.
"""

import re
from dataclasses import dataclass

from analysis.engine.types import MediaKind

HEAD_BYTES = 64 * 1024
PICTURE_FORMATS = frozenset(
    ("jpeg", "png", "gif", "webp", "heif", "avif", "tiff", "bmp")
)  # animated ones too

VIDEO, IMAGE, AUDIO = MediaKind.VIDEO, MediaKind.IMAGE, MediaKind.AUDIO


@dataclass(frozen=True)
class Sniffed:
    """`format` is our short name of the container ("mp4", "matroska", "jpeg" …)."""

    kind: MediaKind
    media_type: str
    format: str


def sniff(head: bytes) -> Sniffed | None:
    """What the file is that begins with these bytes (HEAD_BYTES are enough), or None."""
    for signature, offset, found in _SIGNATURES:
        if head.startswith(signature, offset):
            return found(head) if callable(found) else found
    return _mpeg_ts(head) or _tagged_or_framed(head)


def _riff(head: bytes) -> Sniffed | None:
    form = head[8:12]
    if form == b"WEBP":
        animated = head[12:16] == b"VP8X" and len(head) > 20 and bool(head[20] & 0x02)
        return Sniffed(VIDEO if animated else IMAGE, "image/webp", "webp")
    if form in (b"AVI ", b"AVIX"):
        return Sniffed(VIDEO, "video/x-msvideo", "avi")
    return Sniffed(AUDIO, "audio/wav", "wav") if form == b"WAVE" else None


def _gif(head: bytes) -> Sniffed:
    animated = b"NETSCAPE2.0" in head or head.count(b"\x21\xf9\x04") > 1
    return Sniffed(VIDEO if animated else IMAGE, "image/gif", "gif")


def _png(head: bytes) -> Sniffed:
    animated = b"acTL" in head[: head.find(b"IDAT")] if b"IDAT" in head else b"acTL" in head
    return Sniffed(VIDEO if animated else IMAGE, "image/png", "png")


def _ebml(head: bytes) -> Sniffed | None:
    doctype = re.search(rb"\x42\x82.{1,8}?(webm|matroska)", head[:4096], re.DOTALL)
    if doctype is None:
        return None
    webm = doctype[1] == b"webm"
    return Sniffed(VIDEO, "video/webm" if webm else "video/x-matroska", "matroska")


def _asf(head: bytes) -> Sniffed:
    has_video = bytes.fromhex("c0ef19bc4d5bcf11a8fd00805f5c442b") in head
    return Sniffed(VIDEO, "video/x-ms-wmv", "asf") if has_video else Sniffed(AUDIO, "audio/x-ms-wma", "asf")


def _ogg(head: bytes) -> Sniffed:
    has_video = b"\x80theora" in head[:4096]
    return Sniffed(VIDEO, "video/ogg", "ogg") if has_video else Sniffed(AUDIO, "audio/ogg", "ogg")


def _bmp(head: bytes) -> Sniffed | None:
    header_bytes = int.from_bytes(head[14:18], "little")
    return Sniffed(IMAGE, "image/bmp", "bmp") if header_bytes in (12, 40, 52, 56, 64, 108, 124) else None


_BRANDS = {
    b"heic": Sniffed(IMAGE, "image/heic", "heif"),
    b"heix": Sniffed(IMAGE, "image/heic", "heif"),
    b"heim": Sniffed(IMAGE, "image/heic", "heif"),
    b"heis": Sniffed(IMAGE, "image/heic", "heif"),
    b"hevc": Sniffed(IMAGE, "image/heic-sequence", "heif"),
    b"avif": Sniffed(IMAGE, "image/avif", "avif"),
    b"avis": Sniffed(VIDEO, "image/avif", "avif"),
    b"M4A ": Sniffed(AUDIO, "audio/mp4", "mp4"),
    b"M4B ": Sniffed(AUDIO, "audio/mp4", "mp4"),
    b"M4P ": Sniffed(AUDIO, "audio/mp4", "mp4"),
    b"qt  ": Sniffed(VIDEO, "video/quicktime", "mp4"),
}
_STILL_BRANDS = (b"mif1", b"msf1", b"mif2")


def _ftyp(head: bytes) -> Sniffed | None:
    length = int.from_bytes(head[:4], "big")
    brand, compatible = head[8:12], {head[at : at + 4] for at in range(16, min(length, 512), 4)}
    if brand in _BRANDS:
        found = _BRANDS[brand]
    elif brand in _STILL_BRANDS:
        names = [_BRANDS[name] for name in (b"avif", b"heic", b"heix") if name in compatible]
        return names[0] if names else Sniffed(IMAGE, "image/heif", "heif")
    elif brand == b"crx ":
        return None  # a camera's raw picture: nobody here develops those
    elif brand.startswith((b"3gp", b"3g2")):
        found = Sniffed(VIDEO, "video/3gpp2" if brand.startswith(b"3g2") else "video/3gpp", "mp4")
    else:
        found = Sniffed(VIDEO, "video/mp4", "mp4")
    if found.kind == VIDEO and found.format == "mp4" and _only_sound(head):
        return Sniffed(AUDIO, "audio/mp4", "mp4")
    return found


def _only_sound(head: bytes) -> bool:
    """True when the movie header lies whole in these bytes and names sound tracks only."""
    at = 0
    while at + 8 <= len(head):
        size, name = int.from_bytes(head[at : at + 4], "big"), head[at + 4 : at + 8]
        if name == b"moov" and at + size <= len(head):
            handlers = set(re.findall(rb"hdlr.{8}(vide|soun)", head[at : at + size], re.DOTALL))
            return handlers == {b"soun"}
        if size < 8:
            return False
        at += size
    return False


def _mpeg_ts(head: bytes) -> Sniffed | None:
    for packet, first in ((188, 0), (192, 4)):
        starts = range(first, min(len(head), first + packet * 5), packet)
        if len(starts) >= 3 and all(head[at] == 0x47 for at in starts):
            return Sniffed(VIDEO, "video/mp2t", "mpegts")
    return None


def _tagged_or_framed(head: bytes) -> Sniffed | None:
    """MP3, AAC and FLAC: behind an ID3 tag, or by two sync words at the right distance."""
    if head.startswith(b"ID3") and len(head) >= 10:
        rest = head[
            10 + sum((byte & 0x7F) << shift for byte, shift in zip(head[6:10], (21, 14, 7, 0), strict=True)) :
        ]
        if rest.startswith(b"fLaC"):
            return Sniffed(AUDIO, "audio/flac", "flac")
        aac = _adts_bytes(rest) is not None
        return Sniffed(AUDIO, "audio/aac", "aac") if aac else Sniffed(AUDIO, "audio/mpeg", "mp3")
    for measure, found in ((_adts_bytes, _AAC), (_mp3_bytes, _MP3)):
        length = measure(head)
        if length is not None and (length >= len(head) or measure(head[length:]) is not None):
            return found
    return None


_AAC = Sniffed(AUDIO, "audio/aac", "aac")
_MP3 = Sniffed(AUDIO, "audio/mpeg", "mp3")


def _adts_bytes(head: bytes) -> int | None:
    """Length of the ADTS frame that starts here, or None."""
    if len(head) < 7 or head[0] != 0xFF or head[1] & 0xF6 != 0xF0 or (head[2] >> 2) & 0xF > 12:
        return None
    length = (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
    return length if length > 7 else None


_KBITS = {
    (3, 3): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (3, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (3, 1): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (2, 3): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (2, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (2, 1): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}


def _mp3_bytes(head: bytes) -> int | None:
    """Length of the MPEG audio frame that starts here, or None (ISO 11172-3, 13818-3, and MPEG 2.5)."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return None
    version, layer = head[1] >> 3 & 3, head[1] >> 1 & 3
    rate_index, hz_index, padding = head[2] >> 4, head[2] >> 2 & 3, head[2] >> 1 & 1
    if version == 1 or layer == 0 or hz_index == 3 or rate_index in (0, 15):
        return None
    hz = (44100, 48000, 32000)[hz_index] >> {3: 0, 2: 1, 0: 2}[version]
    bits_per_second = _KBITS[3 if version == 3 else 2, layer][rate_index - 1] * 1000
    if layer == 3:
        return (12 * bits_per_second // hz + padding) * 4
    return (72 if version != 3 and layer == 1 else 144) * bits_per_second // hz + padding


_QUICKTIME = Sniffed(VIDEO, "video/quicktime", "mp4")
_TIFF = Sniffed(IMAGE, "image/tiff", "tiff")
_AMR = Sniffed(AUDIO, "audio/amr", "amr")
_SIGNATURES = (
    (b"\xff\xd8\xff", 0, Sniffed(IMAGE, "image/jpeg", "jpeg")),
    (b"\x89PNG\r\n\x1a\n", 0, _png),
    (b"GIF87a", 0, _gif),
    (b"GIF89a", 0, _gif),
    (b"RIFF", 0, _riff),
    (b"RF64", 0, _riff),
    (b"ftyp", 4, _ftyp),
    (b"moov", 4, _QUICKTIME),
    (b"mdat", 4, _QUICKTIME),
    (b"wide", 4, _QUICKTIME),
    (b"\x1a\x45\xdf\xa3", 0, _ebml),
    (b"FLV\x01", 0, Sniffed(VIDEO, "video/x-flv", "flv")),
    (bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c"), 0, _asf),
    (b"OggS", 0, _ogg),
    (b"fLaC", 0, Sniffed(AUDIO, "audio/flac", "flac")),
    (b"#!AMR", 0, _AMR),
    (b"\x00\x00\x01\xba", 0, Sniffed(VIDEO, "video/mpeg", "mpeg")),
    (b"\x00\x00\x01\xb3", 0, Sniffed(VIDEO, "video/mpeg", "mpegvideo")),
    (b"II*\x00", 0, _TIFF),
    (b"MM\x00*", 0, _TIFF),
    (b"II+\x00", 0, _TIFF),
    (b"MM\x00+", 0, _TIFF),
    (b"BM", 0, _bmp),
)
