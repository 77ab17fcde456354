"""What a file holds is known before anything is decoded in full, and its kind is what its streams say."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from analysis.engine.media.limits import Limits, Sampling
from analysis.engine.media.probe_child import probe_file
from analysis.engine.media.reader import open_media
from analysis.engine.types import Consumes, MediaKind
from tests import clips

ROOT = Path(__file__).resolve().parents[4]


def test_a_clip_with_sound_is_described(tmp_path):
    path = clips.write_video(tmp_path / "clip.mp4", seconds=2, tone_hz=440)

    probe = probe_file(path, limits=Limits())

    assert (probe.kind, probe.video_codec, probe.audio_codec) == (MediaKind.VIDEO, "h264", "aac")
    assert (probe.width, probe.height, probe.bit_depth, probe.fps_from_header) == (320, 240, 8, 25.0)
    assert (probe.sample_rate_hz, probe.channels) == (44_100, 1)
    assert probe.duration_seconds == pytest.approx(2.0, abs=0.05)
    assert (probe.video_streams, probe.audio_streams, probe.frames_from_header) == (1, 1, 50)


def test_a_matroska_file_with_sound_alone_is_audio(tmp_path):
    path = clips.write_sound(tmp_path / "sound.mkv", codec="flac")

    assert probe_file(path, limits=Limits()).kind is MediaKind.AUDIO


def test_a_cover_picture_makes_no_video(media_dir):
    probe = probe_file(media_dir / "video" / "fmt_mp3_cover_only_audio.mp3", limits=Limits())

    assert (probe.kind, probe.width, probe.video_streams) == (MediaKind.AUDIO, None, 0)


def test_of_several_streams_the_default_one_is_read_and_all_are_counted(media_dir):
    probe = probe_file(media_dir / "video" / "fmt_nasa_multi_stream.mp4", limits=Limits())

    assert (probe.video_streams, probe.audio_streams) == (2, 2)
    assert (probe.width, probe.height) == (480, 270)  # ffprobe: stream 3 is the default one, 480x270


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("video/derived_rotated90_lp_d18.mp4", {"rotation_degrees": 270, "width": 480}),
        ("video/derived_vfr_lp_d18.mp4", {"kind": MediaKind.VIDEO, "audio_codec": "aac"}),
        ("video/derived_noaudio_lp_d18.mp4", {"audio_codec": None, "video_codec": "h264"}),
        ("video/derived_webm_hdtf_aoc.webm", {"video_codec": "vp9", "audio_codec": "opus"}),
        ("video/fmt_h264_10bit.mp4", {"bit_depth": 10, "width": 200}),
        ("video/intel_asl_book.mkv", {"video_codec": "h264", "width": 640}),
        (
            "video/intel_person_bicycle_car.gif",
            {"kind": MediaKind.VIDEO, "width": 480, "frames_from_header": 41},
        ),
        ("audio/derived_hdtf_aoc_audio_only.m4a", {"kind": MediaKind.AUDIO, "audio_codec": "aac"}),
        ("image/exif_iphone_IMG_5195.HEIC", {"kind": MediaKind.IMAGE, "container": "heif"}),
        ("image/exif_orientation_6.jpg", {"width": 450, "height": 600, "rotation_degrees": 90}),
        ("corrupt/derived_jpg_named.mp4", {"kind": MediaKind.IMAGE, "container": "jpeg"}),
    ],
)
def test_real_files_are_what_they_are(media_dir, name, expected):
    probe = probe_file(media_dir / name, limits=Limits())

    assert {field: getattr(probe, field) for field in expected} == expected


def test_who_probes_loads_no_decoder(tmp_path):
    path = clips.write_video(tmp_path / "clip.mp4", seconds=0.2)
    program = (
        "import json, pathlib, sys; from analysis.engine.media.probe_child import probe_file\n"
        "from analysis.engine.media.limits import Limits\n"
        "from analysis.engine.media.sniff import sniff\n"
        "probe_file(pathlib.Path(sys.argv[1]), limits=Limits())\n"
        "print(json.dumps([m for m in ('av', 'cv2', 'torch', 'numpy', 'PIL', 'django') if m in sys.modules]))"
    )

    said = subprocess.run(
        [sys.executable, "-c", program, str(path)], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert json.loads(said.stdout) == []


def test_the_facts_of_a_container_name_brands_streams_and_tags(tmp_path):
    path = clips.write_video(tmp_path / "clip.mp4", seconds=1, tone_hz=440, tags={"title": "x" * 5_000})

    with open_media(path, limits=Limits(), sampling=Sampling(), wants=frozenset()) as reader:
        facts = reader.facts()

    container = facts.facts["container"]
    assert facts.encoded is None
    assert "isom" in container["brands"]
    assert [stream["codec"] for stream in container["streams"]] == ["h264", "aac"]
    assert container["tags"]["title"] == "x" * 1_000
    assert facts.facts["probe"]["kind"] == "video"


def test_a_still_picture_hands_on_its_encoded_bytes_up_to_the_limit(tmp_path):
    path = clips.write_image(tmp_path / "still.jpg")
    size_bytes = path.stat().st_size

    def encoded(most: int) -> bytes | None:
        limits = Limits(encoded_bytes=most)
        with open_media(path, limits=limits, sampling=Sampling(), wants=frozenset({Consumes.FILE})) as reader:
            return reader.facts().encoded

    assert encoded(size_bytes) == path.read_bytes()
    assert encoded(size_bytes - 1) is None


def test_an_image_named_like_a_video_is_an_image(tmp_path):
    path = tmp_path / "holiday.mp4"
    Image.new("RGB", (30, 20)).save(path, "PNG")

    assert probe_file(path, limits=Limits()).kind is MediaKind.IMAGE
