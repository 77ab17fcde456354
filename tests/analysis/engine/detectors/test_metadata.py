"""Metadata is repeated in words, generators are named, and nothing of it is a score."""

import io
import json

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from analysis.engine.detectors import metadata
from analysis.engine.media import embedded
from analysis.engine.types import FileFacts, MediaKind, NotAssessed, Probe, Source
from tests import clips

IMAGE = Probe(MediaKind.IMAGE, "png")
PIXELS = np.zeros((64, 64, 3), np.uint8)


def sentences(path, probe=IMAGE):
    return [finding["sentence"] for finding in metadata.find(embedded.read(path, probe))]


def png_with(tmp_path, **texts):
    info = PngImagePlugin.PngInfo()
    for name, text in texts.items():
        info.add_text(name, text)
    path = tmp_path / "picture.png"
    Image.fromarray(PIXELS).save(path, pnginfo=info)
    return path


def test_stable_diffusion_parameters_are_named_with_their_model(tmp_path):
    text = (
        "a cat\nNegative prompt: dog\nSteps: 20, Sampler: Euler a, CFG scale: 7, Model: dreamer_v2, Seed: 1"
    )

    assert sentences(png_with(tmp_path, parameters=text)) == [
        "Stable Diffusion parameters in parameters, model dreamer_v2"
    ]


def test_the_same_parameters_in_an_exif_comment_are_named(tmp_path):
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9286] = b"UNICODE\0" + "x\nSteps: 9, Sampler: Euler".encode("utf-16-be")
    path = tmp_path / "picture.jpg"
    Image.fromarray(PIXELS).save(path, exif=exif)

    assert sentences(path) == ["Stable Diffusion parameters in UserComment"]


def test_a_comfyui_graph_is_named(tmp_path):
    graph = json.dumps({"3": {"class_type": "KSampler", "inputs": {"seed": 5}}})

    assert sentences(png_with(tmp_path, prompt=graph)) == ["ComfyUI prompt graph"]


@pytest.mark.parametrize(
    "workflow",
    [
        {"last_node_id": 3, "nodes": []},
        {"nodes": [{"id": 3, "type": "KSampler"}], "links": []},
        {"extra": {"last_node_id": 3, "nodes": []}},
    ],
)
def test_a_comfyui_workflow_is_named(tmp_path, workflow):
    text = json.dumps(workflow)

    assert sentences(png_with(tmp_path, workflow=text)) == ["ComfyUI workflow graph"]


@pytest.mark.parametrize(
    "nodes",
    [
        {"nodes": [{"id": "a", "type": "text"}], "edges": []},
        {"nodes": [{"id": "a"}], "links": []},
        {"nodes": 3, "links": []},
        {"nodes": []},
    ],
)
def test_graphs_of_other_programs_are_none_of_comfyui(tmp_path, nodes):
    assert sentences(png_with(tmp_path, workflow=json.dumps(nodes))) == []


@pytest.mark.parametrize("text", ["{}", "{broken", '{"a": 1}', "just words", "Steps: many"])
def test_other_texts_name_nothing(tmp_path, text):
    assert sentences(png_with(tmp_path, prompt=text)) == []


def test_the_digital_source_type_is_told_in_words(tmp_path):
    code = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
    packet = (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" '
        f'Iptc4xmpExt:DigitalSourceType="{code}"/></rdf:RDF></x:xmpmeta>'
    )

    assert sentences(png_with(tmp_path, **{"XML:com.adobe.xmp": packet})) == [
        "IPTC digital source type trainedAlgorithmicMedia: created by a trained model"
    ]


def test_xml_with_entities_is_not_read(tmp_path):
    bomb = '<x:xmpmeta xmlns:x="adobe:ns:meta/"><!DOCTYPE a [<!ENTITY a "aaaa">]><b>&a;&a;</b></x:xmpmeta>'

    assert sentences(png_with(tmp_path, **{"XML:com.adobe.xmp": bomb})) == []


def test_a_thumbnail_of_another_picture_is_noticed(tmp_path):
    small = io.BytesIO()
    Image.fromarray(np.full((120, 160, 3), 255, np.uint8)).save(small, "JPEG")
    exif = Image.Exif()
    exif[0x010E] = "described"
    # the thumbnail's bytes inside the EXIF segment, as cameras place them
    raw = exif.tobytes() + small.getvalue()
    path = tmp_path / "picture.jpg"
    Image.fromarray(PIXELS).save(path, exif=raw)

    assert "the embedded thumbnail is not a small copy of this picture" in sentences(path)


