"""Programs that generate are named with the field that names them, and what such a tag is worth."""

import pytest
from PIL import Image, PngImagePlugin

from analysis.engine.detectors import generated, metadata
from analysis.engine.media import embedded
from analysis.engine.types import FileFacts, MediaKind, Probe, Source
from tests import clips

PNG = Probe(MediaKind.IMAGE, "png")
JOB = "a cat Job ID: 01234567-89ab-cdef-0123-456789abcdef"
NAMESPACES = (
    'xmlns:x="adobe:ns:meta/" xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
    'xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" '
    'xmlns:stEvt="http://ns.adobe.com/xap/1.0/sType/ResourceEvent#" '
    'xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"'
)


def packet(*elements):
    body = "".join(f"<rdf:Description>{element}</rdf:Description>" for element in elements)
    return f"<x:xmpmeta {NAMESPACES}>{body}</x:xmpmeta>"


def png(tmp_path, **texts):
    info = PngImagePlugin.PngInfo()
    for name, text in texts.items():
        info.add_itxt(name, text)
    path = tmp_path / "picture.png"
    Image.new("RGB", (32, 32)).save(path, pnginfo=info)
    return path


def jpeg(tmp_path, exif=None, **more):
    path = tmp_path / "picture.jpg"
    Image.new("RGB", (32, 32)).save(path, exif=exif or Image.Exif(), **more)
    return path


def told(path):
    return [(one["field"], one["sentence"]) for one in generated.told(embedded.read(path, PNG))]


@pytest.mark.parametrize(
    ("name", "text", "tool"),
    [
        ("Software", "NovelAI", "NovelAI"),
        ("Source", "NovelAI Diffusion V4 37442FCA", "NovelAI"),
        ("invokeai_metadata", '{"app_version": "5.0"}', "InvokeAI"),
        ("fooocus_scheme", "fooocus", "Fooocus"),
        ("parameters", '{"sui_image_params": {"prompt": "a cat"}}', "SwarmUI"),
        ("Description", JOB, "Midjourney"),
        ("Software", "OpenAI DALL·E 3", "OpenAI (DALL·E, ChatGPT, Sora)"),
        ("Credit", "Made with Google AI", "Google AI (Imagen, Gemini)"),
        ("Credit", "OpenAI", "OpenAI (DALL·E, ChatGPT, Sora)"),
        ("Author", " Midjourney ", "Midjourney"),
        ("Software", "DreamStudio 1.0", "Stability AI"),
    ],
)
def test_a_program_is_named_by_the_text_it_writes(tmp_path, name, text, tool):
    assert [sentence.partition(" is named")[0] for _, sentence in told(png(tmp_path, **{name: text}))] == [
        tool
    ]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Software", "Adobe Photoshop 24.0"),
        ("Description", "a picture about NovelAI and OpenAI"),
        ("Source", "Stable fields of Kansas"),
        ("Comment", "Job ID: 17"),
        ("Title", "Midjourney"),
        ("Artist", "DreamStudio Photography"),
        ("Artist", "DreamStudio"),
        ("Source", "OpenAI press office"),
        ("Author", "The Midjourney Collective"),
        ("Comment", '{"nodes": [{"id": "a", "type": "text"}], "edges": []}'),
    ],
)
def test_other_texts_name_no_program(tmp_path, name, text):
    assert told(png(tmp_path, **{name: text})) == []


def test_exif_names_the_maker_of_a_model(tmp_path):
    exif = Image.Exif()
    exif[0x010F], exif[0x0131] = "Black Forest Labs", "AI generated;txt2img;flux"

    fields = [field for field, sentence in told(jpeg(tmp_path, exif)) if sentence.startswith("FLUX")]

    assert sorted(fields) == ["image Make", "image Software"]


def test_windows_comments_are_read(tmp_path):
    exif = Image.Exif()
    exif[0x9C9C] = JOB.encode("utf-16-le") + b"\0\0"

    assert told(jpeg(tmp_path, exif))[0][0] == "image XPComment"


