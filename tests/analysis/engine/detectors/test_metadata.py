"""Metadata is repeated in words, generators are named, and nothing of it is a score."""

import io
import json

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from analysis.engine.detectors import metadata
from analysis.engine.media import embedded
from analysis.engine.types import FileFacts, MediaKind, NotAssessed, Probe, Source

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


def test_the_encoder_of_a_video_is_named(media_dir):
    path = media_dir / "video" / "derived_recompressed_crf34_ffpp519_515.mp4"

    assert "container encoder: Lavf59.27.100 (FFmpeg)" in sentences(path, Probe(MediaKind.VIDEO, "mp4"))