def test_a_camera_and_its_thumbnail_are_reported(media_dir):
    path = media_dir / "image" / "prnu_D70_0_19929.jpg"
    session = metadata.make("metadata", None, "cpu").open(Source(IMAGE, 0.0, 1))
    list(session.feed(FileFacts({"embedded": embedded.read(path, IMAGE)})))

    assessment = session.finish()

    assert isinstance(assessment, NotAssessed)
    assert "EXIF names the device NIKON CORPORATION NIKON D70" in assessment.detail
    assert [picture.kind for picture in session.evidence()] == ["thumbnail"]


def detail_of(path, probe=IMAGE):
    session = metadata.make("metadata", None, "cpu").open(Source(probe, 0.0, 1))
    list(session.feed(FileFacts({"embedded": embedded.read(path, probe)})))
    return session.finish().detail


def source_type_packet(code="trainedAlgorithmicMedia"):
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" '
        f'Iptc4xmpExt:DigitalSourceType="{code}"/></rdf:RDF></x:xmpmeta>'
    )


TRAINED = "IPTC digital source type trainedAlgorithmicMedia: created by a trained model"
PARAMETERS = "a cat\nSteps: 20, Sampler: Euler a, Seed: 1"
GRAPH = json.dumps({"3": {"class_type": "KSampler", "inputs": {"seed": 5}}})


def test_a_heic_without_exif_still_has_its_xmp(tmp_path):
    import pillow_heif

    pillow_heif.register_heif_opener()
    path = tmp_path / "picture.heic"
    Image.fromarray(PIXELS).save(path, xmp=source_type_packet().encode())

    assert detail_of(path) == TRAINED


def test_a_truncated_picture_keeps_its_parameters_and_names_what_was_lost(tmp_path):
    noise = np.random.default_rng(1).integers(0, 255, (256, 256, 3), np.uint8)
    info = PngImagePlugin.PngInfo()
    info.add_text("parameters", PARAMETERS)
    path = tmp_path / "picture.png"
    Image.fromarray(noise).save(path, pnginfo=info)
    path.write_bytes(path.read_bytes()[:60_000])

    detail = detail_of(path)

    assert detail.startswith("Stable Diffusion parameters in parameters; EXIF could not be read")


def test_metadata_that_could_not_be_read_is_not_called_absent():
    session = metadata.make("metadata", None, "cpu").open(Source(IMAGE, 0.0, 1))
    list(session.feed(FileFacts({"embedded": {"error": "ValueError: odd"}})))

    assessment = session.finish()

    assert assessment.detail == "the metadata could not be read (ValueError: odd)"
    assert [finding["kind"] for finding in assessment.facts["findings"]] == ["unread"]


def test_a_file_that_was_read_and_names_nothing_says_so(tmp_path):
    path = tmp_path / "picture.png"
    Image.fromarray(PIXELS).save(path)

    assert detail_of(path) == "nothing names a tool or a device"


def test_tags_in_another_alphabet_are_read(tmp_path):
    path = clips.write_samples(tmp_path / "sound.wav", np.zeros(1600, np.float32))
    tag = b"Caf\xe9 Recorder 2.0"
    chunk = b"INFOISFT" + len(tag).to_bytes(4, "little") + tag
    content = path.read_bytes() + b"LIST" + len(chunk).to_bytes(4, "little") + chunk
    path.write_bytes(content[:4] + (len(content) - 8).to_bytes(4, "little") + content[8:])

    assert "Recorder 2.0" in detail_of(path, Probe(MediaKind.AUDIO, "wav"))


def test_an_animation_is_read_like_a_picture(tmp_path):
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = f"workflow:{GRAPH}", f"prompt:{GRAPH}"
    animation = clips.write_animation(tmp_path / "animation.webp", exif=exif)
    info = PngImagePlugin.PngInfo()
    info.add_text("parameters", PARAMETERS)
    moving = clips.write_animation(tmp_path / "animation.png", pnginfo=info)

    video = Probe(MediaKind.VIDEO, "webp")
    assert sorted(sentences(animation, video)) == ["ComfyUI prompt graph", "ComfyUI workflow graph"]
    assert sentences(moving, video) == ["Stable Diffusion parameters in parameters"]