def test_xmp_and_its_history_name_programs(tmp_path):
    path = png(
        tmp_path,
        **{"XML:com.adobe.xmp": packet(
            "<stEvt:softwareAgent>Adobe Photoshop 25.0</stEvt:softwareAgent>",
            "<stEvt:softwareAgent>Adobe Firefly</stEvt:softwareAgent>",
            "<Iptc4xmpExt:AISystemUsed>Drawn Net 2</Iptc4xmpExt:AISystemUsed>",
        )},
    )  # fmt: skip

    assert told(path) == [
        ("xmp stEvt:softwareAgent[2]", "Adobe Firefly is named: “Adobe Firefly”"),
        ("xmp Iptc4xmpExt:AISystemUsed", "an AI system is named: “Drawn Net 2”"),
    ]


def test_the_older_iptc_fields_are_read(tmp_path):
    credit = b"Made with Google AI"
    field = b"\x1c\x02\x6e" + len(credit).to_bytes(2, "big") + credit
    resource = b"8BIM\x04\x04\x00\x00" + len(field).to_bytes(4, "big") + field + b"\0" * (len(field) % 2)
    segment = b"Photoshop 3.0\x00" + resource
    path = jpeg(tmp_path)
    content = path.read_bytes()
    path.write_bytes(
        content[:2] + b"\xff\xed" + (len(segment) + 2).to_bytes(2, "big") + segment + content[2:]
    )

    assert told(path) == [("iptc Credit", "Google AI (Imagen, Gemini) is named: “Made with Google AI”")]


def test_a_clip_names_its_program_in_a_tag(tmp_path):
    path = clips.write_video(tmp_path / "clip.mp4", seconds=0.2, tags={"comment": JOB})

    assert told(path)[0][0] == "container comment"


def test_what_such_a_tag_is_worth_is_said_once_and_only_beside_one(tmp_path):
    def caveats(path):
        session = metadata.make("metadata", None, "cpu").open(Source(PNG, 0.0, 1))
        list(session.feed(FileFacts({"embedded": embedded.read(path, PNG)})))
        return [one for one in session.finish().facts["findings"] if one["kind"] == "caveat"]

    assert len(caveats(png(tmp_path, Software="NovelAI", Credit="Made with Google AI"))) == 1
    assert caveats(png(tmp_path, Software="Adobe Photoshop 24.0")) == []


def test_huge_texts_cost_a_bounded_time_and_keep_the_rest(tmp_path):
    path = png(tmp_path, parameters="Job ID: " * 100_000, Software="NovelAI")

    facts = embedded.read(path, PNG)

    assert len(facts["text"]["parameters"]) <= embedded.MAX_TEXT
    assert [one["tool"] for one in facts["generators"]] == ["NovelAI"]


def test_xmp_of_great_depth_is_read_or_said_to_be_unread(tmp_path):
    depth = 20_000
    deep = f"<x:xmpmeta {NAMESPACES}>{'<rdf:li>' * depth}x{'</rdf:li>' * depth}</x:xmpmeta>"

    facts = embedded.read(png(tmp_path, **{"XML:com.adobe.xmp": deep, "Software": "NovelAI"}), PNG)

    assert facts["xmp"] == {"rdf:li": "x"} or "xmp" in facts["unread"]
    assert [one["tool"] for one in facts["generators"]] == ["NovelAI"]


def test_thousands_of_fields_are_cut(tmp_path):
    crowd = packet(*["<xmp:CreatorTool>Adobe Firefly</xmp:CreatorTool>"] * 5000)

    facts = embedded.read(png(tmp_path, **{"XML:com.adobe.xmp": crowd}), PNG)

    assert len(facts["xmp"]) <= embedded.MAX_FIELDS
    assert len(facts["generators"]) == 20
