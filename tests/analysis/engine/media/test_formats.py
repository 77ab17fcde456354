"""Every format that Assay names comes back as what was drawn into it."""

import numpy as np
import pytest

from analysis.engine.types import MediaKind
from tests import clips

VIDEOS = [
    ("clip.mp4", {"codec": "libx264", "sound_codec": "aac"}),
    ("clip.mov", {"codec": "libx264", "sound_codec": "aac"}),
    ("clip.mkv", {"codec": "libx264", "sound_codec": "aac"}),
    ("clip.webm", {"codec": "libvpx-vp9", "sound_codec": "libopus", "sound_rate_hz": 48_000}),
    ("clip.avi", {"codec": "mpeg4", "sound_codec": "libmp3lame"}),
    ("clip.ts", {"codec": "libx264", "container": "mpegts", "sound_codec": "aac"}),
    ("clip.wmv", {"codec": "wmv2", "container": "asf", "sound_codec": "wmav2"}),
    ("clip.flv", {"codec": "flv", "container": "flv", "sound_codec": "aac"}),
    ("clip.mpg", {"codec": "mpeg2video", "container": "mpeg", "sound_codec": "mp2"}),
    ("clip.3gp", {"codec": "libx264", "container": "3gp", "sound_codec": "aac"}),
    ("hevc.mp4", {"codec": "libx265", "sound_codec": "aac"}),
    ("av1.mp4", {"codec": "libsvtav1", "sound_codec": "aac"}),
]


@pytest.mark.parametrize(("name", "how"), VIDEOS, ids=[name for name, _ in VIDEOS])
def test_a_video_of_any_format_shows_the_square_where_it_was_drawn_and_sounds_the_tone(
    read, tmp_path, name, how
):
    path = clips.write_video(tmp_path / name, tone_hz=440, **how)

    found = read(path)

    assert found.probe.kind is MediaKind.VIDEO
    assert (found.probe.width, found.probe.height) == (320, 240)
    assert len(found.frames) == 50
    # atol: AVI keeps no timestamps, and its muxer counts the encoder's delay as one frame
    np.testing.assert_allclose(found.times, np.arange(50) / 25, atol=0.041)
    squares = [clips.find_square(frame.rgb) for frame in found.frames]
    np.testing.assert_allclose(squares, [(4 * n % 288, 24) for n in range(50)], atol=1.5)  # lossy edges
    assert abs(clips.pitch_hz(found.samples[4_000:20_000]) - 440) <= 1
    assert 1.9 <= len(found.samples) / 16_000 <= 2.15
    assert found.summary.decode_errors == 0


SOUNDS = [
    ("tone.wav", {"codec": "pcm_s16le"}),
    ("float.wav", {"codec": "pcm_f32le"}),
    ("tone.mp3", {"codec": "libmp3lame"}),
    ("tone.flac", {"codec": "flac"}),
    ("tone.m4a", {"codec": "aac"}),
    ("tone.mp4", {"codec": "aac"}),
    ("tone.aac", {"codec": "aac", "container": "adts"}),
    ("tone.ogg", {"codec": "libopus", "rate_hz": 48_000}),
    ("tone.mka", {"codec": "libopus", "rate_hz": 48_000, "container": "matroska"}),
    ("tone.wma", {"codec": "wmav2", "container": "asf"}),
    ("tone.amr", {"codec": "libopencore_amrnb", "rate_hz": 8_000}),
]


@pytest.mark.parametrize(("name", "how"), SOUNDS, ids=[name for name, _ in SOUNDS])
def test_sound_of_any_format_comes_back_as_16_khz_with_its_pitch_and_length(read, tmp_path, name, how):
    path = clips.write_sound(tmp_path / name, seconds=3.0, **how)

    found = read(path)

    assert found.probe.kind is MediaKind.AUDIO
    assert not found.frames
    assert abs(clips.pitch_hz(found.samples[8_000:40_000]) - 440) <= 0.5
    assert abs(len(found.samples) / 16_000 - 3.0) <= 0.13  # encoders pad to whole frames
    assert 0.4 <= np.abs(found.samples[8_000:40_000]).max() <= 0.6


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "gif", "heic", "avif", "tiff", "bmp"])
def test_a_still_picture_of_any_format_is_one_upright_frame(read, tmp_path, suffix):
    path = clips.write_image(tmp_path / f"still.{suffix}", number=7)

    found = read(path)

    assert found.probe.kind is MediaKind.IMAGE
    assert [frame.rgb.shape for frame in found.frames] == [(240, 320, 3)]
    np.testing.assert_allclose(clips.find_square(found.frames[0].rgb), (28, 24), atol=1)
    assert np.abs(found.frames[0].rgb[200, 300].astype(int) - clips.GROUND).max() <= 4  # lossy


@pytest.mark.parametrize("suffix", ["gif", "webp", "png", "avif"])
def test_an_animated_picture_is_a_video_with_the_times_it_names(read, tmp_path, suffix):
    path = clips.write_animation(tmp_path / f"moving.{suffix}", frames=6, milliseconds=120)

    found = read(path)

    assert found.probe.kind is MediaKind.VIDEO
    assert found.times == [0.0, 0.12, 0.24, 0.36, 0.48, 0.6]
    assert [round(clips.find_square(frame.rgb)[0]) for frame in found.frames] == [0, 4, 8, 12, 16, 20]


@pytest.mark.parametrize("suffix", ["gif", "png"])
def test_an_animated_picture_that_breaks_off_is_damaged_behind_its_last_whole_frame(read, tmp_path, suffix):
    path = clips.write_animation(tmp_path / f"moving.{suffix}", frames=6, milliseconds=120)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 3 // 5])

    found = read(path)

    assert 0 < len(found.frames) < 6
    assert found.summary.decode_errors == 1