def test_a_graph_is_no_device(tmp_path):
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = f"workflow:{GRAPH}", "NIKON D70"
    path = tmp_path / "picture.webp"
    Image.fromarray(PIXELS).save(path, exif=exif)

    assert sentences(path) == ["ComfyUI workflow graph", "EXIF names the device NIKON D70"]


def test_parameters_behind_a_long_prompt_are_found_and_the_text_is_cut(tmp_path):
    path = png_with(tmp_path, parameters="word, " * 2000 + "\nSteps: 20, Sampler: Euler a, Model: dreamer_v2")

    facts = embedded.read(path, IMAGE)

    assert [f["sentence"] for f in metadata.find(facts)] == [
        "Stable Diffusion parameters in parameters, model dreamer_v2"
    ]
    assert len(facts["text"]["parameters"]) <= embedded.MAX_TEXT


@pytest.mark.parametrize("megabytes", [0, 5, 8, 17])
def test_xmp_is_found_wherever_it_lies(tmp_path, megabytes):
    path = clips.write_video(tmp_path / "clip.mp4", seconds=0.2)
    # one byte short of the megabytes, so that the packet straddles a window of the search
    filling = max(megabytes * 1024 * 1024 - path.stat().st_size - 4, 8)
    with path.open("ab") as file:
        file.write(filling.to_bytes(4, "big") + b"free" + bytes(filling - 8))
        file.write(source_type_packet().encode())

    assert TRAINED in detail_of(path, Probe(MediaKind.VIDEO, "mp4"))


def test_xmp_that_breaks_off_is_said_to_be_unread(tmp_path):
    path = clips.write_video(tmp_path / "clip.mp4", seconds=0.2)
    with path.open("ab") as file:
        file.write(source_type_packet().encode()[:200])

    assert "XMP could not be read" in detail_of(path, Probe(MediaKind.VIDEO, "mp4"))


def photo_with_thumbnail(path, picture, thumbnail):
    small = io.BytesIO()
    thumbnail.save(small, "JPEG")
    exif = Image.Exif()
    exif[0x010E] = "described"
    picture.save(path, exif=exif.tobytes() + small.getvalue())
    return path


@pytest.fixture
def wide_photo():
    """16:9, bright on the right: as different from bars as pictures get."""
    ramp = np.linspace(60, 255, 640, dtype=np.float32)
    return Image.fromarray(np.tile(ramp, (360, 1)).astype(np.uint8)).convert("RGB")


def test_a_letterboxed_thumbnail_is_a_copy(tmp_path, wide_photo):
    boxed = Image.new("RGB", (160, 120))
    boxed.paste(wide_photo.resize((160, 90)), (0, 15))
    path = photo_with_thumbnail(tmp_path / "picture.jpg", wide_photo, boxed)

    assert "the embedded thumbnail is not a small copy of this picture" not in sentences(path)


def test_a_thumbnail_cut_to_its_shape_is_a_copy(tmp_path, wide_photo):
    cut = wide_photo.crop((80, 0, 560, 360)).resize((160, 120))
    path = photo_with_thumbnail(tmp_path / "picture.jpg", wide_photo, cut)

    assert "the embedded thumbnail is not a small copy of this picture" not in sentences(path)


def test_a_letterboxed_thumbnail_of_another_picture_is_noticed(tmp_path, wide_photo):
    boxed = Image.new("RGB", (160, 120))
    boxed.paste(wide_photo.transpose(Image.Transpose.FLIP_LEFT_RIGHT).resize((160, 90)), (0, 15))
    path = photo_with_thumbnail(tmp_path / "picture.jpg", wide_photo, boxed)

    assert "the embedded thumbnail is not a small copy of this picture" in sentences(path)


def test_the_encoder_of_a_video_is_named(media_dir):
    path = media_dir / "video" / "derived_recompressed_crf34_ffpp519_515.mp4"

    assert "container encoder: Lavf59.27.100 (FFmpeg)" in sentences(path, Probe(MediaKind.VIDEO, "mp4"))
