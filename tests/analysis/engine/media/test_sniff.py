"""What a file is comes from its bytes, never from its name."""

import pytest

from analysis.engine.media.sniff import sniff
from tests import clips

NOTHING = {
    "empty": b"",
    "text": b"this is not media at all, only some words\n" * 20,
    "html": b"<!doctype html><html><body>GIF89a</body></html>",
    "svg": b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'></svg>",
    "playlist": b"#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n",
    "concat script": b"ffconcat version 1.0\nfile /etc/passwd\n",
    "pdf": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n",
    "zip": b"PK\x03\x04\x14\x00\x00\x00\x08\x00",
    "program": b"\x7fELF\x02\x01\x01\x00" + bytes(60),
    "windows program": b"MZ\x90\x00\x03" + bytes(100),
    "zeros": bytes(4096),
    "ones": b"\xff" * 4096,
    "raw camera picture": b"\x00\x00\x00\x18ftypcrx \x00\x00\x00\x01crx isom",
    "text that begins like a bitmap": b"BMW is a maker of cars and motorcycles",
}


@pytest.mark.parametrize("head", NOTHING.values(), ids=NOTHING.keys())
def test_what_is_no_media_is_nothing(head):
    assert sniff(head) is None


@pytest.mark.parametrize(
    ("head", "kind", "media_type"),
    [
        (b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom", "video", "video/mp4"),
        (b"\x00\x00\x00\x14ftypqt  \x00\x00\x02\x00qt  ", "video", "video/quicktime"),
        (b"\x00\x00\x00\x18ftypM4A \x00\x00\x00\x00M4A mp42", "audio", "audio/mp4"),
        (b"\x00\x00\x00\x18ftyp3gp5\x00\x00\x00\x003gp5isom", "video", "video/3gpp"),
        (b"\x00\x00\x00\x18ftypmif1\x00\x00\x00\x00mif1heic", "image", "image/heic"),
        (b"\x00\x00\x00\x18ftypmif1\x00\x00\x00\x00mif1avif", "image", "image/avif"),
        (b"\x00\x00\x00\x18ftypavis\x00\x00\x00\x00avismsf1", "video", "image/avif"),
        (b"\x1aE\xdf\xa3\x93B\x82\x88matroskaB\x87\x81\x01", "video", "video/x-matroska"),
        (b"\x1aE\xdf\xa3\x9fB\x86\x81\x01B\x82\x84webm", "video", "video/webm"),
        (b"RIFF\x24\x00\x00\x00WAVEfmt ", "audio", "audio/wav"),
        (b"RIFF\x24\x00\x00\x00AVI LIST", "video", "video/x-msvideo"),
        (b"RIFF\x24\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x02\x00\x00\x00", "video", "image/webp"),
        (b"RIFF\x24\x00\x00\x00WEBPVP8 \x0a\x00\x00\x00\x02\x00\x00\x00", "image", "image/webp"),
        (b"OggS\x00\x02" + bytes(22) + b"\x01\x13OpusHead", "audio", "audio/ogg"),
        (b"OggS\x00\x02" + bytes(22) + b"\x01\x2a\x80theora", "video", "video/ogg"),
        (b"fLaC\x00\x00\x00\x22", "audio", "audio/flac"),
        (b"ID3\x04\x00\x00\x00\x00\x00\x02\x00\x00\xff\xfb\x90\x00", "audio", "audio/mpeg"),
        (b"ID3\x04\x00\x00\x00\x00\x00\x02\x00\x00fLaC", "audio", "audio/flac"),
        (b"#!AMR\n\x3c", "audio", "audio/amr"),
        (b"FLV\x01\x05\x00\x00\x00\x09", "video", "video/x-flv"),
        (b"\x00\x00\x01\xba\x44\x00", "video", "video/mpeg"),
        (b"II*\x00\x08\x00\x00\x00", "image", "image/tiff"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF\x00", "image", "image/jpeg"),
        ((b"\x47" + bytes(187)) * 4, "video", "video/mp2t"),
    ],
    ids=lambda value: value if isinstance(value, str) and "/" in value else "",
)
def test_a_leading_signature_says_kind_and_media_type(head, kind, media_type):
    found = sniff(head)

    assert (found.kind, found.media_type) == (kind, media_type)


def test_a_polyglot_is_what_it_begins_with():
    picture_and_archive = clips.image_bytes("JPEG") + b"PK\x03\x04" + bytes(100)
    picture_with_script = clips.image_bytes("GIF") + b"<script>alert(1)</script>"

    assert sniff(picture_and_archive).media_type == "image/jpeg"
    assert sniff(picture_with_script).media_type == "image/gif"


def test_an_mp4_with_sound_alone_is_audio_when_its_header_comes_first(tmp_path):
    path = clips.write_sound(tmp_path / "sound.mp4", codec="aac")
    content = path.read_bytes()
    first = int.from_bytes(content[:4], "big")

    found = sniff(content[:first] + content[content.index(b"moov") - 4 :])

    assert (found.kind, found.media_type) == ("audio", "audio/mp4")
